// lodger itself, killed at any point: another one finds all that it has left.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <stdlib.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/orphanage.hpp"
#include "support/tracer.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// Whether the command was killed before its end, at its `count`th system call.
bool kill_at(const Container& container, std::vector<std::string> command, unsigned count) {
  command.insert(command.begin(), {runtime_path(), "--root", container.root()});
  return killed_at(command, count);
}

struct Scene {
  explicit Scene(const Edit& edit = {}) : bundle("hold", edit) {}
  Bundle bundle;
  Orphanage orphans;
};

using Prepare = std::function<void(Container&)>;
using Command = std::function<std::vector<std::string>(const Container&)>;
using Look = std::function<void(Container&)>;

/// Kills the command in container after container, further on in each, until it comes to its end.
void kill_everywhere(const Scene& scene, unsigned usual, unsigned least, const Prepare& prepare,
                     const Command& command, const Look& look = {}) {
  unsigned count = 0;
  for (bool killed = true; killed; count += kill_step(usual)) {
    CAPTURE(count);
    Container container(scene.bundle);
    prepare(container);
    killed = kill_at(container, command(container), count);
    if (look) look(container);
    const auto removed = container.remove();
    INFO(removed.summary());
    CHECK(removed.status == 0);
    // First, since it reaps them: the first process of a pid namespace goes behind the others of it.
    CHECK(scene.orphans.empty());
    CHECK(container.leftovers() == std::vector<std::string>{});
  }
  CHECK(count > least);  // it was really followed
}

void nothing(Container&) {}
void create(Container& container) { container.create(); }
void run(Container& container) {
  container.create();
  container.start();
}

}  // namespace

TEST_CASE("killed: create and run, at any system call", "[killed]") {
  NEEDS_ROOT();
  NEEDS(Tracer::allowed(), "no tracing here");
  const std::string command = GENERATE("create", "run");
  const bool own_namespace = GENERATE(true, false);
  CAPTURE(command, own_namespace);
  const Scene scene([&](json& config) {
    if (!own_namespace) config["linux"]["namespaces"].erase(0);  // the pid namespace
  });
  kill_everywhere(scene, 7, 100, nothing, [&](const Container& container) {
    return container.making(command.c_str(), command == "run" ? std::vector<std::string>{"--detach"}
                                                              : std::vector<std::string>{});
  });
}

TEST_CASE("killed: start, at any system call", "[killed]") {
  NEEDS_ROOT();
  NEEDS(Tracer::allowed(), "no tracing here");
  const Scene scene;
  kill_everywhere(
      scene, 5, 20, create,
      [](const Container& container) {
        return std::vector<std::string>{"start", container.id()};
      },
      [](Container& container) { CHECK_THAT(container.status(), !Catch::Contains("creating")); });
}

TEST_CASE("killed: exec, at any system call, and the container goes on", "[killed]") {
  NEEDS_ROOT();
  NEEDS(Tracer::allowed(), "no tracing here");
  const Scene scene;
  kill_everywhere(
      scene, 11, 80, run,
      [](const Container& container) {
        return std::vector<std::string>{"exec", "--detach", container.id(), "/bin/sleep", "1000"};
      },
      [](Container& container) {
        CHECK(container.status() == "running");
        CHECK(container.call({"exec", container.id(), "/bin/true"}).status == 0);
      });
}

TEST_CASE("killed: delete, at any system call", "[killed]") {
  NEEDS_ROOT();
  NEEDS(Tracer::allowed(), "no tracing here");
  const Scene scene;
  kill_everywhere(scene, 5, 30, run, [](const Container& container) {
    return std::vector<std::string>{"delete", "--force", container.id()};
  });
}
