// The clauses of "linux.resources" whose properties are lists: blockIO, hugepageLimits, network, rdma. Two
// entries for one thing would leave the order to chance; of two for one block device the last one counts, as
// it does in the kernel. Source: runtime-spec 1.3, config-linux.md, "Block
// IO", "Huge page limits", "Network", "RDMA".
#include <fmt/core.h>

#include <set>

#include "spec/clauses.hpp"
#include "spec/json.hpp"

namespace lodger::spec {

namespace {

/// 12 and 20 bits in the kernel (include/linux/kdev_t.h).
Outcome<> number(const std::string& where, std::int64_t major, std::int64_t minor) {
  if (major < 0 || major >= 1 << 12)
    return refuse(fmt::format("{}.major: expected 0 to 4095, found {}", where, major));
  if (minor < 0 || minor >= 1 << 20)
    return refuse(fmt::format("{}.minor: expected 0 to 1048575, found {}", where, minor));
  return {};
}

template <class Entry>
Outcome<> block_devices(std::string_view property, const std::vector<Entry>& list) {
  for (std::size_t i = 0; i < list.size(); ++i)
    TRY(number(fmt::format("linux.resources.blockIO.{}[{}]", property, i), list[i].major, list[i].minor));
  return {};
}

/// BFQ's range (Documentation/block/bfq-iosched.rst); 0 is what Docker writes for "none".
Outcome<> weight(const std::string& property, std::optional<std::uint16_t> value) {
  if (value.value_or(0) <= 1000) return {};
  return refuse(fmt::format("linux.resources.blockIO.{}: expected 1 to 1000, found {}", property, *value));
}

Outcome<> block_io(const Resources& resources) {
  if (!resources.block_io) return {};
  const BlockIo& io = *resources.block_io;
  TRY(weight("weight", io.weight));
  TRY(weight("leafWeight", io.leaf_weight));
  TRY(block_devices("weightDevice", io.weight_device));
  for (std::size_t i = 0; i < io.weight_device.size(); ++i) {
    const WeightDevice& entry = io.weight_device[i];
    TRY(weight(fmt::format("weightDevice[{}].weight", i), entry.weight));
    TRY(weight(fmt::format("weightDevice[{}].leafWeight", i), entry.leaf_weight));
    if (!entry.weight && !entry.leaf_weight)
      return refuse(fmt::format(
          "linux.resources.blockIO.weightDevice[{}]: needs weight or leafWeight, has neither", i));
  }
  TRY(block_devices("throttleReadBpsDevice", io.throttle_read_bps_device));
  TRY(block_devices("throttleWriteBpsDevice", io.throttle_write_bps_device));
  TRY(block_devices("throttleReadIOPSDevice", io.throttle_read_iops_device));
  return block_devices("throttleWriteIOPSDevice", io.throttle_write_iops_device);
}

Outcome<> huge_pages(const Resources& resources) {
  std::set<std::string_view> sizes;
  for (std::size_t i = 0; i < resources.hugepage_limits.size(); ++i)
    if (const auto& size = resources.hugepage_limits[i].page_size; !sizes.insert(size).second)
      return refuse(
          fmt::format("linux.resources.hugepageLimits[{}].pageSize: a second limit for {}", i, size));
  return {};
}

/// A name goes into a line of "NAME NUMBER": one with blanks would be read as something else.
Outcome<> network(const Resources& resources) {
  if (!resources.network) return {};
  std::set<std::string_view> names;
  const auto& list = resources.network->priorities;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto where = fmt::format("linux.resources.network.priorities[{}].name", i);
    if (!interface_name(list[i].name))
      return refuse(fmt::format("{}: {} is no name of a network interface", where, quoted(list[i].name)));
    if (!names.insert(list[i].name).second)
      return refuse(fmt::format("{}: a second priority for {}", where, quoted(list[i].name)));
  }
  return {};
}

/// config-linux.md, "RDMA": "You MUST specify at least one of the hcaHandles or hcaObjects in a given entry".
Outcome<> rdma(const Resources& resources) {
  for (const auto& [device, limit] : resources.rdma) {
    const auto where = fmt::format("linux.resources.rdma[{}]", quoted(device));
    if (device.empty() || device.find_first_of(" \t\n=/") != device.npos)
      return refuse(where + ": no name of an RDMA device");
    if (!limit.hca_handles && !limit.hca_objects)
      return refuse(where + ": needs hcaHandles or hcaObjects, has neither");
  }
  return {};
}

constexpr Clause<Resources> clauses[] = {block_io, huge_pages, network, rdma};

}  // namespace

/// dev_valid_name() of the kernel.
bool interface_name(std::string_view name) {
  constexpr std::size_t most = 15;  // IFNAMSIZ - 1
  return !name.empty() && name.size() <= most && name != "." && name != ".." &&
         name.find_first_of("/: \t\n\v\f\r") == name.npos;
}

std::span<const Clause<Resources>> resource_list_clauses() { return clauses; }

}  // namespace lodger::spec
