// linux.netDevices: network devices of the host that become the container's.
// Source: runtime-spec 1.3, config-linux.md, "Network Devices"; network_namespaces(7).
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "kernel/failures.hpp"
#include "kernel/rtnetlink.hpp"
#include "spec/linux.hpp"

namespace lodger::netmode {

/// What can be said against them before anything is made: a device that is not there or cannot be moved, a
/// name that a joined network namespace has already. Without devices it costs nothing.
Outcome<> check_devices(const spec::Linux& linux_object, Failures failures = {});

/// Devices that were moved. Until commit() the destructor brings them back, with their names, addresses and
/// state; afterwards they are the namespace's, and the runtime leaves them alone (config-linux.md, "Namespace
/// Lifecycle and Container Termination"). Routes go when a device leaves its namespace, and stay gone.
class Devices {
 public:
  Devices() = default;
  /// Into the network namespace of process `pid`, all or none: permanent addresses of global scope come
  /// along, and each device is up there. Needs CAP_NET_ADMIN over both namespaces.
  static Outcome<Devices> move(const spec::Linux& linux_object, pid_t pid);

  void commit() { moved_.clear(); }

  Devices(Devices&&) = default;
  Devices& operator=(Devices&& other) noexcept;
  ~Devices();

 private:
  using Links = kernel::netlink::Links;
  struct Moved {
    int index;         // there
    std::string name;  // here
    bool was_up;
    std::vector<kernel::netlink::Address> addresses;
  };
  Outcome<> open(pid_t pid);
  Outcome<> take(const std::string& name, const std::string& wanted);
  Outcome<> settle(const std::string& property, const std::string& wanted);
  void bring_back(const Moved& moved);

  kernel::Fd<kernel::Namespace> here_namespace_, there_namespace_;
  std::optional<Links> here_, there_;  // they keep the container's namespace alive until all is back
  std::vector<Moved> moved_;
};

}  // namespace lodger::netmode
