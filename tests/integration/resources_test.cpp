// config-linux.md, "Block IO", "Huge page limits", "Network", "RDMA": limits of what a machine may not have.
// Each is written where it has it, and is refused by name where not; how block I/O is slowed: io_*_test.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json of_loop(const char* member, unsigned value) { return {{{"major", 7}, {"minor", 0}, {member, value}}}; }

bool has_loop() { return access("/sys/dev/block/7:0", F_OK) == 0; }

const char* io() { return v2() ? "io" : "blkio"; }

}  // namespace

TEST_CASE("resources: each throttle is written for its device", "[resources]") {
  NEEDS_ROOT();
  NEEDS(has_loop(), "no loop device");
  Created it([](json& config) {
    json twice = of_loop("rate", 524288);  // of two entries for one device the last one counts
    twice.push_back(of_loop("rate", 1048576)[0]);
    resources(config)["blockIO"] = {{"throttleReadBpsDevice", twice},
                                    {"throttleWriteBpsDevice", of_loop("rate", 2097152)},
                                    {"throttleReadIOPSDevice", of_loop("rate", 30)},
                                    {"throttleWriteIOPSDevice", of_loop("rate", 40)}};
  });
  const std::string at = folder(it.bundle, io());
  NEEDS(!at.empty(), "no blkio controller");
  if (v2()) {
    CHECK(value(at, "", "io.max") == "7:0 rbps=1048576 wbps=2097152 riops=30 wiops=40");
  } else {
    CHECK(value(at, "blkio.throttle.read_bps_device", "") == "7:0 1048576");
    CHECK(value(at, "blkio.throttle.write_bps_device", "") == "7:0 2097152");
    CHECK(value(at, "blkio.throttle.read_iops_device", "") == "7:0 30");
    CHECK(value(at, "blkio.throttle.write_iops_device", "") == "7:0 40");
  }
}

TEST_CASE("resources: the weight of block IO", "[resources]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) { resources(config)["blockIO"]["weight"] = 123; };
  const Bundle bundle("hold", edit);
  Container container(bundle);
  NEEDS(!folder(bundle, io()).empty(), "no blkio controller");
  const Finished made = container.begin(container.making("create")).wait();
  INFO(made.err);
  if (made.status != 0) {
    CHECK_THAT(made.err, Catch::Contains("weights need the BFQ scheduler"));
    SKIP_TEST("the kernel has no weights");
  }
  const std::string at = folder(bundle, io());
  if (access((at + "/io.weight").c_str(), F_OK) == 0 && access((at + "/io.bfq.weight").c_str(), F_OK) != 0)
    CHECK(value(at, "", "io.weight") == "default 1142");
  else
    CHECK_THAT(value(at, "blkio.bfq.weight", "io.bfq.weight"), Catch::Contains("123"));
}

TEST_CASE("resources: a block device that is not there, a partition, a leaf weight", "[resources]") {
  NEEDS_ROOT();
  NEEDS(has_loop(), "no block devices in /sys");
  refused(
      [](json& config) {
        resources(config)["blockIO"]["throttleReadBpsDevice"] = {
            {{"major", 4001}, {"minor", 0}, {"rate", 1}}};
      },
      {"linux.resources.blockIO.throttleReadBpsDevice[0]", "4001:0", "no such block device"});
  refused([](json& config) { resources(config)["blockIO"]["leafWeight"] = 100; },
          {"linux.resources.blockIO.leafWeight", "CFQ"});
  refused([](json& config) { resources(config)["blockIO"]["weight"] = 1001; },
          {"linux.resources.blockIO.weight", "1 to 1000"});
}

TEST_CASE("resources: huge pages are limited, by reservation where the kernel counts those", "[resources]") {
  NEEDS_ROOT();
  NEEDS(access("/sys/kernel/mm/hugepages/hugepages-2048kB", F_OK) == 0, "no huge pages of 2 MB");
  const Edit edit = [](json& config) {
    resources(config)["hugepageLimits"] = {{{"pageSize", "2MB"}, {"limit", 4 << 20}}};
  };
  const Bundle probe("hold", {});
  if (folder(probe, "hugetlb").empty()) {
    refused(edit, {"hugetlb.2MB", "the hugetlb controller is not"});
    SKIP_TEST("no hugetlb controller: refused by name");
  }
  Created it(edit);
  const std::string at = folder(it.bundle, "hugetlb");
  CHECK(value(at, "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max") == "4194304");
  CHECK(value(at, "hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.2MB.rsvd.max") == "4194304");
}

TEST_CASE("resources: the limit of huge pages holds", "[resources]") {
  NEEDS_ROOT();
  const Bundle probe("hold", {});
  NEEDS(!folder(probe, "hugetlb").empty(), "no hugetlb controller");
  NEEDS(std::atoi(read_file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages").c_str()) >= 4,
        "the machine has set no huge pages aside (vm.nr_hugepages)");
  const auto pages = [](unsigned limit) {
    return inside("hugepages 4", [=](json& config) {
      if (limit) resources(config)["hugepageLimits"] = {{{"pageSize", "2MB"}, {"limit", limit << 21}}};
    })["hugepages.count"];
  };
  CHECK(pages(0) == "4");
  CHECK(pages(2) == "2");
}

TEST_CASE("resources: a size of huge page that the machine does not have is refused", "[resources]") {
  NEEDS_ROOT();
  refused(
      [](json& config) {
        resources(config)["hugepageLimits"] = {{{"pageSize", "3MB"}, {"limit", 1}}};
      },
      {"linux.resources.hugepageLimits[0].pageSize", "3MB", "there are: "});
}

TEST_CASE("resources: network classes and priorities are cgroup v1's", "[resources]") {
  NEEDS_ROOT();
  const Edit classes = [](json& config) { resources(config)["network"] = {{"classID", 1048577}}; };
  const Edit priorities = [](json& config) {
    resources(config)["network"]["priorities"] = {{{"name", "lo"}, {"priority", 7}}};
  };
  const Bundle probe("hold", {});
  if (v2()) {
    refused(classes, {"linux.resources.network.classID", "cgroup2 has no net_cls"});
    refused(priorities, {"linux.resources.network.priorities", "cgroup2 has no net_prio"});
    return;
  }
  if (folder(probe, "net_cls").empty()) {
    refused(classes, {"net_cls.classid", "the net_cls controller is not mounted"});
  } else {
    Created it(classes);
    CHECK(value(folder(it.bundle, "net_cls"), "net_cls.classid", "") == "1048577");
  }
  if (folder(probe, "net_prio").empty()) {
    refused(priorities, {"net_prio.ifpriomap", "the net_prio controller is not mounted"});
  } else {
    Created it(priorities);
    CHECK_THAT(value(folder(it.bundle, "net_prio"), "net_prio.ifpriomap", ""), Catch::Contains("lo 7"));
  }
}

TEST_CASE("resources: a socket has its cgroup's network class", "[resources]") {
  NEEDS_ROOT();
  NEEDS(!v2() && !folder(Bundle("hold", {}), "net_cls").empty(), "no net_cls controller");
  NEEDS(access("/usr/bin/ss", X_OK) == 0, "needs ss(8) of iproute2");
  Started it("serve tcp4 0", [](json& config) { resources(config)["network"] = {{"classID", 1048577}}; });
  it.container.wait_for_output("listening.tcp4");
  const std::string port = it.container.facts()["listening.tcp4"];
  const Finished sockets =
      run_command({"/usr/bin/ss", "--tcp", "--listening", "--numeric", "--tos", "sport", "=", port});
  INFO(sockets.out << sockets.err);
  CHECK_THAT(sockets.out, Catch::Contains("class_id:0x100001"));
}

TEST_CASE("resources: rdma limits the device that they name", "[resources]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) {
    resources(config)["rdma"] = {{"lodger-none0", {{"hcaHandles", 3}, {"hcaObjects", 100}}}};
  };
  const Bundle probe("hold", {});
  refused(edit, {"rdma.max", folder(probe, "rdma").empty() ? "the rdma controller is not" : "lodger-none0"});
  refused([](json& config) { resources(config)["rdma"]["mlx5_1"] = json::object(); },
          {"linux.resources.rdma[\"mlx5_1\"]", "hcaHandles or hcaObjects"});
}
