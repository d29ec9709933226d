// The "linux.resources" object of config.json. Source: runtime-spec 1.3, config-linux.md, "Control groups".
// Units are the specification's: bytes, microseconds, bytes or operations per second.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lodger::spec {

/// resources.devices[]: type 'a', 'b' or 'c'; an absent major or minor means all.
struct DeviceRule {
  bool allow = false;
  char type = 'a';
  std::optional<std::int64_t> major, minor;
  std::string access;  // of 'r', 'w', 'm'; empty means all three
  bool operator==(const DeviceRule&) const = default;
};

/// resources.memory: -1 means unlimited.
struct Memory {
  std::optional<std::int64_t> limit, reservation, swap, kernel, kernel_tcp;
  std::optional<std::uint64_t> swappiness;
  std::optional<bool> disable_oom_killer, use_hierarchy, check_before_update;
  bool operator==(const Memory&) const = default;
};

struct Cpu {
  std::optional<std::uint64_t> shares;
  std::optional<std::int64_t> quota;
  std::optional<std::uint64_t> burst, period;
  std::optional<std::int64_t> realtime_runtime;
  std::optional<std::uint64_t> realtime_period;
  std::string cpus, mems;
  std::optional<std::int64_t> idle;
  bool operator==(const Cpu&) const = default;
};

struct Pids {
  std::optional<std::int64_t> limit;
  bool operator==(const Pids&) const = default;
};

struct WeightDevice {
  std::int64_t major = 0, minor = 0;
  std::optional<std::uint16_t> weight, leaf_weight;
  bool operator==(const WeightDevice&) const = default;
};

struct ThrottleDevice {
  std::int64_t major = 0, minor = 0;
  std::uint64_t rate = 0;
  bool operator==(const ThrottleDevice&) const = default;
};

struct BlockIo {
  std::optional<std::uint16_t> weight, leaf_weight;
  std::vector<WeightDevice> weight_device;
  std::vector<ThrottleDevice> throttle_read_bps_device, throttle_write_bps_device, throttle_read_iops_device,
      throttle_write_iops_device;
  bool operator==(const BlockIo&) const = default;
};

struct HugepageLimit {
  std::string page_size;  // "2MB", "1GB"
  std::uint64_t limit = 0;
  bool operator==(const HugepageLimit&) const = default;
};

struct NetworkPriority {
  std::string name;
  std::uint32_t priority = 0;
  bool operator==(const NetworkPriority&) const = default;
};

struct Network {
  std::optional<std::uint32_t> class_id;
  std::vector<NetworkPriority> priorities;
  bool operator==(const Network&) const = default;
};

struct Rdma {
  std::optional<std::uint32_t> hca_handles, hca_objects;
  bool operator==(const Rdma&) const = default;
};

struct Resources {
  std::vector<DeviceRule> devices;
  std::optional<Memory> memory;
  std::optional<Cpu> cpu;
  std::optional<Pids> pids;
  std::optional<BlockIo> block_io;
  std::vector<HugepageLimit> hugepage_limits;
  std::optional<Network> network;
  std::map<std::string, Rdma> rdma;
  std::map<std::string, std::string> unified;
  bool operator==(const Resources&) const = default;
};

}  // namespace lodger::spec
