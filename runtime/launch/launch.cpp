#include "runtime/launch/launch.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>

#include "runtime/hooks/hooks.hpp"
#include "runtime/launch/phrase.hpp"
#include "runtime/security/seccomp.hpp"

namespace lodger::launch {
namespace {

using init::Event;
using init::Order;

Failure silent_end() {
  return {
      "the container's init ended without a word: it was killed from outside, or a memory limit is too small",
      ECHILD};
}

/// A launch under way: the child, and what has come from it.
class Progress {
 public:
  Progress(Launch& launch, Launched& launched) : launch_(launch), made_(launched) {}

  Outcome<> order(Order order, std::span<const int> fds = {}) {
    return explained(made_.child.order(order, fds), "talking to the container's init");
  }

  /// Waits for an event; a terminal may come before it, a failure instead of it.
  Outcome<init::Report> expect(Event event) {
    for (;;) {
      TRY(wait_for_message());
      auto message = made_.child.receive();
      if (!message && message.error().code == ECHILD) return std::unexpected(silent_end());
      if (!message) return std::unexpected(explain("listening to the container's init", message.error()));
      const auto& report = message->report;
      if (report.event == Event::failed)
        return std::unexpected(phrase(report, launch_.config, launch_.built.plan));
      if (report.event == event) return report;
      if (report.event != Event::terminal) return refuse("the container's init spoke out of turn", EPROTO);
      made_.terminal = std::move(message->fd).as<kernel::Terminal>();
    }
  }

  /// Init may be at work for long (its hooks, a slow filesystem): whoever wants to end that can.
  Outcome<> wait_for_message() const {
    if (launch_.interrupt < 0) return {};
    pollfd set[] = {{made_.child.socket().get(), POLLIN, 0}, {launch_.interrupt, POLLIN, 0}};
    auto ready = kernel::poll(set, -1);
    while (!ready && ready.error().code == EINTR) ready = kernel::poll(set, -1);
    TRY(explained(std::move(ready), "waiting for the container's init"));
    if (set[0].revents) return {};
    return refuse("interrupted by a signal while the container was being made", EINTR);
  }

  Outcome<> enter_namespaces() {
    TRY(explained(made_.child.begin(launch_.row.numbers()), "talking to the container's init"));
    if (!launch_.built.plan->two_clones) return {};
    const auto report = TRY(expect(Event::joined));
    TRY(explained(made_.child.adopt(static_cast<pid_t>(report.value)), "the container's init"));
    if (launch_.built.new_user_namespace) TRY(write_id_maps(made_.child.pid(), *launch_.config.linux));
    return order(Order::mapped);
  }

  /// Beside init's mounting: the limits are in force before anything of the container's runs.
  Outcome<> enter_cgroup() {
    TRY(launch_.cgroup.complete());
    const auto entrances = TRY(launch_.cgroup.entrances());
    std::vector<int> numbers;
    numbers.reserve(entrances.size());
    for (const auto& entrance : entrances) numbers.push_back(entrance.get());
    return order(Order::cgroup, numbers);
  }

  Outcome<> set_oom_score() {
    const auto& process = launch_.config.process;
    if (!process || !process->oom_score_adj) return {};  // unset: must not be touched (config.md)
    const auto value = std::to_string(*process->oom_score_adj);
    const auto name = fmt::format("/proc/{}/oom_score_adj", made_.child.pid());
    const auto doing = fmt::format("process.oomScoreAdj {}", value);
    const auto file = TRY(explained(kernel::openat(kernel::cwd, name.c_str(), O_WRONLY), doing));
    return explained(kernel::write_once(file.get(), value), doing);
  }

  Outcome<> compile_filter() {
    const auto& seccomp = launch_.config.linux->seccomp;
    if (!seccomp || !launch_.config.process) return {};
    const auto program = TRY(security::compile(*seccomp));
    const auto instructions = launch_.memory.array<sock_filter>(program.instructions.size());
    std::copy(program.instructions.begin(), program.instructions.end(), instructions.begin());
    launch_.built.plan->filter = {instructions.data(), static_cast<std::uint16_t>(instructions.size()),
                                  program.flags};
    return {};
  }

  Outcome<> run_hooks() {
    if (!launch_.built.plan->wait_for_hooks) return {};
    TRY(expect(Event::mounted));
    launch_.state.pid = made_.child.pid();
    launch_.state.status = "creating";
    TRY(hooks::run("prestart", launch_.config.hooks.prestart, launch_.state, launch_.interrupt));
    TRY(hooks::run("createRuntime", launch_.config.hooks.create_runtime, launch_.state, launch_.interrupt));
    return order(Order::hooks_done);
  }

 private:
  Launch& launch_;
  Launched& made_;
};

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
  Launched launched{TRY(Child::spawn(launch.memory, launch.built, launch.cgroup.birthplace())), {}};
  Progress progress(launch, launched);
  TRY(progress.enter_namespaces());
  TRY(progress.enter_cgroup());
  TRY(launch.on_made(launched.child.pid()));
  TRY(progress.set_oom_score());
  TRY(progress.compile_filter());
  TRY(progress.run_hooks());
  TRY(progress.order(Order::finish));
  TRY(progress.expect(Event::ready));
  return launched;
}

Outcome<> open_gate(const kernel::Fd<kernel::Socket>& socket, const spec::Config& config,
                    const init::Plan* plan) {
  TRY(explained(send_order(socket, Order::start), "starting the container's process"));
  for (kernel::Fd<kernel::File> plan_file;;) {
    auto message = receive_from(socket);
    if (!message && message.error().code != ECHILD)
      return std::unexpected(explain("listening to the container's init", message.error()));
    // The end of the connection is the exec, since every descriptor of init is closed by it; or its own end.
    if (!message) return plan_file ? check_executed(plan_file, config, plan) : std::unexpected(silent_end());
    if (message->report.event == Event::failed) return std::unexpected(phrase(message->report, config, plan));
    if (message->report.event == Event::executing) plan_file = std::move(message->fd);
  }
}

}  // namespace lodger::launch
