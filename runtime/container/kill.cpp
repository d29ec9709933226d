// A signal goes through a pidfd whose process was proven, after its opening, to be the container's: between
// the two a pid cannot be given to another process.
#include "runtime/container/kill.hpp"

#include <fmt/core.h>

#include "cgroups/manage.hpp"
#include "kernel/process.hpp"
#include "runtime/container/status.hpp"

namespace lodger::container {
namespace {

constexpr const char* not_running = "container not running";

Outcome<> send(const Record& record, const kernel::Fd<kernel::Process>& process, int signal) {
  const auto sent = kernel::send_signal(process, signal);
  if (sent) return {};
  if (sent.error().code == ESRCH) return refuse(not_running, ESRCH);
  return std::unexpected(
      explain(fmt::format("sending signal {} to container {}", signal, record.id), sent.error()));
}

/// What is frozen by a v1 freezer takes SIGKILL only when thawed; with cgroup v2 this comes to nothing.
Outcome<> thaw_to_die(const Record& record) {
  if (TRY(cgroups::frozen(record.cgroup))) return cgroups::thaw(record.cgroup);
  return {};
}

/// The record's cgroup as a whole; false if nobody was left in it.
Outcome<bool> signal_cgroup(const Record& record, int signal) {
  if (TRY(cgroups::processes(record.cgroup)).empty()) return false;
  TRY(cgroups::signal(record.cgroup, signal));
  return true;
}

/// `whole`: the signal is for all processes, not for the container's own alone.
Outcome<> signal_container(const Record& record, int signal, bool whole) {
  const bool reached = whole && TRY(signal_cgroup(record, signal));
  if (!reached) {
    const auto process = TRY(process_of(record));
    if (!process) return refuse(not_running, ESRCH);
    TRY(send(record, process, signal));
  }
  if (signal == SIGKILL) return thaw_to_die(record);
  return {};
}

/// Without a cgroup only the end of its pid namespace reaches all processes of a container.
Outcome<> check_reach(const Record& record, const KillRequest& request) {
  if (!request.all || !record.cgroup.folders.empty()) return {};
  if (request.signal == SIGKILL && record.own_pid_namespace) return {};
  if (record.own_pid_namespace && !TRY(alive(record))) return {};  // nobody is left to be reached
  return refuse(
      fmt::format(
          "kill --all: container {} has no cgroup of its own that would tell which processes are its: "
          "leave out --all to signal its first process alone",
          record.id),
      EOPNOTSUPP);
}

Outcome<> await_end(const Record& record, const kernel::Fd<kernel::Process>& process) {
  constexpr int patience = 10000;  // ms: a process in uninterruptible sleep dies late or never
  constexpr int interval = 20;     // what alive() knows of an end beside the descriptor comes with no event
  pollfd waited{process.get(), POLLIN, 0};
  const auto doing = [&] { return fmt::format("waiting for the end of container {}", record.id); };
  for (int passed = 0; passed < patience; passed += interval) {
    const auto ready = kernel::poll({&waited, 1}, interval);
    if (!ready) return std::unexpected(explain(doing(), ready.error()));
    if (*ready > 0 || !TRY(alive(record))) return {};
  }
  return refuse(
      fmt::format("{}: process {} has not ended {} s after SIGKILL; it may hang in a system call: see "
                  "/proc/{}/stack",
                  doing(), record.pid, patience / 1000, record.pid),
      ETIMEDOUT);
}

}  // namespace

Outcome<> kill(const Store& store, const KillRequest& request) {
  const Folder folder = TRY(store.look(request.id));
  const Record record = TRY(folder.read());
  if (request.meant && !record.is_of(*request.meant)) return refuse(not_running, ESRCH);
  const bool whole = request.all || (request.signal == SIGKILL && !record.own_pid_namespace);
  TRY(check_reach(record, request));
  auto sent = signal_container(record, request.signal, whole);
  if (!sent && sent.error().code == ESRCH && request.all) return {};
  return sent;
}

Outcome<> end(const Record& record) {
  const auto process = TRY(process_of(record));
  const auto killed = signal_container(record, SIGKILL, !record.own_pid_namespace);
  if (!killed && killed.error().code != ESRCH) return killed;
  if (process) return await_end(record, process);
  return {};
}

}  // namespace lodger::container
