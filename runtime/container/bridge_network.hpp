// A container's place in a bridge network (netmode/bridge), from the flags to the state on disk.
#pragma once
#include <set>

#include "netmode/bridge/place.hpp"
#include "netmode/proxy/proxy.hpp"
#include "runtime/container/source.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// What a container on a bridge asks for, and who is told what comes of it.
struct BridgeRequest {
  const Store& store;
  const netmode::Decision& network;
  const Notices& notices;
  int interrupt = -1;  // kernel/helper.hpp
};

/// Neither of NAT and a proxy sees the other's ports before it has its own: those of NAT have no socket, a
/// proxy's have no rule. So each takes its ports and looks behind that: of two that want a port at the same
/// time, one at least sees the other. A proxy gives way then, and NAT waits for that before it does.
class BridgeNetwork {
 public:
  BridgeNetwork() = default;
  /// Everything that can be refused, with nothing made yet: the caller's rights, the programs, taken ports.
  /// With a userland proxy the ports are open from here on. Nothing for a container of another mode, which
  /// costs nothing.
  static Outcome<BridgeNetwork> plan(const BridgeRequest& request);

  explicit operator bool() const { return static_cast<bool>(place_); }
  /// Takes the address and, by NAT, the ports, and writes the container's /etc/hosts and /etc/resolv.conf
  /// into its folder.
  Outcome<> reserve(const BridgeRequest& request, const Folder& folder, const spec::Config& config);
  netmode::bridge::Record record() const;
  /// The network and device for the container's process, to which a proxy leads from here on.
  Outcome<> connect(pid_t pid, const Notices& notices);
  /// The proxy lives on without us, for as long as the container's process does.
  Outcome<> release_proxy();
  /// From here on it is the record's: see leave_bridge().
  void commit() { place_.commit(); }

 private:
  using Publications = std::vector<netmode::Publication>;
  /// The host's ports, none of which another container has. What was chosen is told once it is taken.
  Outcome<Publications> settle(const BridgeRequest& request);
  Outcome<> avoid_taken(const netmode::Decision& network, const Publications& published,
                        std::vector<netmode::Ports>& avoided);
  /// Ways to take them; EADDRINUSE: somebody has got one meanwhile, and nothing is taken.
  using Taking = Outcome<> (BridgeNetwork::*)(const BridgeRequest& request, const Publications& published);
  Outcome<> translate(const BridgeRequest& request, const Publications& published);
  Outcome<> open_proxy(const BridgeRequest& request, const Publications& published);
  Outcome<> take(const BridgeRequest& request, Publications published, Taking taking);
  std::vector<std::string> remarks_;
  std::set<std::string> told_;  // of the host: those of a second try are mostly those of the first
  netmode::bridge::Place place_;
  std::optional<netmode::proxy::Proxy> proxy_;
};

/// Has the container's folder shown as /etc/hosts and /etc/resolv.conf, where the bundle has nothing of its
/// own there.
void offer_names(const Store& store, const std::string& id, Source& source);

/// Undoes what a record says of the network.
Outcome<> leave_bridge(const Folder& folder, const Record& record);

}  // namespace lodger::container
