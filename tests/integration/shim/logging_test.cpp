// How long a program that logs is given: it has its streams' end, then SIGTERM, then SIGKILL.
#include <catch2/catch.hpp>
#include <signal.h>
#include <unistd.h>

#include "../support/census.hpp"
#include "../support/needs.hpp"
#include "caller.hpp"
#include "tests/support/files.hpp"

using namespace lodger::test;

namespace {

/// A program that leaves its number in the file "logger" and then runs these lines.
std::string logger(const Place& place, const std::string& lines) {
  support::write_file(place.path("log-it"), "#!/bin/sh\necho $$ > " + place.path("logger") + "\n" + lines,
                      0755);
  return "binary://" + place.path("log-it");
}

pid_t logger_of(const Place& place) { return std::stoi(support::read_file(place.path("logger"))); }

/// It reads its output's stream to the end, slowly, and drops what it has not written when it gets SIGTERM.
std::string slow_logger(const Place& place) {
  return logger(place, "exec 4<&-\nexec 5>&-\ntext=$(cat <&3)\nsleep 2\necho \"$text\" > " +
                           place.path("logged") + "\n");
}

}  // namespace

TEST_CASE("shim logging: a program that is slow has all of the output, whatever becomes of the shim") {
  NEEDS_ROOT();
  const Bundle bundle(shell("echo one; echo two"));
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim shim(bundle, place);
  REQUIRE(shim.create(slow_logger(place)));
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
  CHECK(shim.remove());
  shim.shut_down();
  // nobody has to wait for it: another shim may take the place at once
  CHECK(support::eventually([&] { return !support::exists(shim.socket()); }));
  CHECK(!support::exists(place.path("logged")));
  shim.await_end();
  CHECK(support::read_file(place.path("logged")) == "one\ntwo\n");
}

TEST_CASE("shim logging: a shim that is asked to end by a signal leaves it to its work") {
  NEEDS_ROOT();
  const Bundle bundle(shell("echo one; while [ ! -e /go ]; do sleep 0.05; done; echo two; exec sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  const auto created = shim.create(slow_logger(place));
  REQUIRE(created);
  REQUIRE(shim.start());
  ::kill(shim.pid(), SIGTERM);
  shim.await_end();
  const pid_t program = logger_of(place);
  CHECK(!is_gone(program));
  support::write_file(bundle.rootfs("/go"), "");
  const std::string name = "/proc/" + std::to_string(created->pid) + "/comm";
  REQUIRE(support::eventually([&] { return support::read_file(name) == "sleep\n"; }));  // it has said two
  CHECK(shim.delete_by_call().exit_status == 128 + SIGKILL);
  CHECK(support::eventually([&] { return is_gone(program); }));
  CHECK(support::read_file(place.path("logged")) == "one\ntwo\n");
}

TEST_CASE("shim logging: one that will not end is ended, and with it the shim") {
  NEEDS_ROOT();
  const Bundle bundle(shell("echo one"));
  const Place place;
  Shim shim(bundle, place);
  const auto name = logger(place, "trap 'echo asked >> " + place.path("asked") +
                                      "' TERM\nexec 5>&-\nwhile true; do sleep 0.1; done\n");
  REQUIRE(shim.create(name));
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
  CHECK(shim.remove());
  shim.shut_down();
  shim.await_end(std::chrono::seconds(20));
  CHECK(support::eventually([&] { return is_gone(logger_of(place)); }));
  CHECK(support::read_file(place.path("asked")) == "asked\n");
}

TEST_CASE("shim logging: one whose container cannot be made is killed at once") {
  NEEDS_ROOT();
  const Bundle bundle(words("/no/such/program"));
  const Place place;
  Shim shim(bundle, place);
  REQUIRE(!shim.create(logger(place, "trap '' TERM\nexec 5>&-\nwhile true; do sleep 0.1; done\n")));
  // far below the twelve seconds that one has whose container was there
  CHECK(support::eventually([&] { return is_gone(logger_of(place)); }, std::chrono::seconds(6)));
}
