// config-linux.md, "Control groups": where the container is, that limits are written and take effect, and
// that the folders go with it. Files are named for cgroup v1 and v2; a controller that the machine mounts
// nowhere is skipped.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "support/census.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

bool v2() { return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0; }

/// The container's folder of a controller; empty where this machine has no such controller.
std::string folder(const Bundle& bundle, const std::string& controller) {
  if (v2()) {
    const std::string all = " " + read_file("/sys/fs/cgroup/cgroup.controllers");
    return all.find(controller) == std::string::npos ? "" : "/sys/fs/cgroup/lodger-test/" + bundle.name();
  }
  const std::string hierarchy = "/sys/fs/cgroup/" + controller;
  return access((hierarchy + "/cgroup.procs").c_str(), F_OK) == 0
             ? hierarchy + "/lodger-test/" + bundle.name()
             : "";
}

std::string value(const std::string& folder, const char* v1_file, const char* v2_file) {
  std::string text = read_file(folder + "/" + (v2() ? v2_file : v1_file));
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

json& resources(json& config) { return config["linux"]["resources"]; }

/// A created container, for looking at its files.
struct Made {
  Bundle bundle;
  Container container;
  explicit Made(const Edit& edit, const std::string& line = "hold") : bundle(line, edit), container(bundle) {
    container.create();
  }
};

}  // namespace

TEST_CASE("cgroups: the container's process is in its folder on every hierarchy", "[cgroups]") {
  NEEDS_ROOT();
  Made it({});
  const auto folders = cgroup_folders(it.bundle.name());
  REQUIRE_FALSE(folders.empty());
  for (const auto& folder : folders) {
    INFO(folder);
    CHECK(read_file(folder + "/cgroup.procs") == std::to_string(it.container.pid()) + "\n");
  }
  CHECK(it.container.remove().status == 0);
  CHECK(cgroup_folders(it.bundle.name()).empty());
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
    Made it(edit);
    NEEDS(!folder(it.bundle, "pids").empty(), "no pids controller");
    CHECK(value(folder(it.bundle, "pids"), "pids.max", "pids.max") == "7");
  }
  const Facts facts = inside("fork 20", edit);
  CHECK(facts["fork.count"] == "6");
  CHECK(facts["fork.errno"] == std::to_string(EAGAIN));
  CHECK(inside("fork 20")["fork.count"] == "20");
}

TEST_CASE("cgroups: memory limits are written and kill what exceeds them", "[cgroups]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) {
    resources(config)["memory"] = {{"limit", 32 << 20}, {"reservation", 16 << 20}};
  };
  {
    Made it(edit);
    const std::string at = folder(it.bundle, "memory");
    NEEDS(!at.empty(), "no memory controller");
    CHECK(value(at, "memory.limit_in_bytes", "memory.max") == "33554432");
    CHECK(value(at, "memory.soft_limit_in_bytes", "memory.low") == "16777216");
  }
  CHECK(inside("touch 256", edit)["touch.signal"] == std::to_string(SIGKILL));
  CHECK(inside("touch 8", edit)["touch.signal"] == "0");
}

TEST_CASE("cgroups: cpu shares, quota and period", "[cgroups]") {
  NEEDS_ROOT();
  Made it([](json& config) {
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
  Made it([](json& config) { resources(config)["cpu"] = {{"cpus", "0"}, {"mems", "0"}}; });
  const std::string at = folder(it.bundle, "cpuset");
  NEEDS(!at.empty(), "no cpuset controller");
  CHECK(value(at, "cpuset.cpus", "cpuset.cpus") == "0");
  CHECK(value(at, "cpuset.mems", "cpuset.mems") == "0");
}

TEST_CASE("cgroups: block I/O weights and throttles of devices that exist", "[cgroups]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) {
    resources(config)["blockIO"] = {
        {"throttleReadBpsDevice", {{{"major", 7}, {"minor", 0}, {"rate", 1048576}}}}};
  };
  NEEDS_FEATURE(edit);
  Made it(edit);
  const std::string at = folder(it.bundle, v2() ? "io" : "blkio");
  NEEDS(!at.empty(), "no blkio controller");
  CHECK_THAT(value(at, "blkio.throttle.read_bps_device", "io.max"), Catch::Contains("1048576"));
}

TEST_CASE("cgroups: unified settings go to the cgroup2 tree by their file name", "[cgroups]") {
  NEEDS_ROOT();
  NEEDS(v2(), "the machine's cgroup2 tree has no controller");
  Made it([](json& config) { resources(config)["unified"] = {{"pids.max", "9"}}; });
  CHECK(value(folder(it.bundle, "pids"), "", "pids.max") == "9");
}

TEST_CASE("cgroups: a limit that cannot be applied fails the creation by name, and leaves nothing",
          "[cgroups]") {
  NEEDS_ROOT();
  refused([](json& config) { resources(config)["cpu"] = {{"cpus", "4000-4001"}}; }, {"cpuset"});
}

TEST_CASE("cgroups: a size of huge page that the machine does not have is refused", "[cgroups]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) {
    resources(config)["hugepageLimits"] = {{{"pageSize", "3MB"}, {"limit", 1}}};
  };
  NEEDS_FEATURE(edit);
  refused(edit, {"3MB"});
}

TEST_CASE("cgroups: a path with .. is refused or stays below the root", "[cgroups]") {
  NEEDS_ROOT();
  const Finished done = outcome("cat /proc/self/cgroup", [](json& config) {
    config["linux"]["cgroupsPath"] = "/lodger-test/../../../../lodger-test/" + unique_name();
  });
  if (done.status == 0) {
    for (const auto& line : Facts(done.out).all("line:/proc/self/cgroup"))
      CHECK_THAT(line, !Catch::Contains(".."));
  } else {
    CHECK_THAT(done.err, Catch::Contains("cgroup"));
  }
}

TEST_CASE("cgroups: a container killed by the memory limit ends, and its folders go", "[cgroups]") {
  NEEDS_ROOT();
  const Bundle bundle("touch 256", [](json& config) { resources(config)["memory"] = {{"limit", 16 << 20}}; });
  Container container(bundle);
  NEEDS(!folder(bundle, "memory").empty(), "no memory controller");
  container.run();
  CHECK(container.leftovers() == std::vector<std::string>{});
}
