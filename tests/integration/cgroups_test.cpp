// config-linux.md, "Control groups": where the container is, that limits are written and take effect, and
// that the folders go with it. Files are named for cgroup v1 and v2; a controller that the machine mounts
// nowhere is skipped.
#include "support/cgroups.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "support/census.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

TEST_CASE("cgroups: the container's process is in its folder on every hierarchy", "[cgroups]") {
  NEEDS_ROOT();
  Created it({});
  const auto folders = cgroup_folders(it.bundle.name());
  REQUIRE_FALSE(folders.empty());
  for (const auto& folder : folders) {
    INFO(folder);
    CHECK(read_file(folder + "/cgroup.procs") == std::to_string(it.container.pid()) + "\n");
  }
  CHECK(it.container.remove().status == 0);
  CHECK(cgroup_folders(it.bundle.name()).empty());
}

TEST_CASE("cgroups: one whose processes were killed together takes a new container", "[cgroups]") {
  NEEDS_ROOT();
  Created first({});
  const auto folders = cgroup_folders(first.bundle.name());
  NEEDS(std::ranges::any_of(folders,
                            [](const auto& f) { return access((f + "/cgroup.kill").c_str(), F_OK) == 0; }),
        "needs a cgroup2 tree and Linux 5.14");
  for (const auto& folder : folders)
    if (access((folder + "/cgroup.kill").c_str(), F_OK) == 0) write_file(folder + "/cgroup.kill", "1");
  first.container.wait_for("stopped");
  Created second([&](json& config) {
    config["linux"]["cgroupsPath"] =
        json::parse(read_file(first.bundle.path() + "/config.json"))["linux"]["cgroupsPath"];
  });
  for (const auto& folder : folders)
    CHECK(read_file(folder + "/cgroup.procs") == std::to_string(second.container.pid()) + "\n");
}

TEST_CASE("cgroups: without cgroupsPath it is below /lodger, and goes again", "[cgroups]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "the default path is lodger's own");
  const Bundle bundle("cat /proc/self/cgroup", [](json& config) { config["linux"].erase("cgroupsPath"); });
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK_THAT(done.out, Catch::Contains(":/lodger/" + container.id()));
  for (const char* hierarchy : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids"})
    CHECK(access((std::string(hierarchy) + "/lodger/" + container.id()).c_str(), F_OK) != 0);
}

TEST_CASE("cgroups: pids.limit is written and the next fork is refused", "[cgroups]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) { resources(config)["pids"] = {{"limit", 7}}; };
  {
    Created it(edit);
    NEEDS(!folder(it.bundle, "pids").empty(), "no pids controller");
    CHECK(value(folder(it.bundle, "pids"), "pids.max", "pids.max") == "7");
  }
  const Facts facts = inside("fork 20", edit);
  CHECK(facts["fork.count"] == "6");
  CHECK(facts["fork.errno"] == std::to_string(EAGAIN));
  CHECK(inside("fork 20")["fork.count"] == "20");
}

TEST_CASE("cgroups: memory limits are written", "[cgroups]") {
  NEEDS_ROOT();
  Created it([](json& config) {
    resources(config)["memory"] = {{"limit", 32 << 20}, {"reservation", 16 << 20}};
  });
  const std::string at = folder(it.bundle, "memory");
  NEEDS(!at.empty(), "no memory controller");
  CHECK(value(at, "memory.limit_in_bytes", "memory.max") == "33554432");
  CHECK(value(at, "memory.soft_limit_in_bytes", "memory.low") == "16777216");
}

TEST_CASE("cgroups: cpu shares, quota and period", "[cgroups]") {
  NEEDS_ROOT();
  Created it([](json& config) {
    resources(config)["cpu"] = {{"shares", 512}, {"quota", 50000}, {"period", 100000}};
  });
  const std::string at = folder(it.bundle, "cpu");
  NEEDS(!at.empty(), "no cpu controller");
  if (v2()) {
    CHECK(value(at, "", "cpu.max") == "50000 100000");
  } else {
    CHECK(value(at, "cpu.shares", "") == "512");
    CHECK(value(at, "cpu.cfs_quota_us", "") == "50000");
    CHECK(value(at, "cpu.cfs_period_us", "") == "100000");
  }
}

TEST_CASE("cgroups: cpuset", "[cgroups]") {
  NEEDS_ROOT();
  Created it([](json& config) { resources(config)["cpu"] = {{"cpus", "0"}, {"mems", "0"}}; });
  const std::string at = folder(it.bundle, "cpuset");
  NEEDS(!at.empty(), "no cpuset controller");
  CHECK(value(at, "cpuset.cpus", "cpuset.cpus") == "0");
  CHECK(value(at, "cpuset.mems", "cpuset.mems") == "0");
}

TEST_CASE("cgroups: unified settings go to the cgroup2 tree by their file name", "[cgroups]") {
  NEEDS_ROOT();
  NEEDS(v2(), "the machine's cgroup2 tree has no controller");
  Created it([](json& config) { resources(config)["unified"] = {{"pids.max", "9"}}; });
  CHECK(value(folder(it.bundle, "pids"), "", "pids.max") == "9");
}

TEST_CASE("cgroups: a limit that cannot be applied fails the creation by name, and leaves nothing",
          "[cgroups]") {
  NEEDS_ROOT();
  refused([](json& config) { resources(config)["cpu"] = {{"cpus", "4000-4001"}}; }, {"cpuset"});
}

TEST_CASE("cgroups: a path with .. is cleaned as if its top were the root (as runc does)", "[cgroups]") {
  NEEDS_ROOT();
  const std::string name = unique_name();
  Created it([&](json& config) {
    config["linux"]["cgroupsPath"] = "/lodger-test/../../../x/../lodger-test/" + name;
  });
  for (const auto& folder : cgroup_folders(name))
    CHECK(read_file(folder + "/cgroup.procs") == std::to_string(it.container.pid()) + "\n");
  CHECK_FALSE(cgroup_folders(name).empty());
  CHECK_THAT(read_file("/proc/" + std::to_string(it.container.pid()) + "/cgroup"),
             Catch::Contains(":/lodger-test/" + name + "\n") && !Catch::Contains(".."));
  CHECK(it.container.remove().status == 0);
  CHECK(cgroup_folders(name).empty());
}

TEST_CASE("cgroups: the root cgroup is no container's, however it is spelled", "[cgroups]") {
  NEEDS_ROOT();
  for (const char* path : {"/", "/lodger-test/..", ".."})
    refused([&](json& config) { config["linux"]["cgroupsPath"] = path; }, {"the root cgroup"});
}
