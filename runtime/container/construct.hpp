// A container up to its start gate: what create and run have in common.
#pragma once
#include "cgroups/cgroup.hpp"
#include "netmode/devices.hpp"
#include "netmode/policy/policy.hpp"
#include "runtime/container/bridge_network.hpp"
#include "runtime/container/relay_network.hpp"
#include "runtime/container/source.hpp"
#include "runtime/launch/launch.hpp"

namespace lodger::container {

/// Everything that was made, in the order of its making: destroyed unkept, it undoes itself from the end.
struct Construction {
  Source source;
  Folder folder;
  Record record;
  cgroups::Cgroup cgroup;
  netmode::policy::Attached policy;
  resctrl::Group rdt;
  rootfs::HostRoot host_root;
  plan::Memory memory;
  plan::Built built;
  launch::Launched launched;
  netmode::Devices devices;
  BridgeNetwork bridge;
  RelayNetwork relay;

  /// From here on the container exists on its own.
  void keep();
  /// What the record names is the record's from here on: dismantle() removes it.
  void leave_to_record();
};

enum class Gate : bool { none, socket };

/// How it is made, beside what the request says.
struct Manner {
  Gate gate = Gate::socket;
  int interrupt = -1;  // becoming readable, it ends the construction as a failure
};

/// With Gate::socket another process can open the gate later. On failure nothing is left; poststop hooks run
/// if the container had got so far as to run others.
Outcome<Construction> construct(const Store& store, const CreateRequest& request, Source source,
                                Manner manner, const Notices& notices);

}  // namespace lodger::container
