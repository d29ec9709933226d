// Are the labels that a configuration asks for possible in this kernel? apparmor(7), selinux(8).
#pragma once
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::security {

/// Where the kernel says what it has; tests point elsewhere.
struct LabelFiles {
  const char* apparmor = "/sys/module/apparmor/parameters/enabled";  // "Y"
  const char* selinux = "/sys/fs/selinux/enforce";                   // there while selinuxfs is mounted
};

bool apparmor_enabled(const LabelFiles& files = {});
bool selinux_enabled(const LabelFiles& files = {});

/// Refuses process.apparmorProfile, process.selinuxLabel and linux.mountLabel where the kernel has no such
/// module: a container must not run without the confinement it was promised. Empty labels cost no system
/// call.
Outcome<> check_labels(std::string_view apparmor_profile, std::string_view selinux_label,
                       std::string_view mount_label, const LabelFiles& files = {});

}  // namespace lodger::security
