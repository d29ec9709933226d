#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string with(Resources resources) { return verdict(check(resources)); }
static std::string with(BlockIo io) { return with(Resources{.block_io = std::move(io)}); }

TEST_CASE("check resources: block devices are in range; of two entries for one the last counts") {
  CHECK(with(BlockIo{.weight = 1000,
                     .leaf_weight = 0,
                     .weight_device = {{8, 0, 10, {}}, {8, 16, {}, 10}},
                     .throttle_read_bps_device = {{8, 0, 1}, {8, 16, 1}},
                     .throttle_write_bps_device = {{8, 0, 1}},
                     .throttle_read_iops_device = {{4095, 1048575, 1}},
                     .throttle_write_iops_device = {{8, 0, 0}}}) == "accepted");
  CHECK(with(BlockIo{.weight_device = {{8, 0, 10, {}}, {8, 0, 20, {}}}}) == "accepted");
  CHECK(with(BlockIo{.throttle_read_bps_device = {{8, 1, 1}, {8, 2, 1}, {8, 1, 2}}}) == "accepted");
  CHECK(with(BlockIo{.throttle_write_bps_device = {{-1, 0, 1}}}) ==
        "linux.resources.blockIO.throttleWriteBpsDevice[0].major: expected 0 to 4095, found -1");
  CHECK(with(BlockIo{.throttle_read_iops_device = {{4096, 0, 1}}}) ==
        "linux.resources.blockIO.throttleReadIOPSDevice[0].major: expected 0 to 4095, found 4096");
  CHECK(with(BlockIo{.throttle_write_iops_device = {{1, 1048576, 1}}}) ==
        "linux.resources.blockIO.throttleWriteIOPSDevice[0].minor: expected 0 to 1048575, found 1048576");
}

TEST_CASE("check resources: block weights") {
  CHECK(with(BlockIo{.weight = 1001}) == "linux.resources.blockIO.weight: expected 1 to 1000, found 1001");
  CHECK(with(BlockIo{.leaf_weight = 1001}) ==
        "linux.resources.blockIO.leafWeight: expected 1 to 1000, found 1001");
  CHECK(with(BlockIo{.weight_device = {{8, 0, 1001, {}}}}) ==
        "linux.resources.blockIO.weightDevice[0].weight: expected 1 to 1000, found 1001");
  CHECK(with(BlockIo{.weight_device = {{8, 0, {}, 1001}}}) ==
        "linux.resources.blockIO.weightDevice[0].leafWeight: expected 1 to 1000, found 1001");
  CHECK(with(BlockIo{.weight_device = {{8, 0, {}, {}}}}) ==
        "linux.resources.blockIO.weightDevice[0]: needs weight or leafWeight, has neither");
}

TEST_CASE("check resources: one limit for each size of huge page") {
  CHECK(with(Resources{.hugepage_limits = {{"2MB", 1}, {"1GB", 1}}}) == "accepted");
  CHECK(with(Resources{.hugepage_limits = {{"2MB", 1}, {"2MB", 1}}}) ==
        "linux.resources.hugepageLimits[1].pageSize: a second limit for 2MB");
}

TEST_CASE("check resources: network priorities name interfaces, each once") {
  const auto priorities = [](std::vector<NetworkPriority> list) {
    return with(Resources{.network = Network{.priorities = std::move(list)}});
  };
  CHECK(priorities({{"eth0", 1}, {"a-name.of_15xxx", 2}}) == "accepted");
  CHECK(priorities({{"eth0", 1}, {"eth0", 2}}) ==
        "linux.resources.network.priorities[1].name: a second priority for \"eth0\"");
  for (const char* bad : {"", ".", "..", "a b", "a/b", "a:b", "a\n", "sixteen-letters-"}) {
    CAPTURE(bad);
    CHECK(priorities({{bad, 1}}).ends_with(" is no name of a network interface"));
  }
}

TEST_CASE("check resources: rdma limits something, of a device") {
  CHECK(with(Resources{.rdma = {{"mlx5_1", {3, {}}}, {"rxe3", {{}, 0}}}}) == "accepted");
  CHECK(with(Resources{.rdma = {{"mlx5_1", {}}}}) ==
        "linux.resources.rdma[\"mlx5_1\"]: needs hcaHandles or hcaObjects, has neither");
  for (const char* bad : {"", "a b", "a=b", "a/b", "a\n"}) {
    CAPTURE(bad);
    CHECK(with(Resources{.rdma = {{bad, {1, 1}}}}).ends_with(": no name of an RDMA device"));
  }
}
