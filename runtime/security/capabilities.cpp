#include "runtime/security/capabilities.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "kernel/process.hpp"

namespace lodger::security {

namespace {

// In order of number, from CAP_CHOWN = 0 on.
constexpr std::array names = std::to_array<std::string_view>({
    "CAP_CHOWN",
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
    "CAP_CHECKPOINT_RESTORE",
});
static_assert(names.size() == CAP_LAST_CAP + 1,
              "the kernel's headers know a capability that has no name here");

// The kernel answers EINVAL for what it does not know.
bool known_here(int capability) { return kernel::prctl(PR_CAPBSET_READ, capability).has_value(); }

std::uint64_t mask(const std::vector<std::string>& set, int last, std::vector<std::string>& unknown) {
  std::uint64_t bits = 0;
  for (const auto& name : set) {
    const auto number = std::ranges::find(names, name) - names.begin();
    if (number <= last && number < static_cast<std::ptrdiff_t>(names.size()))
      bits |= std::uint64_t{1} << number;
    else if (std::ranges::find(unknown, name) == unknown.end())
      unknown.push_back(name);
  }
  return bits;
}

}  // namespace

int last_capability(bool (*known)(int)) {
  int last = CAP_LAST_CAP;
  while (last > 0 && !known(last)) --last;
  while (last < 63 && known(last + 1)) ++last;  // a kernel newer than this build
  return last;
}

int last_capability() { return last_capability(known_here); }

CapabilityMasks capability_masks(const spec::Capabilities& sets, std::vector<std::string>& unknown,
                                 int last) {
  CapabilityMasks out;
  out.last = last;
  out.effective = mask(sets.effective, last, unknown);
  out.bounding = mask(sets.bounding, last, unknown);
  out.inheritable = mask(sets.inheritable, last, unknown);
  out.permitted = mask(sets.permitted, last, unknown);
  out.ambient = mask(sets.ambient, last, unknown);
  return out;
}

CapabilityMasks capability_masks(const spec::Capabilities& sets, std::vector<std::string>& unknown) {
  return capability_masks(sets, unknown, last_capability());
}

std::vector<std::string> names_of(std::uint64_t mask) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (mask >> i & 1) out.emplace_back(names[i]);
  return out;
}

std::vector<std::string> capability_names() {
  const auto count = std::min<std::size_t>(names.size(), static_cast<std::size_t>(last_capability()) + 1);
  return {names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace lodger::security
