#include "runtime/container/prepare.hpp"

#include <fmt/core.h>

#include "cgroups/cgroup.hpp"
#include "runtime/plan/descriptors.hpp"

namespace lodger::container {
namespace {

/// Without cgroupsPath: /lodger/<id>, absolute on every hierarchy, never below the caller's own cgroup.
std::string cgroup_path(const std::string& id, const spec::Config& config) {
  const auto& path = config.linux->cgroups_path;
  if (path.empty()) return fmt::format("{}/{}", cgroups::default_parent, id);
  return path.starts_with('/') ? path : '/' + path;
}

plan::Wishes wishes_of(const CreateRequest& request, const Source& source, const cgroups::Layout& layout) {
  plan::Wishes wishes;
  wishes.id = request.id;
  wishes.bundle = source.bundle;
  wishes.no_pivot = request.no_pivot;
  wishes.new_keyring = !request.no_new_keyring;
  wishes.host_network = source.host_network;
  wishes.preserve_fds = request.preserve_fds;
  wishes.layout = &layout;
  wishes.cgroup_path = cgroup_path(request.id, source.config);
  return wishes;
}

}  // namespace

Outcome<Preparation> prepare(const CreateRequest& request, const Source& source,
                             const cgroups::Layout& layout) {
  Preparation made{TRY(explained(plan::Memory::make(), "making the memory of the plan")),
                   {},
                   wishes_of(request, source, layout),
                   {}};
  made.wishes.callers_descriptors =
      TRY(plan::make_room(plan::descriptors_of(source.config, request.preserve_fds)));
  plan::Planning planning{source.config, made.wishes, made.memory, made.row};
  made.built = TRY(plan::build(planning));
  return Outcome<Preparation>(std::move(made));
}

}  // namespace lodger::container
