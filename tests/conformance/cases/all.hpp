// Every table of cases. A new file of cases: one line here, one in all.cpp, one in meson.build.
#pragma once
#include <span>

#include "tests/conformance/harness/case.hpp"

namespace conformance {

std::span<const Case> runtime_state_cases();
std::span<const Case> runtime_operations_cases();
std::span<const Case> runtime_kill_delete_cases();
std::span<const Case> runtime_lifecycle_cases();
std::span<const Case> config_root_cases();
std::span<const Case> config_mounts_cases();
std::span<const Case> config_mount_options_cases();
std::span<const Case> config_mount_trees_cases();
std::span<const Case> config_mount_idmap_cases();
std::span<const Case> config_process_cases();
std::span<const Case> config_process_linux_cases();
std::span<const Case> config_hooks_cases();
std::span<const Case> config_annotations_cases();
std::span<const Case> config_hostname_cases();
std::span<const Case> linux_namespaces_cases();
std::span<const Case> linux_devices_cases();
std::span<const Case> linux_devices_configured_cases();
std::span<const Case> linux_cgroups_cases();
std::span<const Case> linux_cgroup_owner_cases();
std::span<const Case> linux_device_rules_cases();
std::span<const Case> linux_resources_cases();
std::span<const Case> linux_limits_cases();
std::span<const Case> linux_sysctl_cases();
std::span<const Case> linux_seccomp_cases();
std::span<const Case> linux_seccomp_config_cases();
std::span<const Case> linux_seccomp_notify_cases();
std::span<const Case> linux_paths_cases();
std::span<const Case> linux_misc_cases();
std::span<const Case> features_cases();
std::span<const Case> features_kept_cases();
std::span<const Case> host_network_cases();

/// The tables in the order of the specification.
std::span<const std::span<const Case>> all_cases();

}  // namespace conformance
