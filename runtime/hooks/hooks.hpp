// Hooks of the runtime's namespace: prestart, createRuntime, poststart, poststop.
// Source: runtime-spec 1.3, config.md, "POSIX-platform Hooks". Those of the container's namespace are run by
// its init (runtime/init/hooks.cpp).
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "spec/config.hpp"
#include "spec/state.hpp"

namespace lodger::hooks {

/// A hook in errors, as callers of runc look for it: "error running createRuntime hook #1: /path".
std::string name(std::string_view kind, std::size_t index, std::string_view path);
/// "killed by signal 31 (bad system call)".
std::string killed_by(int signal);

/// Runs the hooks in order, each with `state` on stdin, its own environment only and its timeout; the first
/// that fails ends it: "error running poststart hook #1: /x: exited with status 3", or "timed out after 5 s"
/// (and killed, with its process group), followed by the last 4 KiB of what it wrote to stdout and stderr.
/// `interrupt` becoming readable ends it like a failure.
Outcome<> run(std::string_view kind, const std::vector<spec::Hook>& hooks, const spec::State& state,
              int interrupt = -1);

/// The same, but all are run whatever becomes of the others: each failure is handed to `failed`. For
/// poststop.
void run_each(std::string_view kind, const std::vector<spec::Hook>& hooks, const spec::State& state,
              const std::function<void(const Failure&)>& failed);

}  // namespace lodger::hooks
