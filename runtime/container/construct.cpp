#include "runtime/container/construct.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include "cgroups/delegate.hpp"
#include "kernel/procfs.hpp"
#include "runtime/container/deliver.hpp"
#include "runtime/container/gate.hpp"
#include "runtime/container/notify.hpp"
#include "runtime/container/prepare.hpp"
#include "runtime/container/remove.hpp"
#include "runtime/container/trace.hpp"

namespace lodger::container {
namespace {

/// RFC 3339 with nanoseconds. By calendar arithmetic: gmtime_r(3) would read the time zone's file.
std::string now() {
  const auto time = std::chrono::system_clock::now();
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::nanoseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

/// The socket that `start` connects to; init inherits it and accepts there.
Outcome<kernel::Fd<kernel::Socket>> make_gate(const Folder& folder) {
  constexpr std::string_view doing = "making the start gate";
  auto socket = TRY(explained(kernel::unix_socket(SOCK_SEQPACKET), doing));
  const auto address = TRY(explained(gate_address(folder), doing));
  TRY(explained(kernel::bind(socket, address), doing));
  TRY(explained(kernel::listen(socket, 1), doing));
  return socket;
}

/// For what of the container's folder is mounted in it.
Outcome<Folder> reserve_early(const Store& store, const std::string& id, const Source& source) {
  auto folder = TRY(store.reserve(id));
  if (source.notify) TRY(make_notify_folder(folder));
  return folder;
}

Record record_of(const Source& source, const CreateRequest& request, std::string rootfs) {
  Record record;
  record.id = request.id;
  record.bundle = source.bundle;
  record.rootfs = std::move(rootfs);
  record.created = now();
  record.owner = ::getuid();
  record.host_network = source.network.host;
  const auto* pid = source.config.linux->find(spec::NamespaceType::pid);
  record.own_pid_namespace = pid && pid->path.empty();
  return record;
}

/// What an ordinary user may not make is mostly asked for by accident.
Outcome<cgroups::Cgroup> make_cgroup(const cgroups::Layout& layout, const Preparation& prepared,
                                     int interrupt) {
  auto made = cgroups::Cgroup::prepare(layout, prepared.place, prepared.limits(), interrupt);
  if (made || prepared.wishes.caller.privileged) return made;
  if (made.error().code != EACCES && made.error().code != EPERM && made.error().code != EROFS) return made;
  return refuse(
      fmt::format(
          "unable to apply cgroup configuration, permission denied: {} (linux.cgroupsPath has to lie "
          "below a cgroup that is delegated to this user; without cgroupsPath and limits the container "
          "goes without one)",
          made.error().text),
      made.error().code);
}

/// What the container's root comes to lie on in the runtime's mount namespace; nothing where it gets its own.
Outcome<rootfs::HostRoot> make_host_root(Preparation& prepared) {
  auto& root = *prepared.built.rootfs;
  if (root.change != init::RootChange::chroot) return {};
  auto made = TRY(rootfs::HostRoot::make(prepared.wishes.id));
  root.ground = prepared.row.add(TRY(made.share()));
  return made;
}

/// Where Intel RDT's shares are made, if any are asked for; into the record before they are.
Outcome<std::optional<resctrl::Filesystem>> intend_shares(const std::optional<spec::IntelRdt>& wanted,
                                                          Record& record) {
  if (!wanted) return std::nullopt;
  auto filesystem = TRY(resctrl::find_filesystem());
  record.rdt = resctrl::Group::intended(filesystem, *wanted, record.id);
  return filesystem;
}

Outcome<Construction> make(const Store& store, const CreateRequest& request, Source source, Manner manner,
                           const Notices& notices, bool& launching) {
  auto layout = TRY(cgroups::detect());
  // Otherwise the folder comes after all that may be refused; but the plan opens what it mounts.
  std::optional<Folder> early;
  const BridgeRequest bridging{store, source.network, notices, manner.interrupt};
  auto bridge = TRY(BridgeNetwork::plan(bridging));
  if (source.notify || bridge) early = TRY(reserve_early(store, request.id, source));
  if (bridge) TRY(bridge.reserve(bridging, *early, source.config));
  auto planned_relay = TRY(RelayNetwork::plan(source, notices, manner.interrupt));
  auto prepared = TRY(prepare(request, source, layout));
  auto& [memory, row, wishes, built, resources, place, options] = prepared;
  for (const auto& warning : built.warnings) notices(warning);

  auto folder = early ? std::move(*early) : TRY(store.reserve(request.id));
  auto relay =
      std::move(planned_relay);  // what fails from here on ends it before the folder that tells of it
  auto record = record_of(source, request, built.plan->rootfs->path);
  record.network = std::move(options.record);
  record.bridge = bridge.record();
  record.relay_cgroup = relay.intend(layout, relay_place(prepared.place, request.id));
  TRY(folder.write_config(source.text));
  if (manner.gate == Gate::socket) built.plan->gate = row.add(TRY(make_gate(folder)));
  auto host_root = TRY(make_host_root(prepared));
  built.plan->row = memory.array<int>(row.numbers().size());
  // First of all what another process needs to undo it, should we be killed in the midst.
  record.cgroup = cgroups::Cgroup::intended(layout, prepared.place);
  const auto& intel_rdt = source.config.linux->intel_rdt;
  const auto shares = TRY(intend_shares(intel_rdt, record));
  record.host_root = host_root.identity();
  TRY(folder.stage(record));
  TRY(host_root.attach(*built.plan->rootfs));
  auto cgroup = TRY(make_cgroup(layout, prepared, manner.interrupt));
  resctrl::Group rdt;
  if (intel_rdt) rdt = TRY(resctrl::Group::make(*shares, *intel_rdt, request.id));
  if (const auto owner = cgroups::delegated_owner(source.config)) cgroup.delegate_to(*owner);

  const auto streams = TRY(streams_for(request, source.config));
  launching = true;
  const spec::State state{request.id, "creating", source.bundle, 0, source.config.annotations};
  netmode::policy::Attached enforced;
  const auto on_shown = [&](pid_t pid) { return relay.look_at(pid); };
  const auto on_cgroup = [&]() -> Outcome<> {
    enforced = TRY(enforce(options.policy, cgroup));
    return {};
  };
  netmode::Devices devices;
  const auto on_made = [&](pid_t pid) -> Outcome<> {
    record.pid = pid;
    record.cgroup = cgroup.record();
    record.rdt = rdt.record();
    record.start_time =
        TRY(explained(kernel::process_stat(pid), "looking at the container's process")).start_time;
    TRY(relay.start(layout, pid));
    relay.write_to(record);
    TRY(folder.stage(record));
    TRY(relay.go());
    TRY(resctrl::add(record.rdt, pid));
    devices = TRY(netmode::Devices::move(*source.config.linux, pid));
    return bridge ? bridge.connect(pid, notices) : Outcome<>{};
  };
  launch::Launch birth{source.config, memory,   built,     row,     wishes.caller,    cgroup,
                       state,         on_shown, on_cgroup, on_made, manner.interrupt, streams};
  auto launched = TRY(launch::launch(birth));
  trace::made(notices, source.config, record);
  return Construction{std::move(source),    std::move(folder),   std::move(record),
                      std::move(cgroup),    std::move(enforced), std::move(rdt),
                      std::move(host_root), std::move(memory),   built,
                      std::move(launched),  std::move(devices),  std::move(bridge),
                      std::move(relay)};
}

Outcome<Construction> make_and_deliver(const Store& store, const CreateRequest& request, Source source,
                                       Manner manner, const Notices& notices, bool& launching) {
  auto made = TRY(make(store, request, std::move(source), manner, notices, launching));
  TRY(made.relay.await());
  TRY(deliver(request, made.launched));
  TRY(made.bridge.release_proxy());
  TRY(made.folder.publish());
  return made;
}

}  // namespace

void Construction::keep() {
  devices.commit();
  launched.child.release();
  leave_to_record();
}

void Construction::leave_to_record() {
  relay.commit();
  bridge.commit();
  host_root.commit();
  rdt.commit();
  policy.commit();
  cgroup.commit();
  folder.commit();
}

Outcome<Construction> construct(const Store& store, const CreateRequest& request, Source source,
                                Manner manner, const Notices& notices) {
  bool launching = false;
  const auto hooks = source.config.hooks.poststop;
  const spec::State state{request.id, "stopped", source.bundle, 0, source.config.annotations};
  auto made = make_and_deliver(store, request, std::move(source), manner, notices, launching);
  if (!made && launching) run_poststop(hooks, state, notices);
  return made;
}

}  // namespace lodger::container
