#include "runtime/container/port_check.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "cgroups/membership.hpp"
#include "netmode/bridge/agent.hpp"
#include "netmode/bridge/surroundings.hpp"
#include "netmode/ports/declared.hpp"
#include "netmode/ports/holders.hpp"
#include "netmode/ports/preflight.hpp"
#include "netmode/ports/published.hpp"
#include "runtime/container/members.hpp"
#include "runtime/container/networks.hpp"
#include "runtime/container/users.hpp"

namespace lodger::container {
namespace {

bool is_of(const Members& container, std::uint64_t cgroup, std::span<const pid_t> holders) {
  if (std::ranges::count(container.cgroups, cgroup)) return true;
  return std::ranges::any_of(holders, [&](pid_t pid) {
    return std::ranges::count(container.companions, pid) ||
           std::ranges::binary_search(container.processes, pid);
  });
}

/// "" at the root, or where there is none.
std::string below_root(std::string_view process, std::string_view hierarchy) {
  auto path = cgroups::cgroup_of(process, hierarchy).value_or("");
  return path == "/" ? "" : path;
}

/// Of a process that is not in ours; else "". Its end, which is what tells containers apart.
std::string foreign_cgroup(pid_t pid) {
  constexpr std::size_t longest = 200;
  for (const char* hierarchy : {"", "name=systemd", "pids", "memory"}) {
    auto path = below_root(std::to_string(pid), hierarchy);
    if (path.empty()) continue;
    if (path == below_root("self", hierarchy)) return "";
    if (path.size() > longest) path.replace(0, path.size() - longest, "...");
    return netmode::ports::printable(std::move(path));
  }
  return "";
}

/// Where to look for a process of another state root, of another runtime or of the host. Best effort.
std::string where(pid_t pid) {
  if (netmode::ports::process_name(pid) == "lodger-proxy") {
    const pid_t container = netmode::ports::watched_by(pid);
    const auto path = container == 0 ? "" : foreign_cgroup(container);
    if (!path.empty()) return "for the container in cgroup " + path;
  }
  const auto path = foreign_cgroup(pid);
  return path.empty() ? "" : "in cgroup " + path;
}

using Translations = std::vector<netmode::ports::Translated>;

/// Of this state root, read once, when somebody asks. One that cannot be read is told of by `lodger network`.
class OwnNetworks {
 public:
  explicit OwnNetworks(const Store& store) : store_(store) {}
  const std::vector<BridgeState>& get() {
    if (!read_) read_ = bridge_networks(store_, [](std::string_view) {}).value_or(std::vector<BridgeState>());
    return *read_;
  }

 private:
  const Store& store_;
  std::optional<std::vector<BridgeState>> read_;
};

/// What leads to those who have ended `prune` may have taken away, and a reboot has.
Translations translated_ports(OwnNetworks& networks) {
  Translations out;
  for (const auto& network : networks.get())
    for (const auto& guest : network.guests)
      if (!guest.ended)
        for (const auto& publication : guest.published) out.push_back({publication, guest.id});
  return out;
}

/// Whether there is a bridge of which the rules alone tell what leads to its containers: of another state
/// root, or with a container that has ended.
bool has_untold_bridge(OwnNetworks& networks) {
  auto found = netmode::bridge::devices().value_or(std::set<std::string>());
  std::erase_if(found, [](const std::string& name) { return !netmode::bridge::is_bridge_name(name); });
  if (found.empty()) return false;
  for (const auto& own : networks.get())
    if (std::ranges::none_of(own.guests, &Guest::ended)) found.erase(own.network.device);
  return !found.empty();
}

std::vector<netmode::bridge::Door> doors_of(const std::vector<netmode::ports::Wanted>& wanted) {
  std::vector<netmode::Publication> as_published;
  for (const auto& one : wanted)
    if (!one.any_of)
      as_published.push_back(
          {one.address ? netmode::ports::bare_text(*one.address) : "", one.range, one.range, one.protocol});
  return netmode::bridge::doors_of(as_published, true);
}

/// On the host's network: ports that NAT leads to a container without a file of ours telling. Only
/// lodger-network reads the rules: it is started where there is such a bridge.
Outcome<std::optional<std::string>> look_elsewhere(OwnNetworks& networks, const netmode::Decision& network) {
  if ((!network.host && !network.relay) || !netmode::ports::declares_any(network)) return std::nullopt;
  if (!has_untold_bridge(networks)) return std::nullopt;
  const bool required = network.options.require_ports;
  const auto* doing = required ? "require-ports" : "ports that the container declares";
  auto agent = netmode::bridge::Agent::open(netmode::bridge::Tables::spared);
  const auto free = agent ? agent->check_free(doors_of(netmode::ports::wanted(network)), doing)
                          : Outcome<>(std::unexpected(agent.error()));
  if (free) return std::nullopt;
  const auto& why = free.error();
  if (why.code != EADDRINUSE)
    return fmt::format("ports that NAT leads to other containers are not looked at: {}", why.text);
  if (!required) return why.text + "; what is bound there is not reached";
  return refuse(why.text + "; end what holds it, or give the container others", EADDRINUSE);
}

/// What there is to warn of.
Outcome<std::optional<std::string>> look(const Store& store, OwnNetworks& networks,
                                         const netmode::Decision& network) {
  std::optional<std::vector<Members>> containers;  // looked for when there is a clash to explain
  const auto container_of = [&](const netmode::ports::Held& held, std::span<const pid_t> holders) {
    if (!containers) containers = all_members(store).value_or(std::vector<Members>());
    const auto found = std::ranges::find_if(
        *containers, [&](const Members& one) { return is_of(one, held.cgroup, holders); });
    return found == containers->end() ? std::string() : found->id;
  };
  const auto user_name = [](uid_t uid) { return Users().name(uid); };
  // On a bridge lodger-network looks for them, in all state roots' networks.
  const auto translated = [&] {
    return network.bridge.empty() ? translated_ports(networks) : Translations();
  };
  return netmode::ports::preflight(network, {container_of, user_name, translated, where});
}

}  // namespace

Outcome<> check_ports(const Store& store, const netmode::Decision& network, const Notices& notices) {
  TRY(netmode::ports::check_published(network));
  OwnNetworks networks(store);
  auto warning = TRY(look(store, networks, network));
  if (!warning) warning = TRY(look_elsewhere(networks, network));
  if (warning) notices(*warning);
  return {};
}

/// On a bridge a port that is taken is a failure, so that there is nothing to warn of.
Outcome<> check_sockets(const Store& store, const netmode::Decision& network) {
  OwnNetworks networks(store);
  TRY(look(store, networks, network));
  return {};
}

}  // namespace lodger::container
