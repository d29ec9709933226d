// config-linux.md, "Control groups": that limits are felt, that what cannot be applied is an error, and what
// `unified` says.
#include <signal.h>

#include <cerrno>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/cgroup.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

json& resources(Container& box) { return box.config["linux"]["resources"]; }

// --- felt

void tasks(Trial& t) {
  Container& box = t.container();
  resources(box)["pids"] = {{"limit", 7}};
  const Facts facts = box.inside("fork 20");
  t.expect_eq("children beside the process itself", "6", facts["fork.count"]);
  t.expect_eq("the errno of the next fork", std::to_string(EAGAIN), facts["fork.errno"]);
}

/// The kernel looks at the limit when a task forks, not when one is put there. The sentence came with 1.3.0:
/// before, 0 was no limit to many.
void no_task(Trial& t) {
  Container& box = t.container();
  box.config["ociVersion"] = "1.3.0";
  resources(box)["pids"] = {{"limit", 0}};
  box.payload("hold");
  box.created();
  t.expect_eq("pids.max", "0\n", read_file(box.cgroup("pids") + "/pids.max"));
}

void memory(Trial& t) {
  for (const int mebibytes : {8, 256}) {
    Container& box = t.container();
    resources(box)["memory"] = {{"limit", 64 << 20}, {"swap", 64 << 20}};
    t.expect_eq("the signal that ended who took " + std::to_string(mebibytes) + " MiB",
                mebibytes > 64 ? SIGKILL : 0,
                std::atoi(box.inside("touch " + std::to_string(mebibytes))["touch.signal"].c_str()));
  }
}

void processors(Trial& t) {
  if (trimmed(read_file("/sys/devices/system/cpu/online")) == "0") t.skip("needs two processors");
  Container& box = t.container();
  resources(box)["cpu"] = {{"cpus", "0"}};
  t.expect_eq("the mask of processors", "1", box.inside("scheduling")["cpus"]);
}

/// Another container may be there already, with limits of its own.
void untouched(Trial& t) {
  const Hierarchy& hierarchy = *t.machine().controller("pids");
  Container& box = t.container();
  const std::string path = box.config["linux"]["cgroupsPath"];
  make_cgroup(hierarchy, path, "pids");
  write_file(hierarchy.path + path + "/pids.max", "55");
  box.created();
  t.expect_eq("pids.max", "55\n", read_file(box.cgroup("pids") + "/pids.max"));
}

// --- refused

void refused(Trial& t, Container& box) {
  t.expect_error("create with " + resources(box).dump(), box.create());
  t.expect("the container", !box.known(), "not to exist", "it does");
}

/// `need`: where the kernel would not look at it at all.
struct Bad {
  std::string_view name, resources;
  const Need* need;
};
constexpr std::array bads = {
    Bad{"cpus-not-there", R"({"cpu": {"cpus": "4000-4001"}})", &needs::cpuset},
    Bad{"cpus-no-list", R"({"cpu": {"cpus": "nonsense"}})", &needs::cpuset},
    Bad{"mems-not-there", R"({"cpu": {"mems": "900"}})", &needs::cpuset},
    Bad{"quota-too-small", R"({"cpu": {"quota": 1, "period": 100000}})", &needs::cpu},
    Bad{"period-too-long", R"({"cpu": {"quota": 50000, "period": 100000000}})", &needs::cpu},
    Bad{"swap-below-limit", R"({"memory": {"limit": 67108864, "swap": 33554432}})", &needs::memory},
    Bad{"swappiness-101", R"({"memory": {"swappiness": 101}})", &needs::memory},
    Bad{"page-size-not-there", R"({"hugepageLimits": [{"pageSize": "3MB", "limit": 4194304}]})",
        &needs::hugetlb},
    Bad{"block-device-not-there",
        R"({"blockIO": {"throttleReadBpsDevice": [{"major": 4001, "minor": 0, "rate": 600}]}})", nullptr},
};

void invalid(Trial& t) {
  Container& box = t.container();
  resources(box) = json::parse(bads[t.row()].resources);
  refused(t, box);
}

constexpr Need no_net_cls{"no net_cls controller",
                          [](const Machine& m) { return m.controller("net_cls") == nullptr; }};
constexpr Need no_net_prio{"no net_prio controller",
                           [](const Machine& m) { return m.controller("net_prio") == nullptr; }};
constexpr Need no_rdma{"no rdma controller",
                       [](const Machine& m) { return m.controller("rdma") == nullptr; }};

/// Controllers that many machines lack, and what then cannot be applied.
constexpr std::array missing = {
    Bad{"network.classID", R"({"network": {"classID": 1048577}})", &no_net_cls},
    Bad{"network.priorities", R"({"network": {"priorities": [{"name": "lo", "priority": 5}]}})",
        &no_net_prio},
    Bad{"rdma", R"({"rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}}})", &no_rdma}};

void without_controller(Trial& t) {
  Container& box = t.container();
  resources(box) = json::parse(missing[t.row()].resources);
  refused(t, box);
}

/// What cgroup v2 has nothing for.
constexpr std::array inconvertible = {
    Bad{"memory.swappiness", R"({"memory": {"swappiness": 33}})", &needs::cgroup_v2},
    Bad{"memory.disableOOMKiller", R"({"memory": {"limit": 33554432, "disableOOMKiller": true}})",
        &needs::cgroup_v2},
    Bad{"memory.kernelTCP", R"({"memory": {"kernelTCP": 16777216}})", &needs::cgroup_v2},
    Bad{"cpu.realtimeRuntime", R"({"cpu": {"realtimeRuntime": 950000, "realtimePeriod": 1000000}})",
        &needs::cgroup_v2},
    Bad{"network.classID", R"({"network": {"classID": 1048577}})", &needs::cgroup_v2}};

void unconverted(Trial& t) {
  Container& box = t.container();
  resources(box) = json::parse(inconvertible[t.row()].resources);
  refused(t, box);
}

// --- unified

struct Key {
  std::string_view name, value;
};
constexpr std::array keys = {Key{"pids.max", "77"},          Key{"memory.max", "67108864"},
                             Key{"memory.high", "33554432"}, Key{"cpu.weight", "77"},
                             Key{"cpuset.cpus", "0"},        Key{"cgroup.max.depth", "3"}};

void unified(Trial& t) {
  const std::string file(keys[t.row()].name), value(keys[t.row()].value);
  Container& box = t.container();
  resources(box)["unified"] = {{file, value}};
  box.created();
  t.expect_eq("the file " + file, value + "\n", read_file(box.cgroup("") + "/" + file));
}

constexpr std::array bad_keys = {
    Bad{"no-such-controller", R"({"unified": {"nosuch.max": "1"}})", nullptr},
    Bad{"controller-on-v1", R"({"unified": {"pids.max": "77"}})", &needs::cgroup_v1},
    Bad{"no-such-file", R"({"unified": {"pids.nosuch": "1"}})", nullptr},
    Bad{"invalid-value", R"({"unified": {"pids.max": "many"}})", nullptr}};

void unified_refused(Trial& t) {
  Container& box = t.container();
  resources(box) = json::parse(bad_keys[t.row()].resources);
  refused(t, box);
}

constexpr Clause clause(std::string_view section, std::string_view text, Level level = Level::must) {
  return {"config-linux.md", section, level, text};
}
constexpr Clause cannot = {"runtime.md", "Create", Level::must,
                           "If the runtime cannot apply a property as specified in the configuration, it "
                           "MUST generate an error and a new container MUST NOT be created."};

constexpr Case single[] = {
    {"linux-limits/pids-felt",
     clause("PIDs", "`limit` (int64, OPTIONAL) - specifies the maximum number of tasks in the cgroup"),
     tasks,
     {&needs::root, &needs::pids}},
    {"linux-limits/pids-0",
     clause("PIDs",
            "Even though it may superficially seem redundant, `0` is a valid limit value for the `pids` "
            "cgroup controller from the kernel's perspective and SHOULD be treated as such by runtimes.",
            Level::should),
     no_task,
     {&needs::root, &needs::pids}},
    {"linux-limits/memory-felt",
     clause("Memory",
            "If enabled (`false`), tasks that attempt to consume more memory than they are allowed "
            "are immediately killed by the OOM killer."),
     memory,
     {&needs::root, &needs::memory}},
    {"linux-limits/cpus-felt",
     clause("CPU", "`cpus` (string, OPTIONAL) - list of CPUs the container will run on."),
     processors,
     {&needs::root, &needs::cpuset}},
    {"linux-limits/untouched-without-resources",
     clause("Cgroups Path",
            "For example, to run a new process in an existing container without updating "
            "limits, `resources` need not be specified."),
     untouched,
     {&needs::root, &needs::pids}},
};
constexpr auto cases = joined(
    std::to_array(single), each(bads, {"linux-limits/invalid-is-error", cannot, invalid, {&needs::root}}),
    each(missing, {"linux-limits/missing-controller-is-error", cannot, without_controller, {&needs::root}}),
    each(inconvertible,
         {"linux-limits/inconvertible-is-error",
          clause("Example", "If the conversion is not possible the runtime MUST generate an error."),
          unconverted,
          {&needs::root}}),
    each(keys, {"linux-limits/unified",
                clause("Unified",
                       "Configuration unknown to the runtime MUST still be written to the relevant file."),
                unified,
                {&needs::root, &needs::cgroup_v2}}),
    each(bad_keys, {"linux-limits/unified-is-error",
                    clause("Unified",
                           "The runtime MUST generate an error when the configuration refers to a "
                           "cgroup controller that is not present or that cannot be enabled."),
                    unified_refused,
                    {&needs::root}}));

}  // namespace

std::span<const Case> linux_limits_cases() { return cases; }

}  // namespace conformance
