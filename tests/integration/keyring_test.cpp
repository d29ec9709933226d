// The session keyring, which no specification names: keyrings(7), session-keyring(7), runc's
// --no-new-keyring.
#include <catch2/catch.hpp>
#include <linux/keyctl.h>
#include <nlohmann/json.hpp>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// A session keyring of this test program's own, which every program that it starts inherits, with a key in
/// it. False where there are no keyrings.
bool hold_a_key() {
  static const bool held =
      syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0 &&
      syscall(SYS_add_key, "user", "lodger-outside", "secret", 6, KEY_SPEC_SESSION_KEYRING) >= 0;
  return held;
}

#define NEEDS_KEYRINGS() \
  NEEDS_ROOT();          \
  NEEDS(hold_a_key(), "needs keyrings")

const std::string missing = std::to_string(ENOKEY);

}  // namespace

TEST_CASE("keyring: the caller's keys stay outside, and the container has a place for its own", "[keyring]") {
  NEEDS_KEYRINGS();
  const int user = GENERATE(0, 1000);
  const Facts facts = inside("keyring", [&](json& config) {
    config["process"]["user"] = {{"uid", user}, {"gid", user}};
  });
  CHECK(facts["keyring.outside.errno"] == missing);
  CHECK(facts["keyring.add.errno"] == "0");
  CHECK(facts["keyring.find.errno"] == "0");
}

TEST_CASE("keyring: in a user namespace", "[keyring]") {
  NEEDS_KEYRINGS();
  const Facts facts = inside("keyring", [](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "user"}});
    for (const char* map : {"uidMappings", "gidMappings"})
      config["linux"][map] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
  });
  CHECK(facts["keyring.outside.errno"] == missing);
  CHECK(facts["keyring.find.errno"] == "0");
}

TEST_CASE("keyring: --no-new-keyring keeps the caller's", "[keyring]") {
  NEEDS_KEYRINGS();
  CHECK(inside("keyring", {}, {"--no-new-keyring"})["keyring.outside.errno"] == "0");
}

TEST_CASE("keyring: exec has one of its own as well", "[keyring]") {
  NEEDS_KEYRINGS();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  container.start();
  const Finished done = container.call({"exec", container.id(), "/bin/probe", "keyring"});
  INFO(done.err);
  CHECK(Facts(done.out)["keyring.outside.errno"] == missing);
}

TEST_CASE("keyring: a kernel without keyrings is none the worse", "[keyring]") {
  NEEDS_ROOT();
  const Bundle bundle("echo here");
  Container container(bundle);
  std::vector<std::string> command = {probe_path(), "without", std::to_string(SYS_keyctl), runtime_path()};
  for (const auto& word : container.making("run")) command.push_back(word);
  const Finished done = run_command(command);
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK(Facts(done.out)["echo"] == "here");
}
