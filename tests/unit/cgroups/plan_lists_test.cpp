#include <catch2/catch.hpp>

#include "tests/unit/cgroups/settings.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

namespace {

spec::Resources with_block_io() {
  spec::Resources r;
  r.block_io = spec::BlockIo{};
  r.block_io->weight = 500;
  r.block_io->weight_device = {{8, 0, 10, {}}, {8, 16, {}, {}}};
  r.block_io->throttle_read_bps_device = {{8, 0, 600}};
  r.block_io->throttle_write_bps_device = {{8, 0, 0}};
  r.block_io->throttle_read_iops_device = {{8, 1, 7}};
  r.block_io->throttle_write_iops_device = {{8, 16, 8}, {8, 32, 9}};
  return r;
}

}  // namespace

TEST_CASE("v1: block IO") {
  const auto plan = plan_v1(with_block_io());
  CHECK(written(plan) ==
        Lines{"blkio.bfq.weight=500", "blkio.bfq.weight_device=8:0 10",
              "blkio.throttle.read_bps_device=8:0 600", "blkio.throttle.write_bps_device=8:0 0",
              "blkio.throttle.read_iops_device=8:1 7", "blkio.throttle.write_iops_device=8:16 8",
              "blkio.throttle.write_iops_device=8:32 9"});
  for (const auto& s : plan->settings) CHECK(s.other_file.empty());
}

TEST_CASE("a leaf weight is refused, whoever asks, since no kernel has it") {
  auto r = with_block_io();
  r.block_io->weight_device[1].leaf_weight = 20;
  CHECK(refusal(plan_v1(r)).starts_with("linux.resources.blockIO.leafWeight: "));
  CHECK(refusal(plan_v2(r)) == refusal(plan_v1(r)));
  r.block_io->weight_device[1].leaf_weight = 0;
  r.block_io->leaf_weight = 300;
  CHECK(refusal(plan_v1(r)).starts_with("linux.resources.blockIO.leafWeight: "));
}

TEST_CASE("v2: block IO, stretched where BFQ is missing") {
  const auto plan = plan_v2(with_block_io());
  CHECK(written(plan) == Lines{"io.bfq.weight=default 500", "io.bfq.weight=8:0 10", "io.max=8:0 rbps=600",
                               "io.max=8:0 wbps=max", "io.max=8:1 riops=7", "io.max=8:16 wiops=8",
                               "io.max=8:32 wiops=9"});
  CHECK(plan->settings[0].other_file == "io.weight");
  CHECK(plan->settings[0].other_value == "default 4950");
  CHECK(plan->settings[1].other_value == "8:0 1");
  for (const auto& s : plan->settings) CHECK(s.controller == "io");

  spec::Resources r;
  r.block_io = spec::BlockIo{};
  r.block_io->weight = 1000;
  CHECK(plan_v2(r)->settings[0].other_value == "default 10000");
}

TEST_CASE("huge pages: both accounts, the newer where there is one") {
  spec::Resources r;
  r.hugepage_limits = {{"2MB", 209715200}, {"1GB", 0}};
  CHECK(written(plan_v1(r)) == Lines{"hugetlb.2MB.limit_in_bytes=209715200",
                                     "hugetlb.2MB.rsvd.limit_in_bytes=209715200",
                                     "hugetlb.1GB.limit_in_bytes=0", "hugetlb.1GB.rsvd.limit_in_bytes=0"});
  const auto plan = plan_v2(r);
  CHECK(written(plan) == Lines{"hugetlb.2MB.max=209715200", "hugetlb.2MB.rsvd.max=209715200",
                               "hugetlb.1GB.max=0", "hugetlb.1GB.rsvd.max=0"});
  CHECK_FALSE(plan->settings[0].optional);
  CHECK(plan->settings[1].optional);
}

TEST_CASE("rdma: one line per device, on both versions") {
  spec::Resources r;
  r.rdma = {{"mlx5_1", {3, 10000}}, {"rxe3", {{}, 5}}, {"ib0", {1, {}}}};
  const Lines lines{"rdma.max=ib0 hca_handle=1", "rdma.max=mlx5_1 hca_handle=3 hca_object=10000",
                    "rdma.max=rxe3 hca_object=5"};
  CHECK(written(plan_v1(r)) == lines);
  CHECK(written(plan_v2(r)) == lines);
}
