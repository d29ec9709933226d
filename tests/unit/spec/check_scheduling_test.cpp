#include <linux/mempolicy.h>
#include <linux/sched.h>

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string with(const Scheduler& scheduler) {
  return check_after([&](Config& c) { c.process->scheduler = scheduler; });
}
static std::string with(const MemoryPolicy& policy) {
  return check_after([&](Config& c) { c.linux->memory_policy = policy; });
}

TEST_CASE("check scheduler: nice and priority belong to policies") {
  for (const int policy : {SCHED_NORMAL, SCHED_BATCH, SCHED_IDLE, 4}) {
    CHECK(with(Scheduler{.policy = policy}) == "accepted");
    CHECK(with(Scheduler{.policy = policy, .nice = -20}) == "accepted");
    CHECK(with(Scheduler{.policy = policy, .nice = 19}) == "accepted");
  }
  CHECK(with(Scheduler{.nice = 20}) == "process.scheduler.nice: expected -20 to 19, found 20");
  CHECK(with(Scheduler{.nice = -21}) == "process.scheduler.nice: expected -20 to 19, found -21");
  CHECK(with(Scheduler{.policy = SCHED_BATCH, .priority = 1}) ==
        "process.scheduler.priority: is for SCHED_FIFO and SCHED_RR only, found 1 with SCHED_BATCH");
  CHECK(with(Scheduler{.policy = SCHED_FIFO, .priority = 1}) == "accepted");
  CHECK(with(Scheduler{.policy = SCHED_RR, .priority = 99}) == "accepted");
  CHECK(with(Scheduler{.policy = SCHED_FIFO}) ==
        "process.scheduler.priority: expected 1 to 99 for SCHED_FIFO, found 0");
  CHECK(with(Scheduler{.policy = SCHED_RR, .priority = 100}).ends_with("for SCHED_RR, found 100"));
}

TEST_CASE("check scheduler: deadlines") {
  const auto deadline = [](std::uint64_t runtime, std::uint64_t due, std::uint64_t period) {
    return with(Scheduler{.policy = SCHED_DEADLINE, .runtime = runtime, .deadline = due, .period = period});
  };
  CHECK(deadline(1024, 1024, 1024) == "accepted");
  CHECK(deadline(1024, 2048, 0) == "accepted");
  CHECK(deadline(0, 0, 0) == "process.scheduler.runtime: SCHED_DEADLINE needs at least 1024 ns, found 0");
  CHECK(deadline(2048, 1024, 4096) ==
        "process.scheduler: SCHED_DEADLINE needs runtime <= deadline <= period, found 2048, 1024 and 4096");
  CHECK(deadline(1024, 4096, 2048).ends_with("found 1024, 4096 and 2048"));
  CHECK(deadline(1024, std::uint64_t{1} << 63, 0)
            .starts_with("process.scheduler: deadline and period are at most "));
  for (const Scheduler& other : {Scheduler{.runtime = 1}, Scheduler{.deadline = 1}, Scheduler{.period = 1}})
    CHECK(with(other) ==
          "process.scheduler: runtime, deadline and period are for SCHED_DEADLINE only, found with "
          "SCHED_OTHER");
}

TEST_CASE("check scheduler: a deadline leaves no room for hooks of the container's namespace") {
  Scheduler wanted{.policy = SCHED_DEADLINE, .runtime = 1024, .deadline = 2048};
  const auto hooked = [&] {
    return check_after([&](Config& c) {
      c.process->scheduler = wanted;
      c.hooks.start_container = {{"/hook", {}, {}, {}}};
    });
  };
  CHECK(hooked().starts_with("process.scheduler: a process under SCHED_DEADLINE cannot start"));
  wanted.flags = {SCHED_FLAG_RESET_ON_FORK};
  CHECK(hooked() == "accepted");
}

TEST_CASE("check I/O priority: eight levels") {
  const auto level = [](int value) {
    return check_after([&](Config& c) { c.process->io_priority = IoPriority{1, value}; });
  };
  CHECK(level(0) == "accepted");
  CHECK(level(7) == "accepted");
  CHECK(level(8) == "process.ioPriority.priority: expected 0 to 7, found 8");
  CHECK(level(-1) == "process.ioPriority.priority: expected 0 to 7, found -1");
}

TEST_CASE("check CPU affinity: two lists, or none") {
  const auto affinity = [](std::optional<std::string> initial, std::optional<std::string> final) {
    return check_after([&](Config& c) { c.process->exec_cpu_affinity = ExecCpuAffinity{initial, final}; });
  };
  CHECK(affinity("0-3,7", "8191") == "accepted");
  CHECK(affinity("", std::nullopt) == "accepted");
  CHECK(affinity("x", "0").starts_with("process.execCPUAffinity.initial: expected a list"));
  CHECK(affinity("0", "8192") ==
        "process.execCPUAffinity.final: expected numbers from 0 to 8191, found 8192");
}

TEST_CASE("check memory policy: which modes have nodes") {
  for (const int mode : {MPOL_DEFAULT, MPOL_LOCAL}) {
    CHECK(with(MemoryPolicy{.mode = mode}) == "accepted");
    CHECK(with(MemoryPolicy{.mode = mode, .nodes = "0"}).ends_with(" takes none"));
  }
  for (const int mode : {int{MPOL_BIND}, int{MPOL_INTERLEAVE}, int{MPOL_PREFERRED_MANY}, 6}) {
    CHECK(with(MemoryPolicy{.mode = mode, .nodes = "0-3,7"}) == "accepted");
    CHECK(with(MemoryPolicy{.mode = mode}).ends_with(" needs at least one"));
  }
  CHECK(with(MemoryPolicy{.mode = MPOL_PREFERRED}) == "accepted");
  CHECK(with(MemoryPolicy{.mode = MPOL_PREFERRED, .nodes = "1"}) == "accepted");
  CHECK(with(MemoryPolicy{.mode = MPOL_BIND, .nodes = "1024"}).ends_with("found 1024"));
}

TEST_CASE("check memory policy: flags") {
  const auto flags = [](int mode, const char* nodes, std::vector<int> list) {
    return with(MemoryPolicy{.mode = mode, .nodes = nodes, .flags = std::move(list)});
  };
  CHECK(flags(MPOL_INTERLEAVE, "0", {MPOL_F_STATIC_NODES}) == "accepted");
  CHECK(flags(MPOL_INTERLEAVE, "0", {MPOL_F_RELATIVE_NODES}) == "accepted");
  CHECK(flags(MPOL_INTERLEAVE, "0", {MPOL_F_STATIC_NODES, MPOL_F_RELATIVE_NODES})
            .ends_with("exclude each other"));
  CHECK(flags(MPOL_PREFERRED, "", {MPOL_F_STATIC_NODES}).ends_with("there are none"));
  CHECK(flags(MPOL_BIND, "0", {MPOL_F_NUMA_BALANCING}) == "accepted");
  CHECK(flags(MPOL_PREFERRED_MANY, "0", {MPOL_F_NUMA_BALANCING}) == "accepted");
  CHECK(flags(MPOL_INTERLEAVE, "0", {MPOL_F_NUMA_BALANCING}).ends_with("MPOL_PREFERRED_MANY only"));
}
