#include "runtime/container/networks.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/time.hpp"
#include "netmode/bridge/agent.hpp"
#include "netmode/bridge/surroundings.hpp"
#include "runtime/container/status.hpp"

namespace lodger::container {
namespace {

using netmode::bridge::Agent;
using netmode::bridge::Networks;
using netmode::bridge::V4;

/// One that cannot be looked at may live.
bool has_ended(const Folder& folder, const Record& record) {
  return record.pid == 0 ? !folder.busy() : !alive(record).value_or(true);
}

Guest guest(const Store& store, const std::string& network, V4 address, const std::string& id) {
  Guest out{.id = id, .address = address};
  const auto folder = store.look(id);
  const auto record = folder ? folder->read_any() : std::unexpected(folder.error());
  if (record && record->bridge.name == network && record->bridge.address == address) {
    out.recorded = true;
    out.ended = has_ended(*folder, *record);
    out.published = record->bridge.published;
    out.proxied = record->bridge.proxied;
  } else {
    out.stale = !folder || record || !folder->busy();  // one in the making has not said it yet
  }
  return out;
}

Outcome<BridgeState> look_at(const Store& store, const Networks& networks, const std::string& name) {
  BridgeState state{name, TRY(networks.find(name)), {}};
  for (const auto& [address, id] : TRY(networks.leases(name)))
    state.guests.push_back(guest(store, name, address, id));
  return state;
}

Outcome<bool> has_device(const netmode::bridge::Network& network) {
  for (const auto& device : TRY(netmode::bridge::devices()))
    if (const auto address = netmode::bridge::address_of_pair(device); address && network.has(*address))
      return true;
  return false;
}

/// Whether somebody still has a device of the network: a container that joined the network namespace of one
/// that is gone. The kernel takes a namespace down some time after its last process, so that is waited for.
Outcome<bool> is_joined(const netmode::bridge::Network& network) {
  constexpr long pause_us = 20'000;
  for (int looks = 0; looks < 50; ++looks) {
    if (!TRY(has_device(network))) return false;
    kernel::sleep_us(pause_us);
  }
  return true;
}

Outcome<> take_back(Agent& agent, const Networks& networks, const BridgeState& state, const Guest& guest) {
  constexpr bool udp = true;  // nobody knows any more
  TRY(agent.close_doors(state.network, guest.address, guest.id, udp));
  return networks.release(state.name, guest.address, guest.id);
}

/// The rules, and the ports that lead to those who are there: somebody may have flushed them. A network of
/// another network stack, as behind a reboot, is not made for those who have ended; and nothing leads to
/// them, unless somebody has joined their network.
Outcome<> lead_again(Agent& agent, const BridgeState& state, std::vector<std::string>& done,
                     const Notices& notices) {
  const bool here = TRY(netmode::bridge::whose_device(state.network)) == netmode::bridge::Whose::ours;
  const auto there = TRY(netmode::bridge::devices());
  for (const auto& guest : state.guests) {
    const bool gone = guest.ended && !there.contains(netmode::bridge::pair_name(guest.address));
    if (guest.stale || !guest.recorded || (gone && !here)) continue;
    const auto doors = netmode::bridge::doors_of(gone ? std::vector<netmode::Publication>{} : guest.published,
                                                 state.network.prefix6.has_value());
    const auto changes = agent.open_doors(state.network, guest.address, guest.id, doors);
    if (!changes) notices(fmt::format("{}: container {}: {}", state.name, guest.id, changes.error().text));
    for (const auto& change : changes.value_or(std::vector<std::string>{}))
      done.push_back(fmt::format("{}: {}", state.name, change));
  }
  return {};
}

Outcome<> prune(Agent& agent, const Networks& networks, const BridgeState& state,
                std::vector<std::string>& done, const Notices& notices) {
  for (const auto& guest : state.guests) {
    if (!guest.stale) continue;
    TRY(take_back(agent, networks, state, guest));
    done.push_back(fmt::format("{}: took {} back from container {}, which is gone", state.name,
                               netmode::bridge::to_text(guest.address), guest.id));
  }
  TRY(lead_again(agent, state, done, notices));
  if (!std::ranges::all_of(state.guests, &Guest::stale)) return {};
  const bool lost = TRY(netmode::bridge::whose_device(state.network)) == netmode::bridge::Whose::others;
  if (!lost && TRY(is_joined(state.network))) return {};
  for (const auto& change : TRY(agent.remove(state.network)))
    done.push_back(fmt::format("{}: {}", state.name, change));
  TRY(networks.remove(state.name));
  done.push_back(lost ? fmt::format("{}: removed; device {} is somebody else's by now, and stays", state.name,
                                    state.network.device)
                      : fmt::format("{}: removed, with device {}", state.name, state.network.device));
  return {};
}

/// Folders whose maker ended before there was a definition in them, and those with a damaged one that nobody
/// has an address of. Under the lock nobody is making one.
Outcome<> remove_unusable(const Networks& networks, std::vector<std::string>& done) {
  for (const auto& name : TRY(networks.names())) {
    const auto network = networks.find(name);
    if (network || (network.error().code != ENOENT && network.error().code != EBADMSG)) continue;
    const bool damaged = network.error().code == EBADMSG;
    if (damaged && !TRY(networks.leases(name)).empty()) continue;
    TRY(networks.remove(name));
    done.push_back(
        damaged
            ? fmt::format("{}: removed: its definition was damaged; what its device was is not known", name)
            : fmt::format("{}: removed what was left of its making", name));
  }
  return {};
}

}  // namespace

Outcome<std::vector<BridgeState>> bridge_networks(const Store& store, const Notices& notices) {
  std::vector<BridgeState> all;
  const auto root = store.open_root();
  if (!root && root.error().code == ENOENT) return all;
  if (!root) return std::unexpected(root.error());
  const Networks networks(root->get());
  for (const auto& name : TRY(networks.names())) {
    auto state = look_at(store, networks, name);
    if (state)
      all.push_back(std::move(*state));
    else
      notices(state.error().text);
  }
  return all;
}

Outcome<BridgeState> bridge_network(const Store& store, const std::string& name) {
  const auto root = store.open_root();
  if (!root && root.error().code == ENOENT)
    return refuse(fmt::format("there is no bridge network \"{}\"", name), ENOENT);
  if (!root) return std::unexpected(root.error());
  return look_at(store, Networks(root->get()), name);
}

Outcome<std::vector<std::string>> prune_networks(const Store& store, const Notices& notices) {
  std::vector<std::string> done;
  const auto root = store.open_root();
  if (!root && root.error().code == ENOENT) return done;
  if (!root) return std::unexpected(root.error());
  const Networks networks(root->get());
  if (TRY(networks.names()).empty()) return done;
  const auto locked = TRY(networks.lock());
  TRY(remove_unusable(networks, done));
  auto agent = TRY(Agent::open(netmode::bridge::Tables::spared));
  for (const auto& state : TRY(bridge_networks(store, notices)))
    TRY(prune(agent, networks, state, done, notices));
  return done;
}

}  // namespace lodger::container
