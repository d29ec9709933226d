// The properties that are lists: blockIO, hugepageLimits, rdma, and v1's network priorities. One entry, one
// write. On cgroup2, block IO weights belong to the BFQ scheduler where it is loaded, else to io.cost's.
#include <fmt/core.h>

#include "cgroups/values.hpp"

namespace lodger::cgroups {
namespace {

using spec::BlockIo;
using spec::Resources;
using spec::ThrottleDevice;

struct Throttle {
  std::vector<ThrottleDevice> BlockIo::*devices;
  const char* v1_file;
  const char* v2_key;  // in io.max
};
constexpr Throttle throttles[] = {
    {&BlockIo::throttle_read_bps_device, "blkio.throttle.read_bps_device", "rbps"},
    {&BlockIo::throttle_write_bps_device, "blkio.throttle.write_bps_device", "wbps"},
    {&BlockIo::throttle_read_iops_device, "blkio.throttle.read_iops_device", "riops"},
    {&BlockIo::throttle_write_iops_device, "blkio.throttle.write_iops_device", "wiops"},
};

/// blkio's 10 to 1000 stretched over io.weight's 1 to 10000.
unsigned stretched(unsigned weight) { return weight < 10 ? 1 : 1 + (weight - 10) * 9999 / 990; }

/// Weights are BFQ's alone: the files without "bfq" were the CFQ scheduler's, which Linux 5.0 removed.
void add_block_io_v1(const BlockIo& io, std::vector<Setting>& out) {
  if (const auto value = text(nonzero(io.weight)))
    out.push_back({"blkio", "blkio.bfq.weight", *value, false, false, {}, {}});
  for (const auto& d : io.weight_device)
    if (const auto value = nonzero(d.weight))
      out.push_back({"blkio",
                     "blkio.bfq.weight_device",
                     fmt::format("{}:{} {}", d.major, d.minor, *value),
                     false,
                     false,
                     {},
                     {}});
  for (const auto& throttle : throttles)
    for (const auto& d : io.*throttle.devices)
      out.push_back({"blkio",
                     throttle.v1_file,
                     fmt::format("{}:{} {}", d.major, d.minor, d.rate),
                     false,
                     false,
                     {},
                     {}});
}

void add_block_io_v2(const BlockIo& io, std::vector<Setting>& out) {
  const auto weight = [&](const std::string& whose, unsigned value) {
    out.push_back({"io", "io.bfq.weight", fmt::format("{} {}", whose, value), false, false, "io.weight",
                   fmt::format("{} {}", whose, stretched(value))});
  };
  if (const auto value = nonzero(io.weight)) weight("default", *value);
  for (const auto& d : io.weight_device)
    if (const auto value = nonzero(d.weight)) weight(fmt::format("{}:{}", d.major, d.minor), *value);
  for (const auto& throttle : throttles)
    for (const auto& d : io.*throttle.devices) {
      const auto rate = d.rate == 0 ? "max" : std::to_string(d.rate);  // v1's 0 lifts the limit
      out.push_back({"io",
                     "io.max",
                     fmt::format("{}:{} {}={}", d.major, d.minor, throttle.v2_key, rate),
                     false,
                     false,
                     {},
                     {}});
    }
}

/// Both accounts: of reservations, where the kernel (5.7) has it, and of pages touched.
void add_hugepages(const Resources& r, std::string_view ending, std::vector<Setting>& out) {
  for (const auto& entry : r.hugepage_limits) {
    const auto value = std::to_string(entry.limit);
    out.push_back(
        {"hugetlb", fmt::format("hugetlb.{}.{}", entry.page_size, ending), value, false, false, {}, {}});
    out.push_back(
        {"hugetlb", fmt::format("hugetlb.{}.rsvd.{}", entry.page_size, ending), value, false, true, {}, {}});
  }
}

void add_rdma(const Resources& r, std::vector<Setting>& out) {
  for (const auto& [device, limit] : r.rdma) {
    std::string value = device;
    if (limit.hca_handles) value += fmt::format(" hca_handle={}", *limit.hca_handles);
    if (limit.hca_objects) value += fmt::format(" hca_object={}", *limit.hca_objects);
    out.push_back({"rdma", "rdma.max", std::move(value), false, false, {}, {}});
  }
}

}  // namespace

void add_lists_v1(const Resources& r, std::vector<Setting>& settings) {
  if (r.block_io) add_block_io_v1(*r.block_io, settings);
  add_hugepages(r, "limit_in_bytes", settings);
  add_rdma(r, settings);
  if (!r.network) return;
  for (const auto& entry : r.network->priorities)
    settings.push_back({"net_prio",
                        "net_prio.ifpriomap",
                        fmt::format("{} {}", entry.name, entry.priority),
                        false,
                        false,
                        {},
                        {}});
}

void add_lists_v2(const Resources& r, std::vector<Setting>& settings) {
  if (r.block_io) add_block_io_v2(*r.block_io, settings);
  add_hugepages(r, "max", settings);
  add_rdma(r, settings);
}

}  // namespace lodger::cgroups
