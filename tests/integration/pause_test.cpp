// Pause and resume, as runc has them; the freezer: cgroup-v1/freezer-subsystem.rst, cgroup-v2.rst.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// A container whose process writes without end, so that its standing still shows.
struct Counting {
  Bundle bundle{std::vector<std::string>{"/bin/sh", "-c", "while :; do echo x; sleep 0.01; done"}};
  Container container{bundle};
  Counting() {
    container.create();
    container.start();
    container.wait_for_output("x");
  }
  bool writes() {
    const auto before = container.output().size();
    return eventually([&] { return container.output().size() > before; }, std::chrono::milliseconds(500));
  }
};

}  // namespace

TEST_CASE("pause: all stands still, state and list say paused; resume lets it go on", "[pause]") {
  NEEDS_ROOT();
  Counting it;
  auto& container = it.container;
  REQUIRE(container.call({"pause", container.id()}).status == 0);
  CHECK(container.status() == "paused");
  CHECK(json::parse(container.call({"list", "-f", "json"}).out).at(0).at("status") == "paused");
  support::pause_briefly();
  CHECK_FALSE(it.writes());
  REQUIRE(container.call({"resume", container.id()}).status == 0);
  CHECK(container.status() == "running");
  CHECK(it.writes());
}

TEST_CASE("pause: only what runs can be paused, only what is paused can go on", "[pause]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  const auto says = [&](const char* command, const std::string& text) {
    const auto done = container.call({command, container.id()});
    INFO(command << ": " << done.err);
    CHECK(done.status == 1);
    CHECK_THAT(done.err, Catch::Contains(text));
  };
  says("pause", "does not exist");
  says("resume", "does not exist");
  container.create();
  container.start();
  says("resume", "container not paused");
  REQUIRE(container.call({"pause", container.id()}).status == 0);
  says("pause", "container not running");
  says("delete", "paused");
  REQUIRE(container.call({"resume", container.id()}).status == 0);
  REQUIRE(container.call({"kill", container.id(), "KILL"}).status == 0);
  container.wait_for("stopped");
  says("pause", "container not running");
  says("resume", "container not paused");
}

TEST_CASE("pause: a created container is created again after resume", "[pause]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  REQUIRE(container.call({"pause", container.id()}).status == 0);
  CHECK(container.status() == "paused");
  CHECK(container.call({"start", container.id()}).status != 0);
  REQUIRE(container.call({"resume", container.id()}).status == 0);
  CHECK(container.status() == "created");
  container.start();
  CHECK(container.status() == "running");
}

TEST_CASE("pause: a paused container dies of kill KILL and of delete --force", "[pause]") {
  NEEDS_ROOT();
  const auto command = GENERATE(as<std::string>{}, "kill", "delete");
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  container.start();
  REQUIRE(container.call({"pause", container.id()}).status == 0);
  if (command == "kill") {
    CHECK(container.call({"kill", container.id(), "KILL"}).status == 0);
    container.wait_for("stopped");
  }
  CHECK(container.remove().status == 0);
}

TEST_CASE("pause: one that a parent's freezer holds is not paused itself; kill does not wait for that parent",
          "[pause]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) {
    std::string path = config["linux"]["cgroupsPath"];
    config["linux"]["cgroupsPath"] = path + "/below";
  });
  const std::string parent = v2() ? unified_folder(bundle) : folder(bundle, "freezer");
  NEEDS(!parent.empty(), "no freezer");
  Container container(bundle);
  container.create();
  container.start();
  const auto set = [&](const char* v1, const char* v2_word) {
    write_file(parent + (v2() ? "/cgroup.freeze" : "/freezer.state"), v2() ? v2_word : v1);
  };
  set("FROZEN", "1");
  CHECK(container.status() == "running");
  const auto resumed = container.call({"resume", container.id()});
  CHECK_THAT(resumed.err, Catch::Contains("container not paused"));
  const auto killed = container.call({"kill", container.id(), "KILL"});
  INFO(killed.err);
  CHECK(killed.status == 0);
  set("THAWED", "0");
  container.wait_for("stopped");
  CHECK(container.remove().status == 0);
}

TEST_CASE("pause: a container without a cgroup of its own has no freezer", "[pause]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "the text is lodger's own");
  const Bundle bundle("hold", [](json& config) { config["linux"].erase("resources"); });
  Container container(bundle);
  const auto made =
      container.call({"--cgroup-manager", "disabled", "create", "--bundle", bundle.path(), container.id()});
  INFO(made.err);
  REQUIRE(made.status == 0);
  const auto done = container.call({"pause", container.id()});
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("no cgroup of its own"));
  CHECK(container.status() == "created");
}
