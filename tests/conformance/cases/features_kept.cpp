// features.md and features-linux.md: what a runtime says that it recognizes, it does.
#include <cstdio>
#include <cstdlib>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/mountinfo.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

std::vector<std::string> listed(Trial& t, const char* property) {
  const Finished done = t.runtime({"features"});
  if (!done.succeeded()) t.skip("needs the command features");
  const json document = json::parse(done.out, nullptr, false);
  const json::json_pointer pointer{std::string(property)};
  if (!document.is_object() || !document.contains(pointer) || !document[pointer].is_array())
    t.skip("needs the property, which is optional");
  std::vector<std::string> names;
  for (const json& one : document[pointer])
    if (one.is_string()) names.push_back(one);
  return names;
}

void hooks(Trial& t) {
  for (const auto& name : listed(t, "/hooks")) {
    Container& box = t.container();
    // The hooks of the container's namespaces find their program in its root.
    const std::string file = box.rootfs("/tmp/ran"), program = box.rootfs("/bin/probe");
    const bool inside = name == "startContainer";
    box.config["hooks"][name] = {{{"path", inside ? "/bin/probe" : program},
                                  {"args", {"probe", "create", inside ? "/tmp/ran" : file}}}};
    box.inside("ids");
    t.expect("the hook " + name, exists(file), "to have run", "it did not");
  }
}

/// What only says something about another mount, or needs one, has it.
void add_mount(Container& box, const std::string& option) {
  const std::string place = "/mnt-" + option;
  json& mounts = box.config["mounts"];
  if (option == "idmap" || option == "ridmap") {
    mounts.push_back(mount_entry(place, "none", box.rootfs("/tmp"), {"bind", option}));
    for (const char* map : {"uidMappings", "gidMappings"})
      mounts.back()[map] = {{{"containerID", 0}, {"hostID", 1000}, {"size", 10}}};
  } else if (option == "bind" || option == "rbind") {
    mounts.push_back(mount_entry(place, "none", box.rootfs("/tmp"), {option}));
  } else if (option == "copy-symlink" || option == "src-nofollow") {
    mounts.push_back(mount_entry(place, "none", box.rootfs("/tmp"), {"bind", option}));
  } else {
    if (option == "remount") mounts.push_back(mount_entry(place, "tmpfs", "tmpfs", {}));
    mounts.push_back(mount_entry(place, "tmpfs", "tmpfs", {option}));
  }
}

void mount_options(Trial& t) {
  Container& box = t.container();
  const bool maps = can_map_owners(t.machine(), box.bundle());
  for (const auto& name : listed(t, "/mountOptions"))
    if (maps || !name.ends_with("idmap")) add_mount(box, name);
  t.expect_success("create with each of the mount options", box.create());
}

void namespaces(Trial& t) {
  for (const auto& name : listed(t, "/linux/namespaces")) {
    Container& box = t.container();
    namespace_entry(box.config, name);
    if (name == "user")
      for (const char* map : {"uidMappings", "gidMappings"})
        box.config["linux"][map] = {{{"containerID", 0}, {"hostID", 0}, {"size", 65536}}};
    t.expect_success("create with the namespace " + name, box.create());
  }
}

/// <linux/capability.h>: a capability's number is its place.
constexpr std::array capability_names = {"CAP_CHOWN",
                                         "CAP_DAC_OVERRIDE",
                                         "CAP_DAC_READ_SEARCH",
                                         "CAP_FOWNER",
                                         "CAP_FSETID",
                                         "CAP_KILL",
                                         "CAP_SETGID",
                                         "CAP_SETUID",
                                         "CAP_SETPCAP",
                                         "CAP_LINUX_IMMUTABLE",
                                         "CAP_NET_BIND_SERVICE",
                                         "CAP_NET_BROADCAST",
                                         "CAP_NET_ADMIN",
                                         "CAP_NET_RAW",
                                         "CAP_IPC_LOCK",
                                         "CAP_IPC_OWNER",
                                         "CAP_SYS_MODULE",
                                         "CAP_SYS_RAWIO",
                                         "CAP_SYS_CHROOT",
                                         "CAP_SYS_PTRACE",
                                         "CAP_SYS_PACCT",
                                         "CAP_SYS_ADMIN",
                                         "CAP_SYS_BOOT",
                                         "CAP_SYS_NICE",
                                         "CAP_SYS_RESOURCE",
                                         "CAP_SYS_TIME",
                                         "CAP_SYS_TTY_CONFIG",
                                         "CAP_MKNOD",
                                         "CAP_LEASE",
                                         "CAP_AUDIT_WRITE",
                                         "CAP_AUDIT_CONTROL",
                                         "CAP_SETFCAP",
                                         "CAP_MAC_OVERRIDE",
                                         "CAP_MAC_ADMIN",
                                         "CAP_SYSLOG",
                                         "CAP_WAKE_ALARM",
                                         "CAP_BLOCK_SUSPEND",
                                         "CAP_AUDIT_READ",
                                         "CAP_PERFMON",
                                         "CAP_BPF",
                                         "CAP_CHECKPOINT_RESTORE"};

/// The case's own bounding set: no runtime can give more than it was given.
unsigned long long own_bounding_set() {
  for (const auto& line : lines(read_file("/proc/self/status")))
    if (line.starts_with("CapBnd:")) return std::strtoull(line.c_str() + 7, nullptr, 16);
  return 0;
}

void capabilities(Trial& t) {
  const unsigned long long own = own_bounding_set();
  unsigned long long wanted = 0;
  json names = json::array();
  for (const auto& name : listed(t, "/linux/capabilities")) {
    const auto* at = std::find(capability_names.begin(), capability_names.end(), name);
    if (at == capability_names.end()) {
      t.expect("a capability", false, "one of capabilities(7)", name);
      continue;
    }
    const unsigned long long bit = 1ULL << (at - capability_names.begin());
    if ((own & bit) == 0) continue;
    wanted |= bit;
    names.push_back(name);
  }
  Container& box = t.container();
  box.config["process"]["capabilities"] = {{"bounding", names}, {"permitted", names}, {"effective", names}};
  char mask[17];
  std::snprintf(mask, sizeof(mask), "%016llx", wanted);
  t.expect_eq("the bounding set", std::string(mask), box.inside("status")["status.CapBnd"]);
}

// --- seccomp

json& seccomp(Container& box) {
  json& filter = box.config["linux"]["seccomp"];
  filter["defaultAction"] = "SCMP_ACT_ALLOW";
  return filter;
}

void actions(Trial& t) {
  for (const auto& name : listed(t, "/linux/seccomp/actions")) {
    if (name == "SCMP_ACT_NOTIFY") continue;  // needs an agent
    Container& box = t.container();
    seccomp(box)["syscalls"] = {{{"names", {"acct"}}, {"action", name}}};
    // A filter may do no more than allow what is allowed anyway: another rule makes it one.
    seccomp(box)["syscalls"].push_back({{"names", {"swapoff"}}, {"action", "SCMP_ACT_ERRNO"}});
    t.expect_success("create with the action " + name, box.create());
  }
}

void operators(Trial& t) {
  Container& box = t.container();
  const std::array systemcalls = {"acct",   "swapon", "swapoff",      "quotactl",
                                  "syslog", "reboot", "settimeofday", "delete_module"};
  std::size_t at = 0;
  for (const auto& name : listed(t, "/linux/seccomp/operators"))
    seccomp(box)["syscalls"].push_back(
        {{"names", {systemcalls[at++ % systemcalls.size()]}},
         {"action", "SCMP_ACT_ERRNO"},
         {"args", {{{"index", 0}, {"value", 7}, {"valueTwo", 1}, {"op", name}}}}});
  t.expect_success("create with each of the operators", box.create());
}

/// A filter for processors of both byte orders cannot be: they judge by the words of the arguments.
bool big_endian(const std::string& name) {
  for (const char* one :
       {"MIPS", "MIPS64", "MIPS64N32", "PPC", "PPC64", "S390", "S390X", "PARISC", "PARISC64", "M68K", "SHEB"})
    if (name == std::string("SCMP_ARCH_") + one) return true;
  return false;
}

void architectures(Trial& t) {
  Container& box = t.container();
  json& filter = seccomp(box);
  filter["syscalls"] = {{{"names", {"acct"}}, {"action", "SCMP_ACT_ERRNO"}}};
  for (const auto& name : listed(t, "/linux/seccomp/archs"))
    if (!big_endian(name)) filter["architectures"].push_back(name);
  t.expect_success("create with each of the little-endian architectures", box.create());
}

void filter_flags(Trial& t) {
  for (const auto& name : listed(t, "/linux/seccomp/supportedFlags")) {
    if (name == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") continue;  // needs an agent: seccomp(2)
    Container& box = t.container();
    seccomp(box)["syscalls"] = {{{"names", {"acct"}}, {"action", "SCMP_ACT_ERRNO"}}};
    seccomp(box)["flags"] = {name};
    t.expect_success("create with the flag " + name, box.create());
  }
}

constexpr Clause linux_clause(std::string_view section, std::string_view text) {
  return {"features-linux.md", section, Level::must, text};
}

constexpr Case cases[] = {
    {"features/hooks-run",
     {"features.md", "Hooks", Level::must,
      "The runtime MUST support the elements in this array as the `hooks` property of `config.json`."},
     hooks},
    {"features/mountOptions-recognized",
     {"features.md", "Mount Options", Level::must,
      "The runtime MUST recognize the elements in this array as the `options` of `mounts` objects in "
      "`config.json`."},
     mount_options,
     {&needs::root, &needs::kernel_5_12}},
    {"features/namespaces-recognized",
     linux_clause("Namespaces",
                  "The runtime MUST recognize the elements in this array as the `type` of "
                  "`linux.namespaces` objects in `config.json`."),
     namespaces,
     {&needs::root, &needs::kernel_5_6}},
    {"features/capabilities-recognized",
     linux_clause("Capabilities",
                  "The runtime MUST recognize the elements in this array in the "
                  "`process.capabilities` object of `config.json`."),
     capabilities,
     {&needs::root}},
    {"features/seccomp-actions-recognized",
     linux_clause("Seccomp",
                  "The runtime MUST recognize the elements in this array in the "
                  "`syscalls[].action` property of the `linux.seccomp` object in `config.json`."),
     actions},
    {"features/seccomp-operators-recognized",
     linux_clause("Seccomp",
                  "The runtime MUST recognize the elements in this array in the "
                  "`syscalls[].args[].op` property of the `linux.seccomp` object in "
                  "`config.json`."),
     operators},
    {"features/seccomp-archs-recognized",
     linux_clause("Seccomp",
                  "The runtime MUST recognize the elements in this array in the `architectures` "
                  "property of the `linux.seccomp` object in `config.json`."),
     architectures},
    {"features/seccomp-flags-supported",
     linux_clause("Seccomp",
                  "The runtime MUST recognize and support the elements in this array in the "
                  "`flags` property of the `linux.seccomp` object in `config.json`."),
     filter_flags},
};

}  // namespace

std::span<const Case> features_kept_cases() { return cases; }

}  // namespace conformance
