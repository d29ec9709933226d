// A shim ends also where nobody asks it to: containerd was killed, or sends no Shutdown.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <stdio.h>

#include <filesystem>

#include "../support/census.hpp"
#include "../support/needs.hpp"
#include "caller.hpp"
#include "tests/support/files.hpp"

using namespace lodger::test;
using wire::Code;

namespace {

Edit with_hook(const char* kind, const nlohmann::json& hook) {
  return [=](nlohmann::json& config) { config["hooks"][kind] = nlohmann::json::array({hook}); };
}

void end_container(Shim& shim) {
  REQUIRE(shim.kill(SIGKILL));
  REQUIRE(shim.wait());
  REQUIRE(shim.remove());
}

}  // namespace

TEST_CASE("shim abandoned: it ends with its bundle while it has no container, and nobody is connected") {
  NEEDS_ROOT();
  const Place place;
  const Bundle kept(words("/bin/true")), connected(words("/bin/true")), used(words("/bin/sleep 1000"));
  const Bundle removed(words("/bin/true")), renamed(words("/bin/true"));
  Shim with_bundle(kept, place, "c1"), with_peer(connected, place, "c2"), with_container(used, place, "c3");
  with_container.run();
  Shim first(removed, place, "c4"), second(renamed, place, "c5");
  with_bundle.disconnect();
  with_container.disconnect();
  std::filesystem::remove_all(connected.path());
  REQUIRE(::rename(used.path().c_str(), place.path("used").c_str()) == 0);
  std::filesystem::remove_all(removed.path());
  first.disconnect();
  // as containerd does before it removes it
  REQUIRE(::rename(renamed.path().c_str(), place.path("renamed").c_str()) == 0);
  second.disconnect();
  first.await_end();
  second.await_end();
  CHECK(!support::exists(first.socket()));
  CHECK(!support::exists(second.socket()));
  with_bundle.reconnect();
  with_container.reconnect();
  CHECK(with_bundle.state().error().code == Code::not_found);
  CHECK(with_peer.state().error().code == Code::not_found);
  CHECK(with_container.state()->status == wire::TaskStatus::running);
}

TEST_CASE("shim abandoned: a pod's first container goes before the second, whose end brings no Shutdown") {
  NEEDS_ROOT();
  PodOfTwo pod;
  auto& [first, second, place, one, two] = pod;
  one.run();
  two.run();
  end_container(one);
  one.shut_down();
  one.disconnect();
  std::filesystem::remove_all(first.path());
  CHECK(two.state()->status == wire::TaskStatus::running);
  end_container(two);
  two.disconnect();
  two.await_end();
  CHECK(!support::exists(two.socket()));
}

TEST_CASE("shim abandoned: the next containerd has found a container that its Delete was at work on") {
  NEEDS_ROOT();
  const Place place;
  const Bundle bundle(words("/bin/sleep 1000"), with_hook("poststop", waiting_hook(place.path("go"))));
  Shim shim(bundle, place);
  shim.run();
  REQUIRE(shim.kill(SIGKILL));
  REQUIRE(shim.wait());
  (void)shim.send("Delete", wire::encode(wire::ProcessRequest{"c1", ""}));
  shim.reconnect();
  CHECK(shim.call<wire::ConnectResponse>("Connect", wire::ContainerRequest{"c1"}));
  support::write_file(place.path("go"), "");
  shim.await_end();
  CHECK(traces_of(bundle.name()).empty());
}

TEST_CASE("shim abandoned: who wanted a container has gone when making it fails") {
  NEEDS_ROOT();
  const Place place;
  const Bundle bundle(words("/bin/true"),
                      with_hook("createRuntime", waiting_hook(place.path("go"), "exit 1")));
  Shim shim(bundle, place);
  (void)shim.send("Create", wire::encode(shim.create_request()));
  shim.reconnect();
  // to whoever comes it is none: it is removed then
  CHECK(shim.call<wire::ConnectResponse>("Connect", wire::ContainerRequest{"c1"}).error().code ==
        Code::not_found);
  support::write_file(place.path("go"), "");
  shim.await_end();
  CHECK(traces_of(bundle.name()).empty());
}
