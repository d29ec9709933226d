#include <catch2/catch.hpp>

#include <climits>

#include "runtime/plan/build.hpp"
#include "spec/state.hpp"

using namespace lodger;

namespace {

/// The hooks of a plan, for as long as the object lives.
struct Planned {
  spec::Config config;
  plan::Wishes wishes;
  plan::Memory memory;
  plan::Row row;
  init::Plan plan;
  explicit Planned(spec::Hooks hooks, std::map<std::string, std::string> annotations = {},
                   const char* id = "c1")
      : memory(std::move(plan::Memory::make().value())) {
    config.linux.emplace();
    config.hooks = std::move(hooks);
    config.annotations = std::move(annotations);
    wishes.id = id;
    wishes.bundle = "/b";
    plan::Planning planning{config, wishes, memory, row};
    plan.envp = memory.names({"OF=process"});
    plan::plan_hooks(planning, plan);
  }
  /// What a hook of `hooks` reads when init's pid is `pid`.
  static std::string document(const init::Hooks& hooks, pid_t pid) {
    return std::string(hooks.state_head.data(), hooks.state_head.size()) + std::to_string(pid) +
           std::string(hooks.state_tail.data(), hooks.state_tail.size());
  }
};

std::vector<std::string> list(const init::Name* names) {
  std::vector<std::string> out;
  for (; *names; ++names) out.emplace_back(*names);
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("plan of hooks: the state document is cut at the pid, and whole with any") {
  const Planned planned({.create_container = {{"/h", {}, {}, {}}}, .start_container = {{"/h", {}, {}, {}}}});
  for (const pid_t pid : {1, 42, INT_MAX}) {
    CHECK(Planned::document(planned.plan.create_container, pid) ==
          spec::to_json({"c1", "creating", "/b", pid, {}}));
    CHECK(Planned::document(planned.plan.start_container, pid) ==
          spec::to_json({"c1", "created", "/b", pid, {}}));
  }
}

TEST_CASE("plan of hooks: numbers that look like the pid's place do not lead the cut astray") {
  const std::map<std::string, std::string> annotations = {
      {"\"pid\":2147483647", "\"pid\":2147483647"}, {"a", "2147483647"}, {"pid", "2147483647"}};
  const Planned planned({.create_container = {{"/h", {}, {}, {}}}}, annotations, "2147483647");
  CHECK(Planned::document(planned.plan.create_container, 7) ==
        spec::to_json({"2147483647", "creating", "/b", 7, annotations}));
}

TEST_CASE("plan of hooks: arguments as given, or the path alone; the environment as given") {
  const Planned planned(
      {.create_container = {{"/one", {"zero", "first"}, {{"A=1", "B=2"}}, {}}, {"/two", {}, {}, {}}}});
  const auto hooks = planned.plan.create_container.hooks;
  REQUIRE(hooks.size() == 2);
  CHECK(std::string(hooks[0].path) == "/one");
  CHECK(list(hooks[0].argv) == Texts{"zero", "first"});
  CHECK(list(hooks[0].envp) == Texts{"A=1", "B=2"});
  CHECK(list(hooks[1].argv) == Texts{"/two"});
  CHECK(list(hooks[1].envp) == Texts{});
}

TEST_CASE("plan of hooks: startContainer has the process's environment where its own is left out") {
  const Planned planned({.create_container = {{"/h", {}, std::nullopt, {}}},
                         .start_container = {{"/h", {}, std::nullopt, {}}, {"/h", {}, Texts{}, {}}}});
  CHECK(list(planned.plan.create_container.hooks[0].envp) == Texts{});
  CHECK(list(planned.plan.start_container.hooks[0].envp) == Texts{"OF=process"});
  CHECK(list(planned.plan.start_container.hooks[1].envp) == Texts{});
}

TEST_CASE("plan of hooks: seconds become milliseconds up to the longest, and none is for ever") {
  const Planned planned(
      {.start_container = {
           {"/h", {}, {}, {}}, {"/h", {}, {}, 1}, {"/h", {}, {}, 4294968}, {"/h", {}, {}, INT_MAX}}});
  const auto hooks = planned.plan.start_container.hooks;
  REQUIRE(hooks.size() == 4);
  CHECK(hooks[0].timeout_ms == -1);
  CHECK(hooks[1].timeout_ms == 1000);
  CHECK(hooks[2].timeout_ms == 4'294'968'000);
  CHECK(hooks[3].timeout_ms == 2'147'483'647'000);
}

TEST_CASE("plan of hooks: without hooks there is no document") {
  const Planned planned({.prestart = {{"/h", {}, {}, {}}}, .poststop = {{"/h", {}, {}, {}}}});
  for (const auto* kind : {&planned.plan.create_container, &planned.plan.start_container}) {
    CHECK(kind->hooks.empty());
    CHECK(kind->state_head.empty());
    CHECK(kind->state_tail.empty());
  }
}
