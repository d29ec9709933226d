// Files that an administrator's word is taken from: root's, and nobody else's to change. As sshd_config(5)
// has it for StrictModes: the file, and each folder on the way to it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "runtime/policy/rules.hpp"

namespace lodger::policy {

/// Where the administrator's own is, whatever the caller says.
inline constexpr const char* administrators_file = "/etc/lodger/policy.json";

/// All that is in force: the administrator's, where it is there, and the caller's (--policy; empty: none),
/// which has to be there. Each has to allow what is done: the second takes away and gives nothing. One that
/// cannot be read, trusted or understood is a failure. Where there is none it costs one system call.
Outcome<std::vector<Policy>> in_force(const std::string& callers,
                                      const std::string& administrators = administrators_file);

/// The text of a file that root of the host owns, below folders that root owns, all of which nobody else may
/// write, by a path without symbolic links. Nothing: it is not there.
Outcome<std::optional<std::string>> read_trusted(const std::string& path);

}  // namespace lodger::policy
