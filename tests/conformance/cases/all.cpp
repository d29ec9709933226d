#include "all.hpp"

#include <array>

namespace conformance {

std::span<const std::span<const Case>> all_cases() {
  static const std::array tables = {
      runtime_state_cases(),
      runtime_operations_cases(),
      runtime_kill_delete_cases(),
      runtime_lifecycle_cases(),
      config_root_cases(),
      config_mounts_cases(),
      config_mount_options_cases(),
      config_mount_trees_cases(),
      config_mount_idmap_cases(),
      config_process_cases(),
      config_process_linux_cases(),
      config_hostname_cases(),
      config_hooks_cases(),
      config_annotations_cases(),
      linux_namespaces_cases(),
      linux_devices_cases(),
      linux_devices_configured_cases(),
      linux_cgroups_cases(),
      linux_cgroup_owner_cases(),
      linux_device_rules_cases(),
      linux_resources_cases(),
      linux_limits_cases(),
      linux_sysctl_cases(),
      linux_seccomp_cases(),
      linux_seccomp_config_cases(),
      linux_seccomp_notify_cases(),
      linux_paths_cases(),
      linux_misc_cases(),
      features_cases(),
      features_kept_cases(),
      host_network_cases(),
  };
  return tables;
}

}  // namespace conformance
