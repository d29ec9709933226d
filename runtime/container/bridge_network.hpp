// A container's place in a bridge network (netmode/bridge), from the flags to the state on disk.
#pragma once
#include "netmode/bridge/place.hpp"
#include "netmode/proxy/proxy.hpp"
#include "runtime/container/source.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

class BridgeNetwork {
 public:
  BridgeNetwork() = default;
  /// Everything that can be refused, with nothing made yet: the caller's rights, the programs, taken ports.
  /// With a userland proxy the ports are open from here on. Nothing for a container of another mode, which
  /// costs nothing.
  static Outcome<BridgeNetwork> plan(const netmode::Decision& network, const Notices& notices, int interrupt);

  explicit operator bool() const { return static_cast<bool>(place_); }
  /// Takes the address, and writes the container's /etc/hosts and /etc/resolv.conf into its folder.
  Outcome<> reserve(const Folder& folder, const spec::Config& config, const Notices& notices);
  netmode::bridge::Record record() const;
  /// The network, device and ports for the container's process.
  Outcome<> connect(pid_t pid, const Notices& notices);
  /// The proxy lives on without us, for as long as the container's process does.
  Outcome<> release_proxy();
  /// From here on it is the record's: see leave_bridge().
  void commit() { place_.commit(); }

 private:
  /// The host's ports, none of which another container has.
  Outcome<std::vector<netmode::Publication>> settle(const netmode::Decision& network, const Notices& notices,
                                                    int interrupt);
  Outcome<> avoid_taken(const netmode::Decision& network, const std::vector<netmode::Publication>& published,
                        std::vector<netmode::Ports>& avoided);
  netmode::bridge::Place place_;
  std::optional<netmode::proxy::Proxy> proxy_;
};

/// Has the container's folder shown as /etc/hosts and /etc/resolv.conf, where the bundle has nothing of its
/// own there.
void offer_names(const Store& store, const std::string& id, Source& source);

/// Undoes what a record says of the network.
Outcome<> leave_bridge(const Folder& folder, const Record& record);

}  // namespace lodger::container
