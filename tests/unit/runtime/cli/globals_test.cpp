#include "runtime/cli/globals.hpp"

#include <catch2/catch.hpp>

#include "runtime/cli/creation.hpp"
#include "runtime/container/store.hpp"

using namespace lodger;
using namespace lodger::cli;

namespace {

using List = std::vector<std::string_view>;

struct Parsed {
  Globals globals;
  List rest;
};

Outcome<Parsed> parsed(List words) {
  Parsed out;
  out.rest = TRY(parse(words, global_flags(out.globals), Order::first)).words;
  TRY(settle(out.globals));
  return out;
}

container::CreateRequest request_of(List words) {
  container::CreateRequest request;
  take_globals(parsed(std::move(words))->globals, request);
  return request;
}

}  // namespace

TEST_CASE("the command lines that engines build") {
  const auto containerd = parsed({"--root", "/run/x/moby", "--log", "/b/log.json", "--log-format", "json",
                                  "--systemd-cgroup", "create", "--bundle", "/b", "id"});
  REQUIRE(containerd);
  CHECK(containerd->globals.root == "/run/x/moby");
  CHECK(containerd->globals.log_path == "/b/log.json");
  CHECK(containerd->globals.log_format == "json");
  CHECK(containerd->globals.systemd_cgroup);
  CHECK(containerd->rest == List{"create", "--bundle", "/b", "id"});

  const auto podman =
      parsed({"--log-format=json", "--log=/x", "--cgroup-manager", "cgroupfs", "start", "id"});
  REQUIRE(podman);
  CHECK_FALSE(podman->globals.systemd_cgroup);
  CHECK(podman->rest == List{"start", "id"});

  const auto twice =
      parsed({"--root=/a", "--systemd-cgroup", "--root=/b", "--systemd-cgroup", "--rootless=true",
              "--rootless", "auto", "--log-level", "warning", "--criu", "/usr/sbin/criu", "list"});
  REQUIRE(twice);
  CHECK(twice->globals.root == "/b");
  CHECK(twice->globals.rootless == "auto");
  CHECK(twice->rest == List{"list"});
}

TEST_CASE("wrong values are refused by name") {
  CHECK(parsed({"--log-format", "foo"}).error().text ==
        "invalid log-format: foo: wanted is one of text, json");
  CHECK_FALSE(parsed({"--log-level", "loud"}));
  CHECK_FALSE(parsed({"--rootless=perhaps"}));
  CHECK_FALSE(parsed({"--cgroup-manager", "other"}));
}

TEST_CASE("the root is absolute") {
  CHECK(parsed({})->globals.root == container::Store::default_root());
  const auto relative = parsed({"--root", "x/y"});
  CHECK(relative->globals.root.front() == '/');
  CHECK(relative->globals.root.ends_with("/x/y"));
}

TEST_CASE("an empty --root or --network is no default") {
  cli::Globals globals;
  for (const List& words : {List{"--root="}, List{"--root", ""}}) {
    const auto refused = parse(words, global_flags(globals), Order::first);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text == "flag --root: its value is empty");
  }
  container::CreateRequest request;
  const List empty = {"--network="};
  CHECK(parse(empty, creation_flags(request), Order::anywhere).error().text ==
        "flag --network: its value is empty");
}

TEST_CASE("how much is logged") {
  CHECK(log_for(parsed({})->globals).most == Level::info);
  CHECK(log_for(parsed({"--debug"})->globals).most == Level::debug);
  CHECK(log_for(parsed({"--log-level", "error"})->globals).most == Level::error);
  CHECK(log_for(parsed({"--log-level=error", "--debug"})->globals).most == Level::debug);
  CHECK(log_for(parsed({"--log-format", "json"})->globals).json);
}

TEST_CASE("the cgroup manager is handed on to where a container is made") {
  CHECK_FALSE(request_of({}).systemd_cgroup);
  CHECK_FALSE(request_of({"--cgroup-manager", "cgroupfs"}).systemd_cgroup);
  CHECK(request_of({"--systemd-cgroup"}).systemd_cgroup);
  CHECK(request_of({"--cgroup-manager=systemd"}).systemd_cgroup);
  CHECK(request_of({"--cgroup-manager=disabled"}).no_cgroup);
}

TEST_CASE("--rootless reaches the request, and auto leaves it open") {
  CHECK_FALSE(request_of({"--rootless=auto"}).rootless);
  CHECK(request_of({"--rootless=false"}).rootless == false);
  CHECK(request_of({"--rootless=true"}).rootless == true);
}

TEST_CASE("the flags of create reach the request") {
  container::CreateRequest request;
  const List words = {"--bundle",
                      "/b",
                      "--console-socket=/c",
                      "--pidfd-socket",
                      "/p",
                      "--pid-file",
                      "/f",
                      "--no-pivot",
                      "--no-new-keyring",
                      "--preserve-fds",
                      "2",
                      "--net",
                      "host",
                      "-p",
                      "80:80",
                      "--publish",
                      "53:53/udp",
                      "-P",
                      "id"};
  const auto flags = creation_flags(request);
  CHECK(parse(words, flags, Order::anywhere)->words == List{"id"});
  CHECK(request.bundle == "/b");
  CHECK(request.console_socket == "/c");
  CHECK(request.pidfd_socket == "/p");
  CHECK(request.pid_file == "/f");
  CHECK(request.no_pivot);
  CHECK(request.no_new_keyring);
  CHECK(request.preserve_fds == 2);
  CHECK(request.network == "host");
  CHECK(request.publish == std::vector<std::string>{"80:80", "53:53/udp"});
  CHECK(request.publish_all);
}
