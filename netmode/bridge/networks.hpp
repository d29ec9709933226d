// The bridge networks of a state root, on disk: <root>/@networks/NAME/ holds `network`, the definition, and
// in `leases` a symbolic link for each address that is given out: its name is the address, its target the
// container's id. A link is made whole or not at all, so there is no moment at which a crash could leave half
// a lease; and with /run all of it goes at a reboot.
//
// No container can have the name "@networks": check_id() of runtime/container/store.hpp.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/fd.hpp"
#include "kernel/file.hpp"
#include "netmode/bridge/network.hpp"

namespace lodger::netmode::bridge {

/// By address: the id of the container that has it.
using Leases = std::map<V4, std::string>;

/// Who makes in the kernel what is defined here.
struct Maker {
  /// Makes a new network's device. EEXIST: somebody else has one of the name by now. EPROTONOSUPPORT: this
  /// host can have no such network, and nothing was made.
  std::function<Outcome<>(const Network&)> claim;
  /// Removes what is left of a network, whose device somebody has removed, so that another can be made.
  std::function<Outcome<>(const Network&)> remove;
};

class Networks {
 public:
  /// `root`: the state root's folder. Makes nothing there.
  explicit Networks(int root) : root_(root) {}

  /// Sorted; none where nobody has made a network.
  Outcome<std::vector<std::string>> names() const;
  /// ENOENT: there is no network of this name.
  Outcome<Network> find(const std::string& name) const;
  Outcome<Leases> leases(const std::string& name) const;

  struct Lease {
    Network network;
    V4 address = 0;
  };
  /// An address for a container, in a network that is made where there is none of the name: of the first
  /// subnet that is neither routed on this host nor another network's. ENOSPC: all addresses are given out.
  /// A network that nobody is in, and whose device is gone or somebody else's, is removed and made anew.
  Outcome<Lease> lease(const std::string& name, const std::string& owner, const Maker& maker) const;
  /// Whether a container that came now would have an IPv6 address: by the definition, or where the network
  /// would be made, by the host.
  Outcome<bool> speaks_ipv6(const std::string& name) const;
  /// Gives it back. Nothing to do where it is another's by now, or nobody's.
  Outcome<> release(const std::string& name, V4 address, const std::string& owner) const;

  /// Holds off every lease until it goes: for who removes what is not in use.
  Outcome<kernel::Fd<kernel::Path>> lock() const;
  /// The definition; under the lock, and of a network without leases.
  Outcome<> remove(const std::string& name) const;

 private:
  Outcome<kernel::Fd<kernel::Path>> open(const std::string& path) const;
  Outcome<Network> draft(const std::string& name, const std::set<std::string>& refused) const;
  Outcome<Network> define(int folder, const std::string& name, const Maker& maker) const;
  int root_;
};

/// The first address of the subnet that is free and can be a container's: not the network's, the gateway's,
/// the broadcast's.
std::optional<V4> free_address(const Network& network, const Leases& given);

}  // namespace lodger::netmode::bridge
