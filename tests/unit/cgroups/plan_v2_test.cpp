#include <catch2/catch.hpp>

#include "cgroups/values.hpp"
#include "tests/unit/cgroups/settings.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

namespace {

spec::Resources with_memory(std::optional<std::int64_t> limit, std::optional<std::int64_t> swap) {
  spec::Resources r;
  r.memory = spec::Memory{};
  r.memory->limit = limit;
  r.memory->swap = swap;
  return r;
}

spec::Resources with_cpu(const spec::Cpu& cpu) {
  spec::Resources r;
  r.cpu = cpu;
  return r;
}

}  // namespace

TEST_CASE("v2: an empty configuration writes nothing and restricts no device") {
  const auto plan = plan_v2({});
  CHECK(written(plan).empty());
  CHECK_FALSE(plan->restricts_devices);
}

TEST_CASE("v2: swap is what config.json calls memory and swap, less the memory") {
  CHECK(written(plan_v2(with_memory(1000, 3000))) == Lines{"memory.swap.max=2000", "memory.max=1000"});
  CHECK(written(plan_v2(with_memory(1000, 1000))) == Lines{"memory.swap.max=0", "memory.max=1000"});
  CHECK(written(plan_v2(with_memory(1000, -1))) == Lines{"memory.swap.max=max", "memory.max=1000"});
  CHECK(written(plan_v2(with_memory(1000, {}))) == Lines{"memory.max=1000"});
  CHECK(written(plan_v2(with_memory(-1, {}))) == Lines{"memory.swap.max=max", "memory.max=max"});
  CHECK(written(plan_v2(with_memory({}, -1))) == Lines{"memory.swap.max=max"});
  CHECK(written(plan_v2(with_memory(0, 0))).empty());
  for (const auto& r : {with_memory(1000, 999), with_memory({}, 5), with_memory(0, 5), with_memory(-1, 5)})
    CHECK(refusal(plan_v2(r)).starts_with("linux.resources.memory.swap: "));
}

TEST_CASE("v2: reservation") {
  spec::Resources r = with_memory({}, {});
  r.memory->reservation = 77;
  CHECK(written(plan_v2(r)) == Lines{"memory.low=77"});
  r.memory->reservation = -1;
  CHECK(written(plan_v2(r)) == Lines{"memory.low=max"});
}

TEST_CASE("v2: cpu.max holds quota and period") {
  spec::Cpu cpu;
  cpu.quota = 50000;
  CHECK(written(plan_v2(with_cpu(cpu))) == Lines{"cpu.max=50000 100000"});
  cpu.period = 20000;
  CHECK(written(plan_v2(with_cpu(cpu))) == Lines{"cpu.max=50000 20000"});
  cpu.quota = -1;
  CHECK(written(plan_v2(with_cpu(cpu))) == Lines{"cpu.max=max 20000"});
  cpu.quota.reset();
  CHECK(written(plan_v2(with_cpu(cpu))) == Lines{"cpu.max=max 20000"});
  cpu.period.reset();
  cpu.quota = -1;
  const auto plan = plan_v2(with_cpu(cpu));
  CHECK(written(plan) == Lines{"cpu.max=max 100000"});
  CHECK(plan->settings[0].is_default);
}

TEST_CASE("v2: the rest of cpu, cpuset and pids") {
  spec::Cpu cpu;
  cpu.shares = 1024;
  cpu.burst = 10;
  cpu.idle = 1;
  cpu.cpus = "1,3";
  cpu.mems = "0-1";
  auto r = with_cpu(cpu);
  r.pids = spec::Pids{32};
  CHECK(written(plan_v2(r)) ==
        Lines{"cpu.max.burst=10", "cpu.idle=1", "cpuset.cpus=1,3", "cpuset.mems=0-1", "pids.max=32"});
  r.cpu->idle = 0;
  CHECK(written(plan_v2(r)) == Lines{"cpu.weight=100", "cpu.max.burst=10", "cpu.idle=0", "cpuset.cpus=1,3",
                                     "cpuset.mems=0-1", "pids.max=32"});
}

TEST_CASE("shares become a weight on the curve that runc and crun use since 2025") {
  CHECK(weight_of_shares(0) == "1");
  CHECK(weight_of_shares(2) == "1");
  CHECK(weight_of_shares(3) == "2");
  CHECK(weight_of_shares(10) == "4");
  CHECK(weight_of_shares(100) == "17");
  CHECK(weight_of_shares(512) == "59");
  CHECK(weight_of_shares(1024) == "100");
  CHECK(weight_of_shares(2000) == "170");  // the example of opencontainers/runc#4896
  CHECK(weight_of_shares(2048) == "174");
  CHECK(weight_of_shares(262143) == "10000");
  CHECK(weight_of_shares(262144) == "10000");
  CHECK(weight_of_shares(~0ULL) == "10000");
}

TEST_CASE("v2: unified comes last, line by line, and wins") {
  auto r = with_memory(1000, {});
  r.unified = {{"memory.max", "2000"},
               {"io.max", "8:0 rbps=1\n8:16 wiops=2"},
               {"cgroup.max.depth", "3"},
               {"cpuset.cpus", ""}};
  const auto plan = plan_v2(r);
  CHECK(written(plan) == Lines{"memory.max=1000", "cgroup.max.depth=3", "cpuset.cpus=", "io.max=8:0 rbps=1",
                               "io.max=8:16 wiops=2", "memory.max=2000"});
  CHECK(plan->settings[1].controller == "cgroup");
  CHECK(plan->settings[3].controller == "io");
  for (const char* bad : {"../memory.max", "memory/max.x", "memory", ".max", ""}) {
    r.unified = {{bad, "1"}};
    CHECK(refusal(plan_v2(r)).starts_with("linux.resources.unified: \""));
  }
}

TEST_CASE("v2: what only v1 had is refused by name, unless it asks for nothing") {
  using Edit = void (*)(spec::Resources&);
  const std::pair<const char*, Edit> asked[] = {
      {"memory.kernel", [](spec::Resources& r) { r.memory->kernel = 1; }},
      {"memory.kernelTCP", [](spec::Resources& r) { r.memory->kernel_tcp = 1; }},
      {"memory.swappiness", [](spec::Resources& r) { r.memory->swappiness = 60; }},
      {"memory.disableOOMKiller", [](spec::Resources& r) { r.memory->disable_oom_killer = true; }},
      {"cpu.realtimeRuntime", [](spec::Resources& r) { r.cpu->realtime_runtime = 1; }},
      {"cpu.realtimePeriod", [](spec::Resources& r) { r.cpu->realtime_period = 1; }},
      {"network.classID", [](spec::Resources& r) { r.network->class_id = 1; }},
      {"network.priorities",
       [](spec::Resources& r) {
         r.network->priorities = {{"lo", 1}};
       }},
      {"blockIO.leafWeight", [](spec::Resources& r) { r.block_io->leaf_weight = 10; }},
      {"blockIO.leafWeight",
       [](spec::Resources& r) {
         r.block_io->weight_device = {{8, 0, {}, 10}};
       }},
  };
  for (const auto& [property, edit] : asked) {
    spec::Resources r;
    r.memory = spec::Memory{};
    r.cpu = spec::Cpu{};
    r.network = spec::Network{};
    r.block_io = spec::BlockIo{};
    edit(r);
    CHECK(refusal(plan_v2(r)).starts_with(fmt::format("linux.resources.{}: ", property)));
  }
  spec::Resources r;
  r.memory = spec::Memory{};
  r.memory->kernel = r.memory->kernel_tcp = -1;
  r.memory->disable_oom_killer = false;
  r.memory->use_hierarchy = true;
  CHECK(written(plan_v2(r)).empty());
}
