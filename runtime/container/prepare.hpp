// All of a container's making that makes nothing yet: what is wrong with its bundle, or missing on this host,
// shows here.
#pragma once
#include "cgroups/cgroup.hpp"
#include "runtime/container/host_options.hpp"
#include "runtime/container/source.hpp"
#include "runtime/plan/build.hpp"

namespace lodger::container {

struct Preparation {
  plan::Memory memory;
  plan::Row row;
  plan::Wishes wishes;
  plan::Built built;
  std::optional<spec::Resources> resources;  // the configuration's, as far as this caller may set them
  cgroups::Place place;                      // its path is that of `wishes`

  HostOptions options;

  const spec::Resources* limits() const { return resources ? &*resources : nullptr; }
};

/// The plan, with everything opened that lies on the host. `layout` is this machine's, is narrowed to the
/// hierarchies in which the caller may make the container's cgroup, and must outlive what comes of it.
Outcome<Preparation> prepare(const CreateRequest& request, const Source& source, cgroups::Layout& layout,
                             Failures failures = {});

}  // namespace lodger::container
