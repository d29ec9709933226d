// What a shim leaves in the bundle for whoever cleans up after it.
#pragma once
#include <optional>
#include <string>

#include "runtime/shim/task.hpp"

namespace lodger::shim {

struct Leavings {
  std::string state_root;
  pid_t pid = 0;             // of the container's own process; 0: it was not made
  std::optional<Exit> exit;  // how it ended, where the shim has seen it
};

/// Where the shim that serves the bundle listens: for "delete" (living.hpp), and for containerd before 2.0,
/// which looks there when it comes back.
Outcome<> leave_address(const std::string& bundle, const std::string& socket);
/// Before anything is made of a bundle: where its container's state will be.
Outcome<> leave_state_root(const std::string& bundle, const std::string& state_root);
/// Where the library writes the process's number: the file that the usual shim leaves as well.
std::string pid_file(const std::string& bundle);
Outcome<> leave_exit(const std::string& bundle, pid_t pid, const Exit& exit);
/// Nothing: no container was made of this bundle.
Outcome<std::optional<Leavings>> read_leavings(const std::string& bundle);

}  // namespace lodger::shim
