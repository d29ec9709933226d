#include "runtime/container/port_check.hpp"

#include <algorithm>
#include <optional>

#include "netmode/ports/preflight.hpp"
#include "netmode/ports/published.hpp"
#include "runtime/container/members.hpp"
#include "runtime/container/networks.hpp"
#include "runtime/container/users.hpp"

namespace lodger::container {
namespace {

bool is_of(const Members& container, std::uint64_t cgroup, std::span<const pid_t> holders) {
  if (std::ranges::count(container.cgroups, cgroup)) return true;
  return std::ranges::any_of(holders,
                             [&](pid_t pid) { return std::ranges::binary_search(container.processes, pid); });
}

using Translations = std::vector<netmode::ports::Translated>;

/// Of this state root. One that cannot be read is told of by `lodger network`.
Translations translated_ports(const Store& store) {
  Translations out;
  const auto networks = bridge_networks(store, [](std::string_view) {});
  if (!networks) return out;
  for (const auto& network : *networks)
    for (const auto& guest : network.guests)
      for (const auto& publication : guest.published) out.push_back({publication, guest.id});
  return out;
}

/// What there is to warn of.
Outcome<std::optional<std::string>> look(const Store& store, const netmode::Decision& network) {
  std::optional<std::vector<Members>> containers;  // looked for when there is a clash to explain
  const auto container_of = [&](const netmode::ports::Held& held, std::span<const pid_t> holders) {
    if (!containers) containers = all_members(store).value_or(std::vector<Members>());
    const auto found = std::ranges::find_if(
        *containers, [&](const Members& one) { return is_of(one, held.cgroup, holders); });
    return found == containers->end() ? std::string() : found->id;
  };
  const auto user_name = [](uid_t uid) { return Users().name(uid); };
  // On a bridge lodger-network looks for them, in all state roots' networks.
  const auto translated = [&] { return network.bridge.empty() ? translated_ports(store) : Translations(); };
  return netmode::ports::preflight(network, {container_of, user_name, translated});
}

}  // namespace

Outcome<> check_ports(const Store& store, const netmode::Decision& network, const Notices& notices) {
  TRY(netmode::ports::check_published(network));
  if (const auto warning = TRY(look(store, network))) notices(*warning);
  return {};
}

/// On a bridge a port that is taken is a failure, so that there is nothing to warn of.
Outcome<> check_sockets(const Store& store, const netmode::Decision& network) {
  TRY(look(store, network));
  return {};
}

}  // namespace lodger::container
