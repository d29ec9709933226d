// The "linux" object. Source: runtime-spec 1.3, config-linux.md.
#include <sys/stat.h>

#include "spec/linux_words.hpp"
#include "spec/read_model.hpp"
#include "spec/scheduling_words.hpp"

namespace lodger::spec {

namespace {

constexpr Word<char> device_list[] = {{"c", 'c'}, {"b", 'b'}, {"u", 'u'}, {"p", 'p'}};
constexpr Words<char> device_types{"device type", device_list};

mode_t format_of(char type) { return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR; }

}  // namespace

static bool read(Value value, Namespace& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("type", out.type, Words<NamespaceType>{"namespace type", namespace_types}) &&
         in.optional("path", out.path);
}

/// Engines copy fileMode from stat(2), type bits and all: those that agree with `type` are dropped.
static bool read(Value value, Device& out, const Where& where) {
  const Object in(value, where);
  if (!in || !in.required("type", out.type, device_types) || !in.required("path", out.path)) return false;
  const bool numbered = out.type != 'p';
  if (!(numbered ? in.required("major", out.major) : in.optional("major", out.major)) ||
      !(numbered ? in.required("minor", out.minor) : in.optional("minor", out.minor)) ||
      !in.optional("fileMode", out.file_mode))
    return false;
  if (out.file_mode && (*out.file_mode & S_IFMT) == format_of(out.type)) *out.file_mode &= ~mode_t{S_IFMT};
  return in.optional("uid", out.uid) && in.optional("gid", out.gid);
}

static bool read(Value value, TimeOffset& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("secs", out.secs) && in.optional("nanosecs", out.nanosecs);
}

static bool read(Value value, IntelRdt& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("closID", out.clos_id) && in.optional("schemata", out.schemata) &&
         in.optional("l3CacheSchema", out.l3_cache_schema) && in.optional("memBwSchema", out.mem_bw_schema) &&
         in.optional("enableMonitoring", out.enable_monitoring);
}

static bool read(Value value, MemoryPolicy& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("mode", out.mode, Words<int>{"mode", memory_policy_modes}) &&
         in.optional("nodes", out.nodes) &&
         in.optional("flags", out.flags, Words<int>{"flag", memory_policy_flags});
}

static bool read(Value value, Personality& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("domain", out.domain, Names{"execution domain", personality_domains}) &&
         in.optional("flags", out.flags);
}

static bool read(Value value, NetDevice& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("name", out.name);
}

bool read(Value value, Linux& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("namespaces", out.namespaces) && in.optional("uidMappings", out.uid_mappings) &&
         in.optional("gidMappings", out.gid_mappings) && in.optional("timeOffsets", out.time_offsets) &&
         in.optional("devices", out.devices) && in.optional("netDevices", out.net_devices) &&
         in.optional("cgroupsPath", out.cgroups_path) && in.optional("resources", out.resources) &&
         in.optional("intelRdt", out.intel_rdt) && in.optional("memoryPolicy", out.memory_policy) &&
         in.optional("sysctl", out.sysctl) && in.optional("seccomp", out.seccomp) &&
         in.optional("rootfsPropagation", out.rootfs_propagation) &&
         in.optional("maskedPaths", out.masked_paths) && in.optional("readonlyPaths", out.readonly_paths) &&
         in.optional("mountLabel", out.mount_label) && in.optional("personality", out.personality);
}

}  // namespace lodger::spec
