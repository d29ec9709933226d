// The "linux.resources" object. Source: runtime-spec 1.3, config-linux.md, "Control groups".
#include "spec/read_model.hpp"

namespace lodger::spec {

namespace {

constexpr Word<char> rule_list[] = {{"a", 'a'}, {"b", 'b'}, {"c", 'c'}, {"", 'a'}};
constexpr Words<char> rule_types{"device type", rule_list};

/// The form that hugetlb's file names have: digits, then KB, MB or GB ("2MB", "1GB").
bool page_size(std::string_view text) {
  if (text.size() < 3 || text.back() != 'B' || text.front() == '0') return false;
  const std::string_view number = text.substr(0, text.size() - 2);
  const char unit = text[text.size() - 2];
  return number.find_first_not_of("0123456789") == number.npos && (unit == 'K' || unit == 'M' || unit == 'G');
}

}  // namespace

/// Docker writes -1 for "all" where the specification has the number absent.
static bool read(Value value, DeviceRule& out, const Where& where) {
  const Object in(value, where);
  if (!in || !in.required("allow", out.allow) || !in.optional("type", out.type, rule_types) ||
      !in.optional("major", out.major) || !in.optional("minor", out.minor))
    return false;
  if (out.major == -1) out.major.reset();
  if (out.minor == -1) out.minor.reset();
  return in.optional("access", out.access);
}

static bool read(Value value, Memory& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("limit", out.limit) && in.optional("reservation", out.reservation) &&
         in.optional("swap", out.swap) && in.optional("kernel", out.kernel) &&
         in.optional("kernelTCP", out.kernel_tcp) && in.optional("swappiness", out.swappiness) &&
         in.optional("disableOOMKiller", out.disable_oom_killer) &&
         in.optional("useHierarchy", out.use_hierarchy) &&
         in.optional("checkBeforeUpdate", out.check_before_update);
}

static bool read(Value value, Cpu& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("shares", out.shares) && in.optional("quota", out.quota) &&
         in.optional("burst", out.burst) && in.optional("period", out.period) &&
         in.optional("realtimeRuntime", out.realtime_runtime) &&
         in.optional("realtimePeriod", out.realtime_period) && in.optional("cpus", out.cpus) &&
         in.optional("mems", out.mems) && in.optional("idle", out.idle);
}

static bool read(Value value, Pids& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("limit", out.limit);
}

static bool read(Value value, WeightDevice& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("major", out.major) && in.required("minor", out.minor) &&
         in.optional("weight", out.weight) && in.optional("leafWeight", out.leaf_weight);
}

static bool read(Value value, ThrottleDevice& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("major", out.major) && in.required("minor", out.minor) &&
         in.required("rate", out.rate);
}

static bool read(Value value, BlockIo& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("weight", out.weight) && in.optional("leafWeight", out.leaf_weight) &&
         in.optional("weightDevice", out.weight_device) &&
         in.optional("throttleReadBpsDevice", out.throttle_read_bps_device) &&
         in.optional("throttleWriteBpsDevice", out.throttle_write_bps_device) &&
         in.optional("throttleReadIOPSDevice", out.throttle_read_iops_device) &&
         in.optional("throttleWriteIOPSDevice", out.throttle_write_iops_device);
}

static bool read(Value value, HugepageLimit& out, const Where& where) {
  const Object in(value, where);
  if (!in || !in.required("pageSize", out.page_size) || !in.required("limit", out.limit)) return false;
  return page_size(out.page_size) ||
         Where(where, "pageSize")
             .refuse("expected a size such as \"64KB\", \"2MB\" or \"1GB\", found " + quoted(out.page_size));
}

static bool read(Value value, NetworkPriority& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("name", out.name) && in.required("priority", out.priority);
}

static bool read(Value value, Network& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("classID", out.class_id) && in.optional("priorities", out.priorities);
}

static bool read(Value value, Rdma& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("hcaHandles", out.hca_handles) && in.optional("hcaObjects", out.hca_objects);
}

bool read(Value value, Resources& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("devices", out.devices) && in.optional("memory", out.memory) &&
         in.optional("cpu", out.cpu) && in.optional("pids", out.pids) &&
         in.optional("blockIO", out.block_io) && in.optional("hugepageLimits", out.hugepage_limits) &&
         in.optional("network", out.network) && in.optional("rdma", out.rdma) &&
         in.optional("unified", out.unified);
}

}  // namespace lodger::spec
