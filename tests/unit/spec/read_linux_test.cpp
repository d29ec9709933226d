#include <fmt/core.h>
#include <linux/mempolicy.h>
#include <sys/stat.h>

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string linux_with(std::string_view members) {
  return parse_with(fmt::format(R"("linux": {{{}}})", members));
}

TEST_CASE("linux: every member has its place") {
  const Config config = parsed_with(R"("linux": {
      "namespaces": [{"type": "pid"}, {"type": "network", "path": "/n"}, {"type": "mount", "path": ""}],
      "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}],
      "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 1}],
      "timeOffsets": {"monotonic": {"secs": -5, "nanosecs": 7}, "boottime": {}},
      "devices": [{"type": "c", "path": "/dev/fuse", "major": 10, "minor": 229, "fileMode": 438, "uid": 1, "gid": 2},
                  {"type": "p", "path": "/dev/fifo"}],
      "netDevices": {"eth0": {"name": "c0"}, "eth1": {}},
      "cgroupsPath": "/c", "resources": {"pids": {"limit": 3}},
      "intelRdt": {"closID": "i", "schemata": ["L3:0=f"], "l3CacheSchema": "l", "memBwSchema": "b",
                   "enableMonitoring": true},
      "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]},
      "sysctl": {"net.core.somaxconn": "256"}, "seccomp": {"defaultAction": "SCMP_ACT_ALLOW"},
      "rootfsPropagation": "slave", "maskedPaths": ["/m"], "readonlyPaths": ["/r"], "mountLabel": "l",
      "personality": {"domain": "LINUX32", "flags": ["x"]}})");
  const Linux& l = *config.linux;
  REQUIRE(l.namespaces.size() == 3);
  CHECK(l.find(NamespaceType::network)->path == "/n");
  CHECK(l.find(NamespaceType::mount)->path.empty());
  CHECK_FALSE(l.find(NamespaceType::user));
  CHECK(l.uid_mappings.at(0).host_id == 1000);
  CHECK(l.gid_mappings.at(0).host_id == 2000);
  CHECK(l.time_offsets.at("monotonic").secs == -5);
  CHECK(l.time_offsets.at("monotonic").nanosecs == 7);
  CHECK(l.time_offsets.at("boottime").secs == 0);
  REQUIRE(l.devices.size() == 2);
  CHECK(l.devices[0].type == 'c');
  CHECK(l.devices[0].major == 10);
  CHECK(l.devices[0].minor == 229);
  CHECK(l.devices[0].file_mode == mode_t{0666});
  CHECK(l.devices[0].uid == 1U);
  CHECK(l.devices[0].gid == 2U);
  CHECK_FALSE(l.devices[1].uid);
  CHECK(l.net_devices.at("eth0").name == "c0");
  CHECK(l.net_devices.at("eth1").name.empty());
  CHECK(l.cgroups_path == "/c");
  CHECK(l.resources->pids->limit == 3);
  CHECK(l.intel_rdt->clos_id == "i");
  CHECK(l.intel_rdt->schemata == std::vector<std::string>{"L3:0=f"});
  CHECK(l.intel_rdt->l3_cache_schema == "l");
  CHECK(l.intel_rdt->mem_bw_schema == "b");
  CHECK(l.intel_rdt->enable_monitoring);
  CHECK(l.memory_policy->mode == MPOL_BIND);
  CHECK(l.memory_policy->nodes == "0");
  CHECK(l.memory_policy->flags == std::vector<int>{MPOL_F_STATIC_NODES});
  CHECK(l.sysctl.at("net.core.somaxconn") == "256");
  CHECK(l.seccomp->default_action == SeccompAction::allow);
  CHECK(l.rootfs_propagation == "slave");
  CHECK(l.masked_paths == std::vector<std::string>{"/m"});
  CHECK(l.readonly_paths == std::vector<std::string>{"/r"});
  CHECK(l.mount_label == "l");
  CHECK(l.personality->domain == "LINUX32");
  CHECK(l.personality->flags == std::vector<std::string>{"x"});
}

TEST_CASE("linux: every namespace type") {
  struct Row {
    const char* name;
    NamespaceType type;
  };
  for (const auto& [name, type] : {Row{"pid", NamespaceType::pid}, Row{"network", NamespaceType::network},
                                   Row{"mount", NamespaceType::mount}, Row{"ipc", NamespaceType::ipc},
                                   Row{"uts", NamespaceType::uts}, Row{"user", NamespaceType::user},
                                   Row{"cgroup", NamespaceType::cgroup}, Row{"time", NamespaceType::time}}) {
    CAPTURE(name);
    const Config config = parsed_with(fmt::format(R"("linux": {{"namespaces": [{{"type": "{}"}}]}})", name));
    CHECK(config.linux->namespaces.at(0).type == type);
  }
}

TEST_CASE("linux: a device's type bits are dropped from its mode where they agree") {
  const auto mode = [](const char* type, unsigned bits) {
    return parsed_with(
               fmt::format(R"("linux": {{"devices": [{{"type": "{}", "path": "/d", "major": 1, "minor": 1,
                                      "fileMode": {}}}]}})",
                           type, bits))
        .linux->devices.at(0)
        .file_mode;
  };
  CHECK(mode("c", S_IFCHR | 0620) == mode_t{0620});
  CHECK(mode("u", S_IFCHR | 0620) == mode_t{0620});
  CHECK(mode("b", S_IFBLK | 0660) == mode_t{0660});
  CHECK(mode("p", S_IFIFO | 0600) == mode_t{0600});
  CHECK(mode("b", S_IFCHR | 0660) == mode_t{S_IFCHR | 0660});
}

TEST_CASE("linux: wrong types, ranges and words are named by their path") {
  struct Row {
    const char *members, *said;
  };
  for (const auto& [members, said] : {
           Row{R"("namespaces": [{"type": "pid"}, {"type": "net"}])",
               "linux.namespaces[1].type: unknown namespace type \"net\""},
           Row{R"("namespaces": [{}])", "linux.namespaces[0].type: missing"},
           Row{R"("namespaces": ["pid"])", "linux.namespaces[0]: expected an object, found a string"},
           Row{R"("uidMappings": [{"containerID": 0, "hostID": 0, "size": 4294967296}])",
               "linux.uidMappings[0].size: expected 0 to 4294967295, found 4294967296"},
           Row{R"("devices": [{"type": "d", "path": "/d"}])",
               "linux.devices[0].type: unknown device type \"d\""},
           Row{R"("devices": [{"type": "c", "path": "/d", "minor": 1}])", "linux.devices[0].major: missing"},
           Row{R"("devices": [{"type": "b", "path": "/d", "major": 1}])", "linux.devices[0].minor: missing"},
           Row{R"("devices": [{"type": "c", "major": 1, "minor": 1}])", "linux.devices[0].path: missing"},
           Row{R"("netDevices": {"eth0": {"name": 23}})",
               "linux.netDevices.eth0.name: expected a string, found a number"},
           Row{R"("timeOffsets": {"monotonic": {"nanosecs": -1}})",
               "linux.timeOffsets.monotonic.nanosecs: expected 0 to 4294967295, found -1"},
           Row{R"("sysctl": {"net.core.somaxconn": 256})",
               "linux.sysctl[\"net.core.somaxconn\"]: expected a string, found a number"},
           Row{R"("personality": {})", "linux.personality.domain: missing"},
           Row{R"("personality": {"domain": "BSD"})",
               "linux.personality.domain: unknown execution domain \"BSD\""},
           Row{R"("memoryPolicy": {})", "linux.memoryPolicy.mode: missing"},
           Row{R"("memoryPolicy": {"mode": "MPOL_MAX"})",
               "linux.memoryPolicy.mode: unknown mode \"MPOL_MAX\""},
           Row{R"("memoryPolicy": {"mode": "MPOL_BIND", "flags": ["F"]})",
               "linux.memoryPolicy.flags[0]: unknown flag \"F\""},
           Row{R"("intelRdt": {"schemata": "x"})",
               "linux.intelRdt.schemata: expected an array, found a string"},
           Row{R"("maskedPaths": {})", "linux.maskedPaths: expected an array, found an object"},
       }) {
    CAPTURE(members);
    CHECK(linux_with(members) == said);
  }
}
