#include "runtime/security/labels.hpp"

#include <fmt/core.h>

#include "kernel/file.hpp"

namespace lodger::security {

bool apparmor_enabled(const LabelFiles& files) {
  const auto file = kernel::openat(kernel::cwd, files.apparmor, O_RDONLY);
  char answer[2] = {};
  return file && kernel::read(file->get(), answer).value_or(0) > 0 && answer[0] == 'Y';
}

bool selinux_enabled(const LabelFiles& files) {
  return kernel::openat<kernel::Path>(kernel::cwd, files.selinux, O_PATH).has_value();
}

Outcome<> check_labels(std::string_view apparmor_profile, std::string_view selinux_label,
                       std::string_view mount_label, const LabelFiles& files) {
  if (!apparmor_profile.empty() && !apparmor_enabled(files))
    return refuse(
        fmt::format("process.apparmorProfile: AppArmor is not enabled in this kernel, so \"{}\" cannot "
                    "be applied; remove the property or boot with apparmor=1 security=apparmor",
                    apparmor_profile));
  if (selinux_label.empty() && mount_label.empty()) return {};
  if (selinux_enabled(files)) return {};
  const bool process = !selinux_label.empty();
  return refuse(fmt::format(
      "{}: SELinux is not enabled in this kernel, so \"{}\" cannot be applied; remove the "
      "property or boot with selinux=1 security=selinux",
      process ? "process.selinuxLabel" : "linux.mountLabel", process ? selinux_label : mount_label));
}

}  // namespace lodger::security
