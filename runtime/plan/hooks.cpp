// Hooks that init runs, and the state document that it hands them.
#include <limits>

#include "runtime/plan/build.hpp"
#include "spec/state.hpp"

namespace lodger::plan {
namespace {

/// `inherited`: the environment of a hook whose configuration says nothing of one.
init::Hook plan_hook(Memory& memory, const spec::Hook& hook, const init::Name* inherited) {
  init::Hook planned;
  planned.path = memory.text(hook.path);
  planned.argv = memory.names(hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args);
  planned.envp =
      hook.env || !inherited ? memory.names(hook.env.value_or(std::vector<std::string>{})) : inherited;
  planned.timeout_ms = hook.timeout ? *hook.timeout * 1000L : -1;
  return planned;
}

init::Hooks plan_kind(Planning& planning, const std::vector<spec::Hook>& hooks, const char* status,
                      const init::Name* inherited) {
  init::Hooks planned;
  if (hooks.empty()) return planned;
  std::vector<init::Hook> list;
  list.reserve(hooks.size());
  for (const auto& hook : hooks) list.push_back(plan_hook(planning.memory, hook, inherited));
  planned.hooks = planning.memory.copy(list);
  // Only init knows its pid as the container sees it, so the document is cut open at that place.
  constexpr pid_t place = std::numeric_limits<pid_t>::max();
  const std::string document =
      spec::to_json({planning.wishes.id, status, planning.wishes.bundle, place, planning.config.annotations});
  const std::string key = "\"pid\":";
  const auto at = document.find(key + std::to_string(place)) + key.size();
  planned.state_head = planning.memory.bytes(document.substr(0, at));
  planned.state_tail = planning.memory.bytes(document.substr(at + std::to_string(place).size()));
  return planned;
}

}  // namespace

void plan_hooks(Planning& planning, init::Plan& plan) {
  plan.create_container = plan_kind(planning, planning.config.hooks.create_container, "creating", nullptr);
  // In the container, as its user, with its program files: so with its process's environment, too, as with
  // runc.
  plan.start_container = plan_kind(planning, planning.config.hooks.start_container, "created", plan.envp);
}

}  // namespace lodger::plan
