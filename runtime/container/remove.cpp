// The order is chosen for a crash at any point: processes, then the cgroup and mounts, then the folder with
// state.json as its last file. As long as state.json is there, another delete finds all that is left to undo.
#include "runtime/container/remove.hpp"

#include <fmt/core.h>

#include <optional>

#include "cgroups/manage.hpp"
#include "runtime/container/bridge_network.hpp"
#include "runtime/container/host_options.hpp"
#include "runtime/container/kill.hpp"
#include "runtime/container/relay_network.hpp"
#include "runtime/container/status.hpp"
#include "runtime/hooks/hooks.hpp"
#include "spec/json.hpp"
#include "spec/parse.hpp"

namespace lodger::container {
namespace {

/// The hooks that are left to run when nothing of the container is there any more. Read before the folder
/// goes; a text that never mentions them is not parsed.
Outcome<std::optional<spec::Config>> with_poststop_hooks(const Folder& folder) {
  const auto text = folder.read_config();
  if (!text && text.error().code == ENOENT) return std::nullopt;  // its creation ended before there were any
  if (!text) return std::unexpected(text.error());
  if (!spec::may_have_member(*text, "poststop")) return std::nullopt;
  return TRY(spec::parse(*text));
}

}  // namespace

void run_poststop(const std::vector<spec::Hook>& hooks, const spec::State& state, const Notices& notices) {
  hooks::run_each("poststop", hooks, state, [&](const Failure& failure) {
    notices(fmt::format("container {} is deleted, but a hook failed: {}", state.id, failure.text));
  });
}

Outcome<> dismantle(Folder folder, const Record& record, const Notices& notices) {
  if (!record.own_pid_namespace) TRY(end(record));
  TRY(leave_bridge(folder, record));
  TRY(leave_relay(record));
  TRY(take_off_policy(record.network, record.cgroup));
  TRY(cgroups::remove(record.cgroup));
  TRY(rootfs::remove_host_root(record.host_root));  // its mount namespace may have ended with the processes
  TRY(resctrl::remove(record.rdt));
  auto config = with_poststop_hooks(folder);
  TRY(std::move(folder).remove());
  if (!config)
    notices(fmt::format("container {} is deleted, but its poststop hooks did not run: {}", record.id,
                        config.error().text));
  else if (*config)
    run_poststop((*config)->hooks.poststop, {record.id, "stopped", record.bundle, 0, (*config)->annotations},
                 notices);
  return {};
}

namespace {

/// A folder without a readable state: a creation or a removal that was cut short. The lock says that nobody
/// is at work on it. What the creation had staged tells what it had made.
Outcome<> remove_leftover(Folder folder, Failure why, bool force, const Notices& notices) {
  if (why.code != ENOENT && !force) return std::unexpected(std::move(why));
  auto staged = folder.read_staged();
  if (!staged) return std::move(folder).remove();
  // Without a process its cgroup may be a foreign one: then nothing in it is ours to kill.
  if (staged->pid == 0) staged->own_pid_namespace = true;
  TRY(end(*staged));
  return dismantle(std::move(folder), *staged, notices);
}

Outcome<> remove(Folder folder, const Outcome<Record>& record, const RemoveRequest& request,
                 const Notices& notices) {
  if (!record) return remove_leftover(std::move(folder), record.error(), request.force, notices);
  const Status status = TRY(status_of(folder, *record));
  if (status == Status::created || (status != Status::stopped && request.force))
    TRY(end(*record));
  else if (status != Status::stopped)
    return refuse(
        fmt::format("cannot delete container {} that is not stopped: {}", request.id, to_string(status)),
        EBUSY);
  return dismantle(std::move(folder), *record, notices);
}

}  // namespace

Outcome<> remove(const Store& store, const RemoveRequest& request, const Notices& notices) {
  auto folder = store.open(request.id);
  if (!folder && folder.error().code == ENOENT && request.force) return {};
  if (!folder) return std::unexpected(folder.error());
  const auto record = folder->read();
  return remove(std::move(*folder), record, request, notices);
}

Outcome<bool> remove_this(const Store& store, const Record& meant, const Notices& notices) {
  auto folder = store.open(meant.id);
  if (!folder && folder.error().code == ENOENT) return false;
  if (!folder) return std::unexpected(folder.error());
  const auto record = folder->read();
  const auto whose = record ? record : folder->read_staged();
  if (whose && !whose->is_of(meant)) return false;
  TRY(remove(std::move(*folder), record, {meant.id, true}, notices));
  return true;
}

}  // namespace lodger::container
