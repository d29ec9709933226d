// What `lodger spec` writes, and what `lodger features` prints.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace lodger::spec {

/// The version of the specification that lodger implements.
inline constexpr std::string_view oci_version = "1.3.0";

/// The default config.json, indented with tabs, ending in a newline: the same container as `runc spec` gives.
/// `cgroup_namespace`: with one, as is the custom where there is cgroup v2 alone.
std::string default_config(bool cgroup_namespace = false);

/// The same for an ordinary user with these ids, who is root inside: in a user namespace, on the host's
/// network (the true one: nothing is made or forwarded), the host's /sys read-only in place of a sysfs that
/// such a user cannot mount there, without resources, which such a user often may not set.
std::string rootless_config(unsigned uid, unsigned gid);

/// What only the machine and the build can tell the features document.
struct FeatureFacts {
  std::string version, commit, libseccomp_version;
  std::vector<std::string> capabilities;  // names, in order of number
  std::vector<std::string> seccomp_archs, seccomp_actions, seccomp_operators, seccomp_known_flags,
      seccomp_supported_flags;
  std::vector<std::string>
      unsafe_annotations;  // of config.json that change what lodger does; "x." is a prefix
  bool apparmor = false, selinux = false, cgroup_v1 = true, cgroup_v2 = true, systemd = false;
};

/// The features document of features.md, indented with four blanks, ending in a newline.
std::string features_document(const FeatureFacts& facts);

}  // namespace lodger::spec
