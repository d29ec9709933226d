// config.md, "Linux Process": scheduler, ioPriority, execCPUAffinity; config-linux.md, "Memory policy". What
// the payload has, and what is refused before anything is made.
#include <catch2/catch.hpp>
#include <linux/mempolicy.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "kernel/io_priority.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;
namespace kernel = lodger::kernel;

namespace {

Edit scheduler(json value) {
  return [value = std::move(value)](json& config) { config["process"]["scheduler"] = value; };
}
Edit io_priority(const char* klass, int level) {
  return [=](json& config) { config["process"]["ioPriority"] = {{"class", klass}, {"priority", level}}; };
}
Edit memory_policy(json value) {
  return [value = std::move(value)](json& config) { config["linux"]["memoryPolicy"] = value; };
}

/// Whether a process of the test's own, in no cgroup of its own, may have this policy.
bool may_have(int policy, int priority) {
  const pid_t pid = fork();
  if (pid == 0) {
    const sched_param wanted{.sched_priority = priority};
    _exit(sched_setscheduler(0, policy, &wanted) == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return status == 0;
}

/// On cgroup v1 a new cgroup has no real-time budget: sched(7), CONFIG_RT_GROUP_SCHED.
bool cgroups_have_realtime_budgets() {
  return std::filesystem::exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us");
}

bool has_numa() { return std::filesystem::exists("/proc/self/numa_maps"); }

Edit both(const Edit& one, const Edit& other) {
  return [=](json& config) {
    one(config);
    other(config);
  };
}

}  // namespace

TEST_CASE("scheduling: policies of ordinary programs, with nice and flags", "[scheduling]") {
  NEEDS_ROOT();
  const Facts batch = inside("attributes ; scheduling", scheduler({{"policy", "SCHED_BATCH"}, {"nice", 7}}));
  CHECK(batch["sched.policy"] == "3");
  CHECK(batch["nice"] == "7");
  CHECK(batch["sched.flags"] == "0");
  const Facts other =
      inside("attributes ; scheduling",
             scheduler({{"policy", "SCHED_OTHER"}, {"nice", 19}, {"flags", {"SCHED_FLAG_RESET_ON_FORK"}}}));
  CHECK(other["sched.policy"] == "0");
  CHECK(other["nice"] == "19");
  CHECK(other["sched.flags"] == "1");
  CHECK(inside("scheduling", scheduler({{"policy", "SCHED_IDLE"}}))["sched.policy"] == "5");
  CHECK(inside("attributes ; scheduling")["nice"] == "0");
}

TEST_CASE("scheduling: an ordinary user's process has it as well, though it could not ask for it itself",
          "[scheduling]") {
  NEEDS_ROOT();
  const Facts facts = inside("attributes ; scheduling", [](json& config) {
    config["process"]["scheduler"] = {{"policy", "SCHED_BATCH"}, {"nice", 3}};
    config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
  });
  CHECK(facts["sched.policy"] == "3");
  CHECK(facts["nice"] == "3");
}

TEST_CASE("scheduling: real-time policies and their priority", "[scheduling]") {
  NEEDS_ROOT();
  NEEDS(may_have(SCHED_FIFO, 10), "this machine gives its root no real-time policy");
  NEEDS(!cgroups_have_realtime_budgets(), "a new cgroup has no real-time budget here");
  const Facts facts = inside("scheduling", scheduler({{"policy", "SCHED_FIFO"}, {"priority", 10}}));
  CHECK(facts["sched.policy"] == "1");
  CHECK(facts["sched.priority"] == "10");
  CHECK(inside("scheduling", scheduler({{"policy", "SCHED_RR"}, {"priority", 99}}))["sched.priority"] ==
        "99");
}

TEST_CASE("scheduling: deadlines", "[scheduling]") {
  NEEDS_ROOT();
  const json wanted = {{"policy", "SCHED_DEADLINE"},
                       {"runtime", 10'000'000},
                       {"deadline", 30'000'000},
                       {"period", 40'000'000}};
  const Finished done = outcome("scheduling", scheduler(wanted));
  NEEDS(done.status == 0 || done.err.find("Operation not permitted") == done.err.npos,
        "this machine gives its root no SCHED_DEADLINE: " + done.err);
  INFO(done.err);
  REQUIRE(done.status == 0);
  const Facts facts(done.out);
  CHECK(facts["sched.policy"] == "6");
  CHECK(facts["sched.runtime"] == "10000000");
  CHECK(facts["sched.deadline"] == "30000000");
  CHECK(facts["sched.period"] == "40000000");
}

TEST_CASE("scheduling: what the kernel would bend or refuse is refused before anything is made",
          "[scheduling]") {
  NEEDS_ROOT();
  refused(scheduler({{"policy", "SCHED_NOSUCH"}}), {"process.scheduler.policy", "SCHED_NOSUCH"});
  refused(scheduler({{"policy", "SCHED_OTHER"}, {"flags", {"SCHED_FLAG_FUN"}}}),
          {"process.scheduler.flags[0]", "SCHED_FLAG_FUN"});
  refused(scheduler({{"policy", "SCHED_OTHER"}, {"nice", 20}}), {"process.scheduler.nice", "20"});
  refused(scheduler({{"policy", "SCHED_OTHER"}, {"priority", 1}}), {"process.scheduler.priority"});
  refused(scheduler({{"policy", "SCHED_RR"}}), {"process.scheduler.priority", "1 to 99"});
  refused(scheduler({{"policy", "SCHED_BATCH"}, {"period", 1}}), {"SCHED_DEADLINE"});
  refused(scheduler({{"policy", "SCHED_DEADLINE"}}), {"process.scheduler.runtime"});
  refused(io_priority("IOPRIO_CLASS_NONE", 0), {"process.ioPriority.class"});
  refused(io_priority("IOPRIO_CLASS_BE", 8), {"process.ioPriority.priority", "8"});
}

TEST_CASE("scheduling: what this kernel refuses is told with what helps, and nothing stays", "[scheduling]") {
  NEEDS_ROOT();
  refused(scheduler({{"policy", "SCHED_ISO"}}), {"process.scheduler", "SCHED_ISO"});
  if (cgroups_have_realtime_budgets())
    refused(scheduler({{"policy", "SCHED_FIFO"}, {"priority", 1}}), {"process.scheduler", "realtimeRuntime"});
}

TEST_CASE("scheduling: I/O priority, for the whole process group", "[scheduling]") {
  NEEDS_ROOT();
  const auto value = [](int klass, int level) { return std::to_string(kernel::ioprio_value(klass, level)); };
  CHECK(inside("attributes", io_priority("IOPRIO_CLASS_BE", 6))["ioprio"] ==
        value(kernel::ioprio_class_be, 6));
  CHECK(inside("attributes", io_priority("IOPRIO_CLASS_IDLE", 0))["ioprio"] ==
        value(kernel::ioprio_class_idle, 0));
  CHECK(inside("attributes", io_priority("IOPRIO_CLASS_RT", 2))["ioprio"] ==
        value(kernel::ioprio_class_rt, 2));
  // In a user namespace nobody has the right to ask for it: the runtime does.
  const Facts mapped =
      inside("attributes", both(io_priority("IOPRIO_CLASS_RT", 3), [](json& config) {
               config["linux"]["namespaces"].push_back({{"type", "user"}});
               for (const char* map : {"uidMappings", "gidMappings"})
                 config["linux"][map] = {{{"containerID", 0}, {"hostID", 0}, {"size", 65536}}};
             }));
  CHECK(mapped["ioprio"] == value(kernel::ioprio_class_rt, 3));
}

TEST_CASE("scheduling: memory policy (config-linux.md, Memory policy)", "[scheduling]") {
  NEEDS_ROOT();
  NEEDS(has_numa(), "this kernel has no NUMA support");
  const Facts bind = inside("scheduling", memory_policy({{"mode", "MPOL_BIND"}, {"nodes", "0"}}));
  CHECK(bind["memory.mode"] == std::to_string(MPOL_BIND));
  CHECK(bind["memory.nodes"] == "1");
  const Facts spread = inside(
      "scheduling",
      memory_policy({{"mode", "MPOL_INTERLEAVE"}, {"nodes", "0"}, {"flags", {"MPOL_F_STATIC_NODES"}}}));
  CHECK(spread["memory.mode"] == std::to_string(MPOL_INTERLEAVE | MPOL_F_STATIC_NODES));
  CHECK(inside("scheduling", memory_policy({{"mode", "MPOL_LOCAL"}, {"nodes", ""}}))["memory.mode"] ==
        std::to_string(MPOL_LOCAL));
  CHECK(inside("scheduling", memory_policy({{"mode", "MPOL_PREFERRED"}, {"nodes", "0"}}))["memory.mode"] ==
        std::to_string(MPOL_PREFERRED));
  CHECK(
      inside("scheduling", memory_policy({{"mode", "MPOL_PREFERRED_MANY"}, {"nodes", "0"}}))["memory.mode"] ==
      std::to_string(MPOL_PREFERRED_MANY));
  CHECK(inside("scheduling", memory_policy({{"mode", "MPOL_DEFAULT"}}))["memory.mode"] == "0");
  CHECK(inside("scheduling")["memory.mode"] == "0");
}

TEST_CASE("scheduling: memory policies that are none are refused by name", "[scheduling]") {
  NEEDS_ROOT();
  refused(memory_policy({{"mode", "MPOL_FAR"}}), {"linux.memoryPolicy.mode", "MPOL_FAR"});
  refused(memory_policy({{"mode", "MPOL_BIND"}, {"nodes", "0"}, {"flags", {"MPOL_F_FUN"}}}),
          {"linux.memoryPolicy.flags[0]", "MPOL_F_FUN"});
  for (const char* nodes : {"0-", "-1", "1,", ",1", "2-1", "0 ", "0x1", "a", "1-2-3", "1024"})
    refused(memory_policy({{"mode", "MPOL_BIND"}, {"nodes", nodes}}), {"linux.memoryPolicy.nodes"});
  refused(memory_policy({{"mode", "MPOL_BIND"}}), {"linux.memoryPolicy.nodes", "MPOL_BIND"});
  refused(memory_policy({{"mode", "MPOL_LOCAL"}, {"nodes", "0"}}),
          {"linux.memoryPolicy.nodes", "MPOL_LOCAL"});
}

TEST_CASE("scheduling: a memory node that is not there fails in words, and nothing stays", "[scheduling]") {
  NEEDS_ROOT();
  NEEDS(has_numa() && !std::filesystem::exists("/sys/devices/system/node/node1000"),
        "needs NUMA, and no node 1000");
  refused(memory_policy({{"mode", "MPOL_BIND"}, {"nodes", "1000"}}),
          {"linux.memoryPolicy", "Invalid argument", "cpuset"});
}

TEST_CASE("scheduling: execCPUAffinity is for exec, and not for the container's own process",
          "[scheduling]") {
  NEEDS_ROOT();
  NEEDS(sysconf(_SC_NPROCESSORS_ONLN) > 1, "needs two processors");
  const Bundle bundle("scheduling ; hold", [](json& config) {
    config["process"]["execCPUAffinity"] = {{"initial", "0"}, {"final", "1"}};
  });
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("holding");
  CHECK(std::stol(container.facts()["cpus"]) != 2);
  const auto exec = [&](const json& affinity) {
    json process = default_config("x", {"/bin/probe", "scheduling"})["process"];
    if (!affinity.is_null()) process["execCPUAffinity"] = affinity;
    write_file(bundle.beside("process.json"), process.dump());
    return container.call({"exec", "--process", bundle.beside("process.json"), container.id()});
  };
  SECTION("the container's, with and without --process") {
    const Finished plain = container.call({"exec", container.id(), "/bin/probe", "scheduling"});
    CHECK(Facts(plain.out)["cpus"] == "2");
    CHECK(Facts(exec(nullptr).out)["cpus"] == "2");
  }
  SECTION("the process's own goes first; without final the initial one stays") {
    CHECK(Facts(exec({{"initial", "1"}, {"final", "0"}}).out)["cpus"] == "1");
    CHECK(Facts(exec({{"final", "0-1"}}).out)["cpus"] == "3");
    CHECK(Facts(exec({{"initial", "1"}}).out)["cpus"] == "2");
  }
  SECTION("what is no list, or none of this machine's processors, is refused") {
    const Finished bad = exec({{"final", "0-"}});
    CHECK(bad.status == 255);
    CHECK_THAT(bad.err, Catch::Contains("process.execCPUAffinity.final"));
    const Finished far = exec({{"initial", "8000"}});
    CHECK(far.status == 255);
    CHECK_THAT(far.err, Catch::Contains("process.execCPUAffinity.initial 8000"));
  }
}

TEST_CASE("scheduling: the caller's processors are not the container's", "[scheduling]") {
  NEEDS_ROOT();
  NEEDS(sysconf(_SC_NPROCESSORS_ONLN) > 1, "needs two processors");
  const auto bound = [](std::vector<std::string> command) {
    command.insert(command.begin(), {"/usr/bin/taskset", "-c", "0", runtime_path()});
    const Finished done = run_command(command);
    INFO(done.err);
    CHECK(done.status == 0);
    return std::stol(Facts(done.out)["cpus"]);
  };
  const Bundle once("scheduling");
  Container first(once);
  CHECK(bound(first.making("run")) != 1);
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  container.start();
  CHECK(bound({"--root", container.root(), "exec", container.id(), "/bin/probe", "scheduling"}) != 1);
}

TEST_CASE("scheduling: exec takes policy and memory policy", "[scheduling]") {
  NEEDS_ROOT();
  NEEDS(has_numa(), "this kernel has no NUMA support");
  const Bundle bundle("hold", memory_policy({{"mode", "MPOL_BIND"}, {"nodes", "0"}}));
  Container container(bundle);
  container.create();
  container.start();
  json process = default_config("x", {"/bin/probe", "scheduling", ";", "attributes"})["process"];
  process["scheduler"] = {{"policy", "SCHED_BATCH"}};
  process["ioPriority"] = {{"class", "IOPRIO_CLASS_IDLE"}, {"priority", 0}};
  write_file(bundle.beside("process.json"), process.dump());
  const Finished done = container.call({"exec", "--process", bundle.beside("process.json"), container.id()});
  INFO(done.err);
  const Facts facts(done.out);
  CHECK(facts["sched.policy"] == "3");
  CHECK(facts["ioprio"] == std::to_string(kernel::ioprio_value(kernel::ioprio_class_idle, 0)));
  CHECK(facts["memory.mode"] == std::to_string(MPOL_BIND));
}
