// Deleting containers. Source: runtime-spec 1.3, runtime.md, "Delete".
#pragma once
#include <string>

#include "kernel/failure.hpp"
#include "runtime/container/lifecycle.hpp"
#include "runtime/container/store.hpp"
#include "spec/config.hpp"
#include "spec/state.hpp"

namespace lodger::container {

struct RemoveRequest {
  std::string id;
  bool force = false;  // kill first; a container that does not exist is no failure
};

/// A created container is killed first, as all peers do; one that runs or is paused is refused without force.
/// When it is interrupted, the same call again finishes the work.
Outcome<> remove(const Store& store, const RemoveRequest& request, const Notices& notices);

/// By force this very container, of which the caller has the record. False: it is gone, and another that has
/// its id by now is not touched.
Outcome<bool> remove_this(const Store& store, const Record& meant, const Notices& notices);

/// Undoes a container whose own process has ended: what is left of its processes where it shared its pid
/// namespace, its cgroup, its folder; then the poststop hooks, whose failures are notices.
Outcome<> dismantle(Folder folder, const Record& record, const Notices& notices);

/// Runs all poststop hooks; failures are notices. Only once nothing of the container is left.
void run_poststop(const std::vector<spec::Hook>& hooks, const spec::State& state, const Notices& notices);

}  // namespace lodger::container
