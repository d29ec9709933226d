// The bridge networks of a state root as people see them: who is in them, and what nobody needs any more.
#pragma once
#include <string>
#include <vector>

#include "netmode/bridge/networks.hpp"
#include "runtime/container/notices.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

struct Guest {
  std::string id;  // of the container
  netmode::bridge::V4 address = 0;
  bool stale = false;     // there is no such container any more, or it has another address
  bool recorded = false;  // it says the same of itself
  bool ended = false;     // its process has, or its making; recorded ones only
  std::vector<netmode::Publication> published, proxied;
};

struct BridgeState {
  std::string name;
  netmode::bridge::Network network;
  std::vector<Guest> guests;  // by address
};

/// Sorted by name. One whose definition is damaged is told and left out.
Outcome<std::vector<BridgeState>> bridge_networks(const Store& store, const Notices& notices);
/// ENOENT: there is no network of this name.
Outcome<BridgeState> bridge_network(const Store& store, const std::string& name);

/// Takes back the addresses of containers that are gone, with the ports that lead there, then removes the
/// networks that have nobody in them, with their devices and rules, and damaged definitions of such. What was
/// done, a line each.
Outcome<std::vector<std::string>> prune_networks(const Store& store, const Notices& notices);

}  // namespace lodger::container
