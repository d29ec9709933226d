// The life cycle's makers: create, start and run. Source: runtime-spec 1.3, runtime.md, "Lifecycle".
// What only looks or ends is beside it: query.hpp (state, list), kill.hpp, remove.hpp.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "runtime/container/deliver.hpp"
#include "runtime/container/notices.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// What a caller may ask of create and run: runc's flags, and lodger's own for the network.
struct CreateRequest : Delivery {
  std::string id;
  std::string bundle = ".";
  bool no_pivot = false, no_new_keyring = false;
  unsigned preserve_fds = 0;
  bool systemd_cgroup = false;
  bool systemd_by_path = false;      // the same for a cgroupsPath that can only be a unit's
  bool no_cgroup = false;            // --cgroup-manager disabled
  std::optional<bool> rootless;      // --rootless; unset: as the caller's rights are
  std::string network;               // --network; empty: what the bundle says
  std::vector<std::string> publish;  // --publish, as written
  bool publish_all = false;
  bool userland_proxy = false;  // --userland-proxy
  std::string policy;           // --policy, absolute; empty: the administrator's own alone
  int interrupt = -1;           // create's: a descriptor that, becoming readable, ends it as a failure
};

struct RunRequest : CreateRequest {
  bool detach = false, keep = false, no_subreaper = false;
};

/// A container for a caller that goes on with it.
struct Created : Made {
  Record record;
  spec::Config config;
};

/// Makes the container up to its start gate; on failure nothing is left of it.
Outcome<Created> create(const Store& store, const CreateRequest& request, const Notices& notices);

/// Opens the gate of a created container and runs the poststart hooks.
Outcome<> start(const Store& store, const std::string& id, const Notices& notices);
/// The same for who has its configuration still, so that it is not read again. `config`: that of Made.
/// `interrupt` becoming readable ends it as a failure.
Outcome<> start(const Store& store, const std::string& id, const spec::Config& config, const Notices& notices,
                int interrupt = -1);

/// create and start in one; in the foreground it waits, forwards signals and removes the container.
/// Gives the exit status of the container's process (128 + signal), or 0 when detached.
Outcome<int> run(const Store& store, const RunRequest& request, const Notices& notices);

}  // namespace lodger::container
