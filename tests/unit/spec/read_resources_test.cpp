#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

TEST_CASE("resources: every member has its place") {
  const auto parsed = parse_resources(R"({
      "devices": [{"allow": false, "access": "rwm"},
                  {"allow": true, "type": "c", "major": 10, "minor": -1, "access": "r"}, {"allow": true, "type": ""}],
      "memory": {"limit": 1, "reservation": 2, "swap": -1, "kernel": 4, "kernelTCP": 5, "swappiness": 6,
                 "disableOOMKiller": true, "useHierarchy": false, "checkBeforeUpdate": true},
      "cpu": {"shares": 1, "quota": -1, "burst": 3, "period": 4, "realtimeRuntime": 5, "realtimePeriod": 6,
              "cpus": "0", "mems": "1", "idle": 1},
      "pids": {"limit": -1},
      "blockIO": {"weight": 10, "leafWeight": 11,
                  "weightDevice": [{"major": 8, "minor": 0, "weight": 500, "leafWeight": 300}],
                  "throttleReadBpsDevice": [{"major": 8, "minor": 1, "rate": 1}],
                  "throttleWriteBpsDevice": [{"major": 8, "minor": 1, "rate": 2}],
                  "throttleReadIOPSDevice": [{"major": 8, "minor": 1, "rate": 3}],
                  "throttleWriteIOPSDevice": [{"major": 8, "minor": 1, "rate": 18446744073709551615}]},
      "hugepageLimits": [{"pageSize": "2MB", "limit": 9}],
      "network": {"classID": 4294967295, "priorities": [{"name": "eth0", "priority": 5}]},
      "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 4}},
      "unified": {"memory.high": "1"}})");
  REQUIRE(verdict(parsed) == "accepted");
  const Resources& r = *parsed;
  REQUIRE(r.devices.size() == 3);
  CHECK_FALSE(r.devices[0].allow);
  CHECK(r.devices[0].type == 'a');
  CHECK_FALSE(r.devices[0].major);
  CHECK(r.devices[0].access == "rwm");
  CHECK(r.devices[1].allow);
  CHECK(r.devices[1].type == 'c');
  CHECK(r.devices[1].major == 10);
  CHECK_FALSE(r.devices[1].minor);
  CHECK(r.devices[2].type == 'a');
  CHECK(r.memory->limit == 1);
  CHECK(r.memory->reservation == 2);
  CHECK(r.memory->swap == -1);
  CHECK(r.memory->kernel == 4);
  CHECK(r.memory->kernel_tcp == 5);
  CHECK(r.memory->swappiness == 6U);
  CHECK(r.memory->disable_oom_killer == true);
  CHECK(r.memory->use_hierarchy == false);
  CHECK(r.memory->check_before_update == true);
  CHECK(r.cpu->shares == 1U);
  CHECK(r.cpu->quota == -1);
  CHECK(r.cpu->burst == 3U);
  CHECK(r.cpu->period == 4U);
  CHECK(r.cpu->realtime_runtime == 5);
  CHECK(r.cpu->realtime_period == 6U);
  CHECK(r.cpu->cpus == "0");
  CHECK(r.cpu->mems == "1");
  CHECK(r.cpu->idle == 1);
  CHECK(r.pids->limit == -1);
  CHECK(r.block_io->weight == 10);
  CHECK(r.block_io->leaf_weight == 11);
  CHECK(r.block_io->weight_device.at(0).weight == 500);
  CHECK(r.block_io->weight_device.at(0).leaf_weight == 300);
  CHECK(r.block_io->throttle_read_bps_device.at(0).rate == 1);
  CHECK(r.block_io->throttle_write_bps_device.at(0).rate == 2);
  CHECK(r.block_io->throttle_read_iops_device.at(0).rate == 3);
  CHECK(r.block_io->throttle_write_iops_device.at(0).rate == 18446744073709551615U);
  CHECK(r.hugepage_limits.at(0).page_size == "2MB");
  CHECK(r.hugepage_limits.at(0).limit == 9);
  CHECK(r.network->class_id == 4294967295U);
  CHECK(r.network->priorities.at(0).name == "eth0");
  CHECK(r.network->priorities.at(0).priority == 5);
  CHECK(r.rdma.at("mlx5_1").hca_handles == 3U);
  CHECK(r.rdma.at("mlx5_1").hca_objects == 4U);
  CHECK(r.unified.at("memory.high") == "1");
}

TEST_CASE("resources: what is null or absent is no limit") {
  const auto parsed =
      parse_resources(R"({"memory": {"limit": null}, "cpu": {}, "pids": null, "devices": null})");
  REQUIRE(parsed);
  CHECK_FALSE(parsed->memory->limit);
  CHECK_FALSE(parsed->cpu->shares);
  CHECK_FALSE(parsed->pids);
  CHECK(parsed->devices.empty());
}

TEST_CASE("resources: page sizes have the form of hugetlb's file names") {
  const auto with = [](const std::string& size) {
    return verdict(parse_resources(R"({"hugepageLimits": [{"limit": 1, "pageSize": ")" + size + "\"}]}"));
  };
  for (const char* good : {"64KB", "2MB", "1GB", "16384KB"}) CHECK(with(good) == "accepted");
  for (const char* bad : {"64kB", "2M", "MB", "B", "", "02MB", "2 MB", "-2MB", "2TB", "x2MB"}) {
    CAPTURE(bad);
    CHECK(with(bad) ==
          "linux.resources.hugepageLimits[0].pageSize: expected a size such as \"64KB\", \"2MB\" or \"1GB\", "
          "found \"" +
              std::string(bad) + "\"");
  }
}

TEST_CASE("resources: wrong types and ranges are named by their path") {
  struct Row {
    const char *text, *said;
  };
  for (const auto& [text, said] : {
           Row{R"({"memory": {"limit": 9223372036854775808}})",
               "linux.resources.memory.limit: expected -9223372036854775808 to 9223372036854775807, found "
               "9223372036854775808"},
           Row{R"({"memory": {"limit": "64M"}})",
               "linux.resources.memory.limit: expected an integer, found a string"},
           Row{R"({"cpu": {"shares": -1}})",
               "linux.resources.cpu.shares: expected 0 to 18446744073709551615, found -1"},
           Row{R"({"blockIO": {"weight": 65536}})",
               "linux.resources.blockIO.weight: expected 0 to 65535, found 65536"},
           Row{R"({"blockIO": {"weightDevice": [{"major": 1}]}})",
               "linux.resources.blockIO.weightDevice[0].minor: missing"},
           Row{R"({"blockIO": {"throttleReadBpsDevice": [{"major": 1, "minor": 2}]}})",
               "linux.resources.blockIO.throttleReadBpsDevice[0].rate: missing"},
           Row{R"({"devices": [{"type": "c"}]})", "linux.resources.devices[0].allow: missing"},
           Row{R"({"devices": [{"allow": true, "type": "x"}]})",
               "linux.resources.devices[0].type: unknown device type \"x\""},
           Row{R"({"rdma": {"mlx5_1": {"hcaHandles": "not a uint32"}}})",
               "linux.resources.rdma.mlx5_1.hcaHandles: expected an integer, found a string"},
           Row{R"({"network": {"priorities": [{"name": "eth0"}]}})",
               "linux.resources.network.priorities[0].priority: missing"},
           Row{R"({"unified": {"memory.high": 1}})",
               "linux.resources.unified[\"memory.high\"]: expected a string, found a number"},
           Row{R"({"pids": 5})", "linux.resources.pids: expected an object, found a number"},
           Row{"[]", "linux.resources: expected an object, found an array"},
       }) {
    CAPTURE(text);
    CHECK(verdict(parse_resources(text)) == said);
  }
}
