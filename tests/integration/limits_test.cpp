// config-linux.md, "PIDs", "CPU": limits by what happens to who reaches them, on every layout alike. What a
// file holds is cgroups_test's.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// The most processes that a cgroup is seen to have in a while.
std::size_t most_seen(const std::string& at, std::chrono::milliseconds span) {
  std::size_t most = 0;
  const auto end = std::chrono::steady_clock::now() + span;
  while (std::chrono::steady_clock::now() < end) most = std::max(most, processes_in(at));
  return most;
}

/// Whether it comes to have so many processes, and then no more of them.
bool settles_at(const std::string& at, std::size_t count) {
  return eventually([&] { return processes_in(at) == count; }) &&
         most_seen(at, std::chrono::milliseconds(200)) == count;
}

bool online(int processors) { return sysconf(_SC_NPROCESSORS_ONLN) >= processors; }

/// The processors that a process may use, as cpuset.cpus lists them for small numbers.
std::string processors_of(pid_t pid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(pid, sizeof set, &set) != 0) return "?";
  std::string list;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set)) list += (list.empty() ? "" : ",") + std::to_string(i);
  return list;
}

/// The time that a process has had of processors, in ns. proc(5).
double had(pid_t pid) { return std::stod(read_file("/proc/" + std::to_string(pid) + "/schedstat")); }

/// Two containers on one processor that burn at the same time: how much more of it the second got.
double share_of_second(const json& first, const json& second) {
  const auto limited = [](const json& cpu) {
    return [cpu](json& config) {
      resources(config)["cpu"] = cpu;
      resources(config)["cpu"]["cpus"] = "0";
    };
  };
  Started a("burn 600000", limited(first));
  a.container.wait_for_output("burning");
  Started b("burn 600000", limited(second));
  b.container.wait_for_output("burning");
  const double one = had(a.container.pid()), other = had(b.container.pid());
  usleep(1'000'000);
  const double more_of_one = had(a.container.pid()) - one, more_of_other = had(b.container.pid()) - other;
  UNSCOPED_INFO("the first got " << more_of_one << " ns, the second " << more_of_other << " ns");
  return more_of_other / std::max(more_of_one, 1.0);
}

}  // namespace

TEST_CASE("limits: a fork bomb stops at pids.limit, whatever update makes of it", "[limits]") {
  NEEDS_ROOT();
  Created it([](json& config) { resources(config)["pids"] = {{"limit", 20}}; }, "bomb 200");
  const std::string at = folder(it.bundle, "pids");
  NEEDS(!at.empty(), "no pids controller");
  it.container.start();
  it.container.wait_for_output("bomb.errno");
  CHECK(it.container.facts()["bomb.errno"] == std::to_string(EAGAIN));
  CHECK(settles_at(at, 20));
  CHECK(figure(at + "/pids.events", "max") > 0);
  CHECK(statistics(it.container)["pids"]["current"] == 20);
  REQUIRE(update(it.container, {{"pids", {{"limit", 45}}}}).status == 0);
  CHECK(settles_at(at, 45));
  // Those that are there stay; none comes.
  REQUIRE(update(it.container, {{"pids", {{"limit", 10}}}}).status == 0);
  CHECK(settles_at(at, 45));
  REQUIRE(update(it.container, {{"pids", {{"limit", -1}}}}).status == 0);
  CHECK(eventually([&] { return processes_in(at) > 45; }));
}

TEST_CASE("limits: a quota throttles, and is told by events", "[limits]") {
  NEEDS_ROOT();
  // so little that a busy machine has it to give
  const Edit edit = [](json& config) { resources(config)["cpu"] = {{"quota", 4000}, {"period", 100000}}; };
  Started it("burn 1500 ; hold", edit);
  NEEDS(!folder(it.bundle, "cpu").empty(), "no cpu controller");
  it.container.wait_for_output("burn.ms");
  const long burnt = std::stol(it.container.facts()["burn.ms"]);
  INFO("processor time in 1500 ms with a quota of 4 %: " << burnt << " ms");
  CHECK(burnt < 500);
  REQUIRE(figure(folder(it.bundle, "cpu") + "/cpu.stat", "nr_throttled") > 0);
  const auto cpu = statistics(it.container)["cpu"];
  INFO(cpu.dump());
  CHECK(cpu["throttling"]["throttledPeriods"].get<int>() > 3);
  CHECK(cpu["throttling"]["throttledTime"].get<std::uint64_t>() > 100'000'000);
  CHECK(cpu["usage"]["total"].get<std::uint64_t>() < 600'000'000);
  // accounting/psi.rst; beside v1 in the cgroup2 tree. Who is throttled waits for a processor.
  const std::string unified = unified_folder(it.bundle);
  if (!unified.empty() && access((unified + "/cpu.pressure").c_str(), F_OK) == 0)
    CHECK(cpu["psi"]["some"]["total"].get<std::uint64_t>() > 100'000);
}

TEST_CASE("limits: update brings a quota, and takes it away", "[limits]") {
  NEEDS_ROOT();
  Started it("burn 600000");
  const std::string at = folder(it.bundle, "cpu");
  NEEDS(!at.empty(), "no cpu controller");
  const auto throttled = [&] { return figure(at + "/cpu.stat", "nr_throttled"); };
  CHECK(throttled() == 0);
  REQUIRE(update(it.container, {{"cpu", {{"quota", 10000}, {"period", 50000}}}}).status == 0);
  CHECK(eventually([&] { return throttled() > 3; }));
  REQUIRE(update(it.container, {{"cpu", {{"quota", -1}}}}).status == 0);
  usleep(100'000);  // the period that is running may still end throttled
  const auto before = throttled();
  usleep(300'000);
  CHECK(throttled() == before);
}

TEST_CASE("limits: shares divide a processor", "[limits]") {
  NEEDS_ROOT();
  NEEDS(!folder(Bundle("hold", {}), "cpuset").empty(), "no cpuset controller");
  CHECK(share_of_second({{"shares", 128}}, {{"shares", 1024}}) > 2);
}

TEST_CASE("limits: an idle cgroup leaves the processor to others", "[limits]") {
  NEEDS_ROOT();
  Created probe({});
  const std::string at = folder(probe.bundle, "cpu");
  NEEDS(!at.empty() && access((at + "/cpu.idle").c_str(), F_OK) == 0, "no cpu.idle before Linux 5.15");
  NEEDS(!folder(probe.bundle, "cpuset").empty(), "no cpuset controller");
  CHECK(share_of_second({{"idle", 1}}, json::object()) > 5);
}

TEST_CASE("limits: an idle cgroup is told its shares again without effect, and has them when it is not idle",
          "[limits]") {
  NEEDS_ROOT();
  Created it({});
  const std::string at = folder(it.bundle, "cpu");
  NEEDS(!at.empty() && access((at + "/cpu.idle").c_str(), F_OK) == 0, "no cpu.idle before Linux 5.15");
  for (const int idle : {1, 1, 0}) {
    const auto done = update(it.container, {{"cpu", {{"idle", idle}, {"shares", 512}}}});
    INFO(done.err);
    CHECK(done.status == 0);
  }
  CHECK(value(at, "cpu.shares", "cpu.weight") == (v2() ? "59" : "512"));
}

TEST_CASE("limits: a burst is written beside the quota that it adds to", "[limits]") {
  NEEDS_ROOT();
  Created probe({});
  const std::string at = folder(probe.bundle, "cpu");
  NEEDS(!at.empty() && !value(at, "cpu.cfs_burst_us", "cpu.max.burst").empty(), "no burst before Linux 5.14");
  const auto burst = [&] { return value(at, "cpu.cfs_burst_us", "cpu.max.burst"); };
  CHECK(burst() == "0");
  const json cpu = {{"quota", 20000}, {"period", 100000}, {"burst", 10000}};
  REQUIRE(update(probe.container, {{"cpu", cpu}}).status == 0);
  CHECK(burst() == "10000");
  CHECK(update(probe.container, {{"cpu", {{"burst", 30000}}}}).status != 0);  // above its quota
  CHECK(burst() == "10000");
}

TEST_CASE("limits: a process is on the processors of its set, and moves with it", "[limits]") {
  NEEDS_ROOT();
  NEEDS(online(2), "needs two processors");
  Started it("hold", [](json& config) { resources(config)["cpu"] = {{"cpus", "1"}}; });
  NEEDS(!folder(it.bundle, "cpuset").empty(), "no cpuset controller");
  const pid_t pid = it.container.pid();
  CHECK(processors_of(pid) == "1");
  REQUIRE(update(it.container, {{"cpu", {{"cpus", "0"}}}}).status == 0);
  CHECK(processors_of(pid) == "0");
  REQUIRE(update(it.container, {{"cpu", {{"cpus", "0-1"}}}}).status == 0);
  CHECK(processors_of(pid) == "0,1");
}

namespace {

/// The real-time budget of the tests' parent, taken back in the end: not at once, since a cgroup that is
/// removed has its share until an RCU grace period is over.
class Budget {
 public:
  explicit Budget(std::string file) : file_(std::move(file)) { take_back(); }
  ~Budget() { CHECK_NOFAIL(take_back()); }
  Budget(const Budget&) = delete;
  void give(const std::string& microseconds) const { write_file(file_, microseconds); }

 private:
  bool take_back() const {
    return eventually([&] { return (std::ofstream(file_) << "0" << std::flush).good(); });
  }
  std::string file_;
};

}  // namespace

TEST_CASE("limits: on v1 a real-time policy needs a budget", "[limits]") {
  NEEDS_ROOT();
  NEEDS(access("/sys/fs/cgroup/cpu/cpu.rt_runtime_us", F_OK) == 0,
        "no real-time budgets (CONFIG_RT_GROUP_SCHED, cgroup v1)");
  const Edit fifo = [](json& config) {
    config["process"]["scheduler"] = {{"policy", "SCHED_FIFO"}, {"priority", 1}};
  };
  const Edit budget = [&](json& config) {
    fifo(config);
    resources(config)["cpu"] = {{"realtimeRuntime", 1000}, {"realtimePeriod", 1000000}};
  };
  const Created holder({});  // keeps the parent there
  const Budget of_parent(folder(holder.bundle, "cpu") + "/../cpu.rt_runtime_us");
  refused(budget, {"cpu.rt_runtime_us", "the parent has 0 us to give"});
  of_parent.give("10000");
  CHECK(outcome("echo ran", fifo).status != 0);
  CHECK(inside("scheduling", budget)["sched.policy"] == std::to_string(SCHED_FIFO));
}
