// `lodger network prune`, for relays: a container that lives and has lost its own gets another.
#include <fmt/core.h>

#include "cgroups/manage.hpp"
#include "runtime/container/policy_facts.hpp"
#include "runtime/container/relay_network.hpp"
#include "runtime/container/status.hpp"
#include "runtime/policy/load.hpp"
#include "spec/parse.hpp"

namespace lodger::container {
namespace {

/// Where the relay's cgroup was. Whether systemd made it is asked of the container's: behind an attempt that
/// failed the relay's has no unit. A unit's slice is not in the record: it is in the configuration.
Outcome<cgroups::Place> place_of(const Folder& folder, const Record& record, const cgroups::Layout& layout) {
  if (record.cgroup.unit.name.empty()) return cgroups::Place{record.relay_cgroup.path, {}};
  const auto text = TRY(folder.read_config());
  const auto config = TRY(spec::parse(text));
  CreateRequest request;
  request.id = record.id;
  request.systemd_cgroup = true;
  const auto caller = TRY(plan::look_at_caller());
  return relay_place(TRY(cgroup_place(request, config, layout, caller)), record.id);
}

/// What an administrator has said since it was made counts as well.
Outcome<> ask_policies(const std::string& callers, const Folder& folder, const Record& record) {
  const auto policies = TRY(policy::in_force(callers));
  if (policies.empty()) return {};
  Source source;
  const auto text = TRY(folder.read_config());
  source.config = TRY(spec::parse(text));
  source.network.relay = record.relay.options;
  auto facts = TRY(policy_facts({}, source));
  facts.by = "another one, in place of one that had ended";
  return policy::judge(policies, facts);
}

Outcome<bool> has_lost_relay(const Record& record) {
  if (record.relay.program.empty() || TRY(netmode::lives(record.relay.process))) return false;
  return alive(record);
}

/// Whether there was anything to do: looked at without the lock first, which its container's maker may have.
Outcome<bool> mend(const Store& store, const std::string& policy, const std::string& id,
                   const Notices& notices) {
  const auto seen = TRY(store.look(id));
  const auto as_seen = TRY(seen.read());
  if (!TRY(has_lost_relay(as_seen))) return false;
  auto folder = TRY(store.open(id));
  auto record = TRY(folder.read());
  if (!TRY(has_lost_relay(record))) return false;
  TRY(ask_policies(policy, folder, record));
  const auto layout = TRY(cgroups::detect());
  auto relay = TRY(RelayNetwork::again(record.relay, notices));
  auto place = TRY(place_of(folder, record, layout));
  TRY(leave_relay(record));
  record.relay_cgroup = relay.intend(layout, std::move(place));
  TRY(folder.write(record));
  TRY(relay.start(layout, record.pid));
  if (!TRY(alive(record))) return false;  // what was opened by its number may be another process's
  relay.write_to(record);
  TRY(folder.write(record));
  TRY(relay.go());
  TRY(relay.await());
  relay.commit();
  return true;
}

}  // namespace

Outcome<> mend_relays(const Store& store, const std::string& policy, std::vector<std::string>& done,
                      const Notices& notices) {
  for (const auto& id : TRY(store.ids())) {
    const auto mended = mend(store, policy, id, notices);
    if (!mended && mended.error().code != ENOENT)
      notices(fmt::format("container {}: {}", id, mended.error().text));
    else if (mended && *mended)
      done.push_back(fmt::format("container {}: its relay had ended; there is a new one", id));
  }
  return {};
}

}  // namespace lodger::container
