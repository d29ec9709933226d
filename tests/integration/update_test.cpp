// update: limits of a container that is there, seen in its cgroup's files and by what happens.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

bool v2() { return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0; }

struct Updated {
  Bundle bundle;
  Container container;
  explicit Updated(const Edit& edit = {},
                   const std::vector<std::string>& args = {"/bin/sh", "-c", "sleep 1000"})
      : bundle(args, edit), container(bundle) {
    container.create();
    container.start();
  }
  Finished update(std::vector<std::string> flags, const std::string& input = "") {
    flags.insert(flags.begin(), "update");
    flags.push_back(container.id());
    Setting setting;
    setting.input = input;
    auto done = container.call(flags, setting);
    UNSCOPED_INFO(done.err);
    return done;
  }
  std::string value(const std::string& controller, const char* v1_file, const char* v2_file) {
    const std::string folder = v2() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
    auto text = read_file(folder + "/lodger-test/" + bundle.name() + "/" + (v2() ? v2_file : v1_file));
    if (text.ends_with('\n')) text.pop_back();
    return text;
  }
  std::string memory() { return value("memory", "memory.limit_in_bytes", "memory.max"); }
  std::string pids() { return value("pids", "pids.max", "pids.max"); }
  std::string quota() { return value("cpu", "cpu.cfs_quota_us", "cpu.max"); }
};

/// What quota() says.
std::string cpu(const std::string& quota, const std::string& period) {
  return v2() ? (quota == "-1" ? "max" : quota) + " " + period : quota;
}

}  // namespace

TEST_CASE("update: each flag changes its file and no other", "[update]") {
  NEEDS_ROOT();
  Updated it;
  REQUIRE(it.update({"--memory", "64M", "--pids-limit", "50"}).status == 0);
  CHECK(it.memory() == "67108864");
  CHECK(it.pids() == "50");
  REQUIRE(it.update({"--cpu-quota", "20000"}).status == 0);
  CHECK(it.quota() == cpu("20000", "100000"));
  REQUIRE(it.update({"--cpu-period", "50000"}).status == 0);
  CHECK(it.quota() == cpu("20000", "50000"));
  REQUIRE(it.update({"--cpu-quota=30000"}).status == 0);
  CHECK(it.quota() == cpu("30000", "50000"));
  REQUIRE(it.update({"--cpu-share", "512"}).status == 0);
  CHECK(it.value("cpu", "cpu.shares", "cpu.weight") == (v2() ? "59" : "512"));
  REQUIRE(it.update({"--cpuset-cpus", "0", "--cpuset-mems", "0"}).status == 0);
  CHECK(it.value("cpuset", "cpuset.cpus", "cpuset.cpus") == "0");
  REQUIRE(it.update({"--memory-reservation", "32m"}).status == 0);
  CHECK(it.value("memory", "memory.soft_limit_in_bytes", "memory.low") == "33554432");
  REQUIRE(it.update({"--pids-limit", "-1"}).status == 0);
  CHECK(it.pids() == "max");
  CHECK(it.memory() == "67108864");
}

TEST_CASE("update: memory above memory and swap together is refused with what helps", "[update]") {
  NEEDS_ROOT();
  if (v2()) return;  // memory.max and memory.swap.max are independent
  Updated it;
  REQUIRE(it.update({"--memory", "64M", "--memory-swap", "64M"}).status == 0);
  const Finished done = it.update({"--memory", "128M"});
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("memory and swap together, which is 67108864 bytes"));
  CHECK(it.memory() == "67108864");
  const Finished less = it.update({"--memory-swap", "32M"});
  CHECK(less.status == 1);
  CHECK_THAT(less.err, Catch::Contains("memory alone is allowed 67108864 bytes"));
}

TEST_CASE("update: a quota, a period or a burst that the kernel does not take is told with what it takes",
          "[update]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "checks lodger's own words");
  Updated it;
  REQUIRE(it.update({"--cpu-quota", "20000"}).status == 0);
  for (const auto& flags : {std::vector<std::string>{"--cpu-quota", "1"}, {"--cpu-period", "5"}}) {
    const Finished done = it.update(flags);
    CHECK(done.status == 1);
    CHECK_THAT(done.err, Catch::Contains("the least quota is 1000 us"));
  }
  NEEDS(!it.value("cpu", "cpu.cfs_burst_us", "cpu.max.burst").empty(), "this kernel knows no bursts");
  const Finished done = it.update({"--cpu-burst", "20001"});
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("a burst is at most the quota"));
  CHECK(it.quota() == cpu("20000", "100000"));
}

TEST_CASE("update: memory and swap go down and up in either order", "[update]") {
  NEEDS_ROOT();
  Updated it;
  const auto swap = [&] { return it.value("memory", "memory.memsw.limit_in_bytes", "memory.swap.max"); };
  NEEDS(!swap().empty(), "this machine does not count swap");
  const auto together = [&](long limit, long both) { return std::to_string(v2() ? both - limit : both); };
  for (const long mib : {512L, 64L, 256L}) {
    INFO(mib);
    const long limit = mib << 20;
    REQUIRE(
        it.update({"--memory", std::to_string(limit), "--memory-swap", std::to_string(2 * limit)}).status ==
        0);
    CHECK(it.memory() == std::to_string(limit));
    CHECK(swap() == together(limit, 2 * limit));
  }
  // Swap alone: the limit that is there counts.
  REQUIRE(it.update({"--memory-swap", "300M"}).status == 0);
  CHECK(swap() == together(256L << 20, 300L << 20));
  REQUIRE(it.update({"--memory", "-1"}).status == 0);
  CHECK(it.memory() == (v2() ? "max" : "9223372036854771712"));
  CHECK(swap() == (v2() ? "max" : "9223372036854771712"));
}

TEST_CASE("update: resources of a file and of stdin; other flags do not count then", "[update]") {
  NEEDS_ROOT();
  Updated it;
  const std::string text = R"({"pids": {"limit": 30}, "cpu": {"quota": 40000, "period": 80000}})";
  REQUIRE(it.update({"--resources", "-", "--pids-limit", "99"}, text).status == 0);
  CHECK(it.pids() == "30");
  CHECK(it.quota() == cpu("40000", "80000"));
  write_file(it.bundle.beside("limits.json"), R"({"pids": {"limit": 31}})");
  REQUIRE(it.update({"-r", it.bundle.beside("limits.json")}).status == 0);
  CHECK(it.pids() == "31");
  CHECK(it.quota() == cpu("40000", "80000"));
}

TEST_CASE("update: what is no number or no limit is refused, and nothing changes", "[update]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "the texts are lodger's own");
  Updated it;
  const auto before = it.memory();
  const auto refuses = [&](const std::vector<std::string>& flags, const std::string& text,
                           const std::string& in = "") {
    const auto done = it.update(flags, in);
    CHECK(done.status == 1);
    CHECK_THAT(done.err, Catch::Contains(text));
  };
  refuses({"--memory", "64x"}, "invalid value for --memory: \"64x\"");
  refuses({"--memory", "64M", "--pids-limit", "many"}, "invalid value for --pids-limit");
  refuses({"--memory", "64M", "--pids-limit", "-2"}, "pids.limit");
  refuses({"--memory", "64M", "--cpu-idle", "2"}, "cpu.idle");
  refuses({"--memory", "64M", "--l3-cache-schema", "L3:0=f"}, "no class of service");
  refuses({"--memory", "64M", "--mem-bw-schema", "L3:0=f"}, "memBwSchema");
  refuses({"-r", "-"}, "resources", "{\"memory\": 3}");
  refuses({"-r", "/no/such/file"}, "/no/such/file");
  CHECK(it.memory() == before);
}

TEST_CASE("update: when one limit cannot be set, the others have their former values", "[update]") {
  NEEDS_ROOT();
  Updated it;
  REQUIRE(it.update({"--memory", "128M", "--pids-limit", "40", "--cpu-quota", "50000"}).status == 0);
  const auto done =
      it.update({"--memory", "64M", "--pids-limit", "20", "--cpu-quota", "10000", "--cpuset-cpus", "4095"});
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("cpuset.cpus"));
  CHECK(it.memory() == std::to_string(128L << 20));
  CHECK(it.pids() == "40");
  CHECK(it.quota() == cpu("50000", "100000"));
}

TEST_CASE("update: the new limit of processes holds", "[update]") {
  NEEDS_ROOT();
  Updated it({}, {"/bin/sh", "-c",
                  "mkfifo /go; echo ready; read x </go; (sleep 1 & sleep 1 & wait) 2>&1; sleep 100"});
  it.container.wait_for_output("ready");
  REQUIRE(it.update({"--pids-limit", "2"}).status == 0);
  write_file(it.bundle.rootfs("/go"), "x\n");
  it.container.wait_for_output("fork");
}

TEST_CASE("update: device rules stay as they are unless there are new ones", "[update]") {
  NEEDS_ROOT();
  Updated it([](json& config) {
    config["linux"]["resources"]["devices"] = json::array({{{"allow", false}, {"access", "rwm"}}});
  });
  const auto opens_kmsg = [&] {
    const std::string line = "rm -f /k; mknod /k c 1 11; exec 3>/k";
    return it.container.call({"exec", it.container.id(), "/bin/sh", "-c", line}).status == 0;
  };
  REQUIRE_FALSE(opens_kmsg());
  REQUIRE(it.update({"--pids-limit", "20"}).status == 0);
  CHECK_FALSE(opens_kmsg());
  const std::string rule = R"({"devices": [{"allow": false, "access": "rwm"},
                                           {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rwm"}]})";
  REQUIRE(it.update({"-r", "-"}, rule).status == 0);
  CHECK(opens_kmsg());
}

TEST_CASE("update: a created container can be updated, a stopped one cannot", "[update]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  CHECK_THAT(container.call({"update", "--pids-limit", "9", container.id()}).err,
             Catch::Contains("does not exist"));
  container.create();
  CHECK(container.call({"update", "--pids-limit", "9", container.id()}).status == 0);
  REQUIRE(container.call({"kill", container.id(), "KILL"}).status == 0);
  container.wait_for("stopped");
  const auto done = container.call({"update", "--pids-limit", "9", container.id()});
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("container not running"));
}

TEST_CASE("update: the shares of an idle cgroup are refused with what helps, or told to be ignored",
          "[update]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "the texts are lodger's own");
  Updated it;
  const auto idle = [&] { return it.value("cpu", "cpu.idle", "cpu.idle"); };
  NEEDS(!idle().empty(), "no cpu.idle before Linux 5.15");
  const auto both = it.update({"--cpu-share", "200", "--cpu-idle", "1"});
  CHECK(both.status == 0);
  CHECK_THAT(both.err, Catch::Contains("unable to apply both shares and idle"));
  CHECK(idle() == "1");
  const auto alone = it.update({"--cpu-share", "200"});
  CHECK(alone.status == 1);
  CHECK_THAT(alone.err, Catch::Contains("an idle cgroup has none: set cpu.idle to 0 as well"));
  CHECK(it.update({"--cpu-share", "200", "--cpu-idle", "0"}).status == 0);
  CHECK(it.value("cpu", "cpu.shares", "cpu.weight") == (v2() ? "29" : "200"));
}

TEST_CASE("update: whoever names no limit is told so", "[update]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "the texts are lodger's own");
  Updated it;
  CHECK_THAT(it.update({}).err, Catch::Contains("no limit is named, so nothing changes"));
  for (const char* text : {"{}", R"({"linux": {"resources": {"pids": {"limit": 5}}}})"}) {
    const auto done = it.update({"-r", "-"}, text);
    CHECK(done.status == 0);
    CHECK_THAT(done.err, Catch::Contains("--resources names no limit, so nothing changes"));
  }
  CHECK(it.pids() == "max");
  CHECK(it.update({"--pids-limit", "50"}).err.empty());
  CHECK(it.update({"-r", "-"}, R"({"pids": {"limit": 51}})").err.empty());
}

TEST_CASE("update: settings of kernel memory are taken, and called what they are", "[update]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "the text is lodger's own");
  Updated it;
  const auto done = it.update({"--kernel-memory", "64M", "--kernel-memory-tcp", "1M"});
  CHECK(done.status == 0);
  CHECK_THAT(done.err, Catch::Contains("kernel memory settings are ignored"));
}
