// The "linux" object of config.json. Source: runtime-spec 1.3, config-linux.md.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/mount.hpp"
#include "spec/resources.hpp"
#include "spec/seccomp.hpp"

namespace lodger::spec {

enum class NamespaceType : std::uint8_t { pid, network, mount, ipc, uts, user, cgroup, time };

/// linux.namespaces[]: without a path a new one is made.
struct Namespace {
  NamespaceType type = NamespaceType::pid;
  std::string path;
};

/// linux.devices[]: type 'c', 'b', 'u' or 'p'.
struct Device {
  char type = 'c';
  std::string path;
  std::int64_t major = 0, minor = 0;
  std::optional<mode_t> file_mode;
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
};

struct TimeOffset {
  std::int64_t secs = 0;
  std::uint32_t nanosecs = 0;
};

struct IntelRdt {
  std::string clos_id;
  std::optional<std::vector<std::string>> schemata;
  std::string l3_cache_schema, mem_bw_schema;
  bool enable_monitoring = false;
};

/// linux.memoryPolicy: MPOL_* and MPOL_F_* are numbers of set_mempolicy(2); `nodes` is a list such as
/// "0-3,7".
struct MemoryPolicy {
  int mode = 0;
  std::string nodes;
  std::vector<int> flags;
};

struct Personality {
  std::string domain;  // "LINUX", "LINUX32"
  std::vector<std::string> flags;
};

/// linux.netDevices: key is the host's name, the value the container's (empty: the same).
struct NetDevice {
  std::string name;
};

struct Linux {
  std::vector<Namespace> namespaces;
  std::vector<IdMapping> uid_mappings, gid_mappings;
  std::map<std::string, TimeOffset> time_offsets;  // "monotonic", "boottime"
  std::vector<Device> devices;
  std::map<std::string, NetDevice> net_devices;
  std::string cgroups_path;
  std::optional<Resources> resources;
  std::optional<IntelRdt> intel_rdt;
  std::optional<MemoryPolicy> memory_policy;
  std::map<std::string, std::string> sysctl;
  std::optional<Seccomp> seccomp;
  std::string rootfs_propagation;
  std::vector<std::string> masked_paths, readonly_paths;
  std::string mount_label;
  std::optional<Personality> personality;

  /// The entry of a type, or nullptr: entries are unique once checked.
  const Namespace* find(NamespaceType type) const {
    for (const auto& entry : namespaces)
      if (entry.type == type) return &entry;
    return nullptr;
  }
};

}  // namespace lodger::spec
