#include "runtime/launch/launch.hpp"

#include <cstddef>

#include "runtime/hooks/hooks.hpp"
#include "runtime/launch/phrase.hpp"
#include "runtime/launch/scheduling.hpp"

namespace lodger::launch {
namespace {

using init::Event;
using init::Order;

/// Joins, the second clone, id maps: what has to be done together before init goes on by itself.
Outcome<> enter_namespaces(Dialogue& dialogue, Launch& launch) {
  TRY(dialogue.begin(launch.row));
  if (!launch.built.plan->two_clones) return {};
  TRY(dialogue.adopt_second());
  if (launch.built.new_user_namespace)
    TRY(write_id_maps(dialogue.pid(), *launch.config.linux, launch.caller));
  TRY(launch.on_shown(dialogue.pid()));
  return dialogue.order(Order::mapped);
}

/// Beside init's mounting: the limits are in force before anything of the container's runs.
Outcome<> enter_cgroup(Dialogue& dialogue, Launch& launch) {
  if (auto made = launch.cgroup.complete(dialogue.pid()); !made)
    return std::unexpected(dialogue.first_failure(std::move(made).error()));
  TRY(launch.on_cgroup());
  return dialogue.enter_cgroup(TRY(launch.cgroup.entrances()));
}

Outcome<> run_hooks(Dialogue& dialogue, Launch& launch) {
  if (!launch.built.plan->wait_for_hooks) return {};
  TRY(dialogue.expect(Event::mounted));
  launch.state.pid = dialogue.pid();
  launch.state.status = "creating";
  TRY(hooks::run("prestart", launch.config.hooks.prestart, launch.state, launch.interrupt));
  TRY(hooks::run("createRuntime", launch.config.hooks.create_runtime, launch.state, launch.interrupt));
  return dialogue.order(Order::hooks_done);
}

/// Past its filter init may have been unable to say what failed: then it stands in the plan. Whoever got the
/// plan's file from it reads there, be it the maker of the plan or not.
Outcome<> check_executed(const kernel::Fd<kernel::File>& plan_file, const spec::Config& config,
                         const init::Plan* plan) {
  init::Report report{};
  const auto at = offsetof(init::Plan, last_words);
  TRY(explained(kernel::call("pread64", __NR_pread64, plan_file.get(), &report, sizeof report, at),
                "reading what became of the container's init"));
  if (report.code == 0) return {};
  return std::unexpected(phrase(report, config, plan));
}

}  // namespace

Outcome<Launched> launch(Launch& launch) {
  Launched launched{
      TRY(Child::spawn(launch.memory, launch.built, launch.cgroup.birthplace(), launch.streams)), {}};
  Dialogue dialogue(launch.config, launch.built, launched, launch.interrupt);
  TRY(enter_namespaces(dialogue, launch));
  TRY(enter_cgroup(dialogue, launch));
  // What is done to it may fail because it has ended: then that is the reason.
  if (auto made = launch.on_made(dialogue.pid()); !made)
    return std::unexpected(dialogue.first_failure(std::move(made).error()));
  TRY(dialogue.map_trees(launch.row));
  TRY(dialogue.compile_filter(launch.memory));
  TRY(run_hooks(dialogue, launch));
  TRY(dialogue.order(Order::finish));
  TRY(dialogue.expect(Event::ready));
  if (launch.config.process) TRY(set_scheduling(dialogue.pid(), *launch.config.process));
  return launched;
}

Outcome<Launched> be_born(const Joining& joining) {
  const auto affinity = TRY(InitialAffinity::take(*joining.config.process));
  auto child =
      TRY(Child::spawn(joining.memory, joining.built, joining.doors.birthplace.get(), joining.streams));
  // One that is born in another cpuset has that one's processors, not ours: cpuset_fork() of the kernel.
  TRY(set_initial_affinity(child.pid(), *joining.config.process));
  return Launched{std::move(child), {}};
}

Outcome<> join(const Joining& joining, Launched& launched) {
  const auto& process = *joining.config.process;
  Dialogue dialogue(joining.config, joining.built, launched, joining.interrupt);
  TRY(dialogue.begin(joining.row));
  TRY(dialogue.enter_cgroup(joining.doors.tasks));
  TRY(dialogue.compile_filter(joining.memory));
  TRY(dialogue.adopt_second());
  TRY(dialogue.order(Order::mapped));
  TRY(dialogue.order(Order::finish));
  TRY(dialogue.expect(Event::ready));
  TRY(set_final_affinity(dialogue.pid(), process));
  return set_scheduling(dialogue.pid(), process);
}

Outcome<> open_gate(const Opening& opening) {
  const auto& [socket, config, plan, pid, state, interrupt] = opening;
  TRY(explained(send_order(socket, Order::start), "starting the container's process"));
  kernel::Fd<kernel::File> plan_file;
  for (bool executing = false;;) {
    TRY(wait_for_message(socket, interrupt));
    auto message = receive_from(socket);
    if (!message && message.error().code != ECHILD)
      return std::unexpected(explain("listening to the container's init", message.error()));
    // The end of the connection is the exec, since every descriptor of init is closed by it; or its own end.
    if (!message && !executing) return std::unexpected(silent_end());
    if (!message) return plan_file ? check_executed(plan_file, config, plan) : Outcome<>{};
    switch (message->report.event) {
      case Event::failed: return std::unexpected(phrase(message->report, config, plan));
      case Event::executing:
        executing = true;
        plan_file = std::move(message->fd);
        break;
      case Event::listener:
        TRY(hand_over(message->fd, opening));
        TRY(explained(send_order(socket, Order::handed_over), "starting the container's process"));
        break;
      default: return refuse("the container's init spoke out of turn", EPROTO);
    }
  }
}

}  // namespace lodger::launch
