// Faults of what config.json says beside "process", "mounts" and "linux": root, hooks, annotations, names.
#include "mutation.hpp"

namespace conformance::broken {
namespace {

void drop_hooks(json& config, const char* kind) {
  if (config.contains("hooks")) config["hooks"].erase(kind);
}

const std::vector<Mutation> table = {
    {"prestart-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/create-hook-fails=prestart"},
     [](json& c) { drop_hooks(c, "prestart"); }},
    {"createRuntime-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/create-hook-fails=createRuntime"},
     [](json& c) { drop_hooks(c, "createRuntime"); }},
    {"createContainer-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/create-hook-fails=createContainer"},
     [](json& c) { drop_hooks(c, "createContainer"); }},
    {"startContainer-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/start-hook-fails=startContainer"},
     [](json& c) { drop_hooks(c, "startContainer"); }},
    {"poststart-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/start-hook-fails=poststart"},
     [](json& c) { drop_hooks(c, "poststart"); }},
    {"poststop-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/poststop-hook-fails"},
     [](json& c) { drop_hooks(c, "poststop"); }},
    {"last-mount-dropped",
     {"runtime-lifecycle/environment-at-create"},
     [](json& c) { c["mounts"].erase(c["mounts"].size() - 1); }},
    {"annotations-dropped", {"runtime-state/annotations"}, [](json& c) { c.erase("annotations"); }},
    {"cgroup-path-ignored",
     {"runtime/delete-removes-cgroup"},
     [](json& c) { c["linux"]["cgroupsPath"] = "/lodger-conformance-elsewhere"; }},
};

}  // namespace

std::span<const Mutation> config_mutations() { return table; }

}  // namespace conformance::broken
