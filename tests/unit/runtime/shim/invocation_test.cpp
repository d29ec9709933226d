#include "runtime/shim/invocation.hpp"

#include <catch2/catch.hpp>

#include <cstring>

using namespace lodger::shim;
using Action = Invocation::Action;

namespace {

const char* environment(const char* name) {
  if (std::strcmp(name, "TTRPC_ADDRESS") == 0) return "unix:///run/c.sock.ttrpc";
  if (std::strcmp(name, "GRPC_ADDRESS") == 0) return "/run/other.sock";
  return nullptr;
}

auto parse(std::vector<std::string_view> words) { return parse_invocation(words, environment); }

}  // namespace

TEST_CASE("invocation: as containerd 1.6 to 2.3 call") {
  const auto start = parse({"-namespace", "k8s.io", "-address", "unix:///run/c.sock", "-publish-binary",
                            "/usr/bin/containerd", "-id", "abc", "-debug", "start"});
  REQUIRE(start);
  CHECK(start->action == Action::start);
  CHECK(start->name_space == "k8s.io");
  CHECK(start->id == "abc");
  CHECK(start->debug);
  CHECK(start->grpc_address == "/run/c.sock");
  CHECK(start->ttrpc_address == "/run/c.sock.ttrpc");

  const auto remove = parse({"-namespace", "default", "-address", "", "-publish-binary", "", "-id", "x",
                             "-bundle", "/b", "delete"});
  REQUIRE(remove);
  CHECK(remove->action == Action::remove);
  CHECK(remove->bundle == "/b");
  CHECK(remove->grpc_address == "/run/other.sock");
}

TEST_CASE("invocation: questions need neither a container nor an action") {
  CHECK(parse({"-info"})->action == Action::info);
  CHECK(parse({"-v"})->action == Action::version);
  CHECK(parse({"--version"})->action == Action::version);
}

TEST_CASE("invocation: names that would lead elsewhere, and calls that are none") {
  CHECK(!parse({"-namespace", "../x", "-id", "a", "start"}));
  CHECK(!parse({"-namespace", "", "-id", "a", "start"}));
  CHECK(!parse({"-namespace", "n", "-id", "a/b", "start"}));
  CHECK(!parse({"-namespace", "n", "start"}));
  CHECK(!parse({"-namespace", "n", "-id", "a"}));
  CHECK(!parse({"-namespace", "n", "-id", "a", "start", "delete"}));
  CHECK(!parse({"-namespace", "n", "-id", "a", "-unknown", "start"}));
}
