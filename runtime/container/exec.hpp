// A further process in a container. Source: runc-exec(8); runtime-spec 1.3, config.md, "Process".
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "runtime/container/deliver.hpp"
#include "runtime/container/lifecycle.hpp"
#include "runtime/container/store.hpp"
#include "spec/config.hpp"

namespace lodger::container {

struct ExecRequest : Delivery {
  std::string id;
  std::vector<std::string> args;
  std::optional<std::string>
      process;  // a process object as JSON; the fields down to `capabilities` are unused then
  // What stands in place of the container's own process, or beside it.
  std::string cwd, apparmor, process_label;
  std::optional<std::string> user;
  std::vector<std::string> env, groups, capabilities;
  bool terminal = false, no_new_privileges = false;
  bool detach = false, ignore_paused = false;
  unsigned preserve_fds = 0;
  std::vector<std::string> cgroups;  // sub-cgroups as exec's --cgroup has them
};

/// Runs it; gives its exit status (128 + signal), or 0 when detached.
Outcome<int> exec(const Store& store, const ExecRequest& request, const Notices& notices);

/// What --detach does, for a caller that goes on with the process.
Outcome<Made> exec_beside(const Store& store, const ExecRequest& request, const Notices& notices);

/// "UID" or "UID:GID", decimal, whole and within 32 bits (-1 is nobody's: credentials(7)). Anything else is
/// refused, never taken for a name or for 0: CVE-2026-30892, CVE-2026-46680.
struct UserIds {
  uid_t uid = 0;
  std::optional<gid_t> gid;
};
Outcome<UserIds> parse_user(std::string_view text);

/// The process that a request asks for in a container of this configuration. Pure, but for what it remarks
/// on.
Outcome<spec::Process> process_for(const spec::Config& config, const ExecRequest& request,
                                   const Notices& notices);

}  // namespace lodger::container
