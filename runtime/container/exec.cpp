#include "runtime/container/exec.hpp"

#include <fmt/core.h>

#include "cgroups/doors.hpp"
#include "cgroups/membership.hpp"
#include "cgroups/systemd/scope.hpp"
#include "runtime/container/host_options.hpp"
#include "runtime/container/source.hpp"
#include "runtime/container/status.hpp"
#include "runtime/container/trace.hpp"
#include "runtime/launch/launch.hpp"
#include "runtime/resctrl/group.hpp"
#include "runtime/rootfs/host_root.hpp"
#include "runtime/terminal/foreground.hpp"
#include "spec/check.hpp"
#include "spec/parse.hpp"

namespace lodger::container {
namespace {

Outcome<> check_status(Status status, bool ignore_paused) {
  if (status == Status::running || status == Status::created) return {};
  if (status == Status::paused && ignore_paused) return {};
  if (status == Status::paused)
    return refuse("cannot exec in a paused container (use --ignore-paused to override)", EBUSY);
  return refuse(fmt::format("cannot exec in a {} container: container not running", to_string(status)),
                ESRCH);
}

/// The container that is to be joined.
struct Host {
  Record record;
  Status status;
  kernel::Fd<kernel::Process> init;
  spec::Config config;  // its own, with the new process in it
  Preserved preserved;
};

/// Takes no lock: any number of execs go on side by side, and none stands in the way of kill and delete. One
/// that loses the race against the container's end fails with it.
Outcome<Host> find_container(const Store& store, const ExecRequest& request, const Notices& notices) {
  TRY(check_id(request.id));
  const auto folder = TRY(store.look(request.id));
  Host host{TRY(folder.read()), {}, {}, {}, {}};
  host.status = TRY(status_of(folder, host.record));
  TRY(check_status(host.status, request.ignore_paused));
  host.init = TRY(process_of(host.record));
  if (!host.init) return refuse("container not running", ESRCH);
  const auto text = TRY(folder.read_config());
  host.config = TRY(spec::parse(text));
  const auto own = netmode::powers_of(host.config);
  host.config.process = TRY(process_for(host.config, request, notices));
  TRY(spec::check(*host.config.process));
  TRY(check_security(host.config));
  TRY(check_terminal(request, host.config.process->terminal, request.detach));
  host.preserved = TRY(preserve(request.preserve_fds, &*host.config.process));
  for (const auto& warning : warnings_of_joining(host.config, own, host.record.network)) notices(warning);
  return host;
}

plan::Wishes wishes_of(const Host& host, const ExecRequest& request, const plan::Caller& caller) {
  plan::Wishes wishes;
  wishes.caller = caller;
  wishes.id = request.id;
  wishes.bundle = host.record.bundle;
  wishes.host_network = host.record.host_network;
  set_domain(wishes, host.record.network);
  wishes.preserve_fds = host.preserved.count;
  wishes.tell_pid = host.preserved.activated;
  return wishes;
}

Outcome<std::vector<cgroups::Below>> parse_below(const std::vector<std::string>& cgroups) {
  std::vector<cgroups::Below> below;
  for (const auto& text : cgroups) below.push_back(TRY(cgroups::parse_below(text)));
  return below;
}

/// By way of systemd, out of our own cgroup. Where an init manages cgroups below its own, into that one.
Outcome<launch::Launched> be_adopted(const launch::Joining& joining, const cgroups::Layout& layout,
                                     const std::vector<cgroups::Below>& below, const Record& record,
                                     cgroups::Doors& doors) {
  doors.birthplace = {};
  auto born = TRY(launch::be_born(joining));
  const auto folder = record.cgroup.folders.front() + cgroups::path_below(below);
  const auto adopted = cgroups::systemd::adopt(record.cgroup, folder, born.child.pid());
  if (adopted) return born;
  if (!below.empty()) return std::unexpected(adopted.error());
  const auto own = layout.unified + TRY(cgroups::cgroup_of(std::to_string(record.pid)));
  if (!own.starts_with(folder + '/')) return std::unexpected(adopted.error());
  TRY(cgroups::systemd::adopt(record.cgroup, own, born.child.pid()));
  return born;
}

/// The second way in is for a container whose init manages cgroups, and only where none was asked for; the
/// third for a user's unit. `doors` are those of `joining`.
Outcome<launch::Launched> be_born(const launch::Joining& joining, const cgroups::Layout& layout,
                                  const std::vector<cgroups::Below>& below, const Record& record,
                                  cgroups::Doors& doors) {
  auto born = launch::be_born(joining);
  if (born || layout.kind != cgroups::Kind::v2 || record.cgroup.folders.empty()) return born;
  const int code = born.error().code;
  if (record.cgroup.unit.user && (code == EACCES || code == EPERM))
    return be_adopted(joining, layout, below, record, doors);
  if (!below.empty() || (code != EBUSY && code != EOPNOTSUPP)) return born;
  doors = TRY(cgroups::open_doors_of(layout, record.cgroup, record.pid));
  return launch::be_born(joining);
}

/// Of a container in our mount namespace, which setns(2) would not take us to. Never by way of its process,
/// whose root may be another one by now.
Outcome<kernel::Fd<kernel::Path>> root_of(const Record& record) {
  if (record.host_root.id == 0) return {};
  auto root = TRY(rootfs::open_host_root(record.host_root));
  if (root) return root;
  return refuse("the container's root is not mounted any more: somebody has unmounted it", ENOENT);
}

Outcome<launch::Launched> make(Host& host, const ExecRequest& request, int interrupt,
                               const Notices& notices) {
  auto memory = TRY(explained(plan::Memory::make(), "making the memory of the plan"));
  plan::Row row;
  const auto caller = TRY(plan::look_at_caller());
  TRY(plan::check(host.config, caller));
  const auto wishes = wishes_of(host, request, caller);
  plan::Planning planning{host.config, wishes, memory, row};
  auto root = TRY(root_of(host.record));
  auto built = TRY(plan::build_join(planning, std::move(host.init), host.record.pid, std::move(root)));
  for (const auto& warning : built.warnings) notices(warning);
  const auto layout = TRY(cgroups::detect());
  const auto below = TRY(parse_below(request.cgroups));
  auto doors = TRY(cgroups::open_doors(layout, host.record.cgroup, below));
  const auto streams = TRY(streams_for(request, host.config));
  const launch::Joining joining{host.config, memory, built, row, doors, interrupt, streams};
  auto launched = TRY(be_born(joining, layout, below, host.record, doors));
  trace::born(notices, launched.child.pid(), host.record);
  TRY(launch::join(joining, launched));
  trace::joined(notices, launched.child.pid(), *host.config.process);
  TRY(resctrl::add(host.record.rdt, launched.child.pid()));
  if (launched.terminal && !request.detach && !host.config.process->console_size)
    terminal::copy_window(launched.terminal);
  if (launched.terminal && !request.detach) terminal::end_lines_as_written(launched.terminal);
  TRY(deliver(request, launched));
  const spec::State state{request.id, std::string(to_string(host.status)), host.record.bundle,
                          host.record.pid, host.config.annotations};
  TRY(launch::open_gate(
      {launched.child.socket(), host.config, built.plan, launched.child.pid(), state, interrupt}));
  trace::started(notices, *host.config.process);
  return launched;
}

/// What failed because the container ended meanwhile is told as that, in the words that callers know.
template <class T>
Outcome<T> or_ended(const Record& record, Outcome<T> outcome) {
  if (outcome) return outcome;
  if (TRY(alive(record))) return outcome;
  return refuse(
      fmt::format("container not running: it ended while a process joined it ({})", outcome.error().text),
      ESRCH);
}

Outcome<int> exec_here(Host& host, const ExecRequest& request, const Notices& notices) {
  auto signals = TRY(terminal::Signals::take());
  auto made = make(host, request, signals.ending(), notices);
  auto launched = TRY(or_ended(host.record, std::move(made)));
  auto& child = launched.child;
  child.release();
  const auto ended = TRY(terminal::stay(child.process(), child.pid(), signals, launched.terminal));
  return ended.shell_status();
}

}  // namespace

Outcome<int> exec(const Store& store, const ExecRequest& request, const Notices& notices) {
  if (request.detach) {
    TRY(exec_beside(store, request, notices));
    return 0;
  }
  auto host = TRY(find_container(store, request, notices));
  return exec_here(host, request, notices);
}

Outcome<Made> exec_beside(const Store& store, const ExecRequest& request, const Notices& notices) {
  auto host = TRY(find_container(store, request, notices));
  auto made = make(host, request, -1, notices);
  auto [child, terminal] = TRY(or_ended(host.record, std::move(made)));
  const pid_t pid = child.pid();
  return Made{pid, child.hand_over(), std::move(terminal)};
}

}  // namespace lodger::container
