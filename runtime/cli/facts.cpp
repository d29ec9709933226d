// Found by looking; what is the same everywhere stands in spec/features.cpp.
#include "runtime/cli/facts.hpp"

#include <fmt/core.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>

#include "cgroups/systemd/manager.hpp"
#include "kernel/syscall.hpp"
#include "runtime/cli/build_info.hpp"
#include "runtime/security/capabilities.hpp"
#include "runtime/security/syscalls.hpp"

namespace lodger::cli {
namespace {

struct FilterFlag {
  const char* name;
  unsigned long bits;  // what has to be asked for: the last one means nothing without a listener
};
constexpr FilterFlag filter_flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
     SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER},
};

/// seccomp(2) looks at the flags before it reads the program: with none, EFAULT says that it knows them.
bool kernel_takes(unsigned long bits) {
  const auto answer =
      kernel::call("seccomp", __NR_seccomp, SECCOMP_SET_MODE_FILTER, bits, static_cast<void*>(nullptr));
  return !answer && answer.error().code == EFAULT;
}

}  // namespace

std::string libseccomp_version() {
  return fmt::format("{}.{}.{}", SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
}

std::vector<std::string> known_seccomp_flags() {
  std::vector<std::string> names;
  for (const auto& flag : filter_flags) names.emplace_back(flag.name);
  return names;
}

std::vector<std::string> supported_seccomp_flags() {
  std::vector<std::string> names;
  for (const auto& flag : filter_flags)
    if (kernel_takes(flag.bits)) names.emplace_back(flag.name);
  return names;
}

spec::FeatureFacts gather_facts() {
  spec::FeatureFacts facts;
  facts.version = build_version;
  facts.commit = build_commit;
  facts.libseccomp_version = libseccomp_version();
  facts.capabilities = security::capability_names();
  for (const auto& architecture : security::architectures())
    facts.seccomp_archs.emplace_back(architecture.name);
  std::ranges::sort(facts.seccomp_archs);
  facts.seccomp_actions = {"SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO",       "SCMP_ACT_KILL",
                           "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
                           "SCMP_ACT_NOTIFY",       "SCMP_ACT_TRACE",       "SCMP_ACT_TRAP"};
  facts.seccomp_operators = {"SCMP_CMP_EQ", "SCMP_CMP_GE",        "SCMP_CMP_GT", "SCMP_CMP_LE",
                             "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"};
  facts.seccomp_known_flags = known_seccomp_flags();
  facts.seccomp_supported_flags = supported_seccomp_flags();
  // What lodger can do, "irrespective of whether the feature is enabled on the host": features-linux.md.
  facts.apparmor = facts.selinux = true;
  facts.systemd = cgroups::systemd::find_client().has_value();  // a part of lodger, left out of some builds
  facts.unsafe_annotations = {"org.systemd.property.", "run.oci.systemd.subgroup"};
  return facts;
}

}  // namespace lodger::cli
