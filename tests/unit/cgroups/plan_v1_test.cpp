#include <catch2/catch.hpp>

#include "cgroups/plan.hpp"
#include "tests/unit/cgroups/settings.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

TEST_CASE("v1: an empty configuration writes nothing") {
  const auto plan = plan_v1({});
  REQUIRE(plan);
  CHECK(plan->settings.empty());
}

TEST_CASE("v1: memory") {
  spec::Resources r;
  r.memory = spec::Memory{};
  r.memory->limit = 1000;
  r.memory->swap = 3000;
  r.memory->reservation = 500;
  r.memory->kernel_tcp = 100;
  r.memory->swappiness = 0;
  r.memory->disable_oom_killer = true;
  r.memory->use_hierarchy = true;
  CHECK(written(plan_v1(r)) == Lines{"memory.use_hierarchy=1", "memory.limit_in_bytes=1000",
                                     "memory.memsw.limit_in_bytes=3000", "memory.soft_limit_in_bytes=500",
                                     "memory.kmem.tcp.limit_in_bytes=100", "memory.swappiness=0",
                                     "memory.oom_control=1"});
}

TEST_CASE("v1: no limit is -1, lifts swap with it, and is the default of a new cgroup") {
  spec::Resources r;
  r.memory = spec::Memory{};
  r.memory->limit = -1;
  const auto plan = plan_v1(r);
  CHECK(written(plan) == Lines{"memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"});
  for (const auto& s : plan->settings) CHECK(s.is_default);
  r.memory->swap = 7;
  CHECK(written(plan_v1(r)) == Lines{"memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=7"});
}

TEST_CASE("v1: cpu, with what bounds before what is bounded") {
  spec::Resources r;
  r.cpu = spec::Cpu{};
  r.cpu->shares = 512;
  r.cpu->quota = 20000;
  r.cpu->period = 50000;
  r.cpu->burst = 1000;
  r.cpu->idle = 1;
  r.cpu->realtime_period = 900000;
  r.cpu->realtime_runtime = 1000;
  r.cpu->cpus = "0-3,7";
  r.cpu->mems = "0-1";
  CHECK(written(plan_v1(r)) == Lines{"cpu.cfs_period_us=50000", "cpu.cfs_quota_us=20000",
                                     "cpu.cfs_burst_us=1000", "cpu.idle=1", "cpu.rt_period_us=900000",
                                     "cpu.rt_runtime_us=1000", "cpuset.cpus=0-3,7", "cpuset.mems=0-1"});
  r.cpu = spec::Cpu{};
  r.cpu->shares = 512;
  r.cpu->idle = 0;
  CHECK(written(plan_v1(r)) == Lines{"cpu.shares=512", "cpu.idle=0"});
}

TEST_CASE("v1: zeros that callers send for \"not set\" are not written, those that mean something are") {
  spec::Resources r;
  r.memory = spec::Memory{};
  r.memory->limit = r.memory->reservation = r.memory->swap = r.memory->kernel = r.memory->kernel_tcp = 0;
  r.cpu = spec::Cpu{};
  r.cpu->shares = r.cpu->period = 0;
  r.cpu->quota = 0;
  CHECK(written(plan_v1(r)).empty());
  r.pids = spec::Pids{0};
  r.memory->swappiness = 0;
  CHECK(written(plan_v1(r)) == Lines{"memory.swappiness=0", "pids.max=0"});
}

TEST_CASE("v1: pids and network") {
  spec::Resources r;
  r.pids = spec::Pids{-1};
  r.network = spec::Network{1048577, {{"eth0", 5}, {"lo", 6}}};
  const auto plan = plan_v1(r);
  CHECK(written(plan) == Lines{"pids.max=max", "net_cls.classid=1048577", "net_prio.ifpriomap=eth0 5",
                               "net_prio.ifpriomap=lo 6"});
  CHECK(plan->settings[0].is_default);
  CHECK(plan->settings[0].controller == "pids");
}

TEST_CASE("v1: refusals name the property") {
  spec::Resources r;
  r.unified = {{"memory.max", "1"}};
  CHECK(refusal(plan_v1(r)).starts_with("linux.resources.unified: "));

  r = {};
  r.memory = spec::Memory{};
  r.memory->kernel = 4096;
  CHECK(refusal(plan_v1(r)).starts_with("linux.resources.memory.kernel: "));
  r.memory->kernel = -1;
  CHECK(written(plan_v1(r)).empty());
  r.memory->limit = -2;
  CHECK(refusal(plan_v1(r)) == "linux.resources.memory.limit: -2: a limit is positive, or -1 for none");
  r.memory->limit = 5;
  r.memory->use_hierarchy = false;
  CHECK(refusal(plan_v1(r)).starts_with("linux.resources.memory.useHierarchy: "));
}

TEST_CASE("v1: device rules are writes, the default first") {
  spec::Resources r;
  r.devices = {{false, 'a', {}, {}, "rwm"}, {true, 'c', 10, 229, "rw"}};
  const auto lines = written(plan_v1(r));
  REQUIRE(lines.size() == 12);
  CHECK(lines[0] == "devices.deny=a");
  CHECK(lines[1] == "devices.allow=c 10:229 rw");
  CHECK(lines[2] == "devices.allow=c *:* m");
  CHECK(lines[11] == "devices.allow=c 136:* rwm");
}
