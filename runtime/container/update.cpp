#include "runtime/container/update.hpp"

#include <fmt/core.h>

#include "cgroups/manage.hpp"
#include "runtime/container/status.hpp"
#include "spec/check.hpp"

namespace lodger::container {

Outcome<> update(const Store& store, const std::string& id, const spec::Resources& resources) {
  TRY(spec::check(resources));
  const auto folder = TRY(store.open(id));
  const Record record = TRY(folder.read());
  const auto status = TRY(status_of(folder, record));
  if (status == Status::stopped)
    return refuse("cannot update a container that has stopped: container not running", ESRCH);
  if (record.cgroup.folders.empty())
    return refuse(
        fmt::format("update: container {} has no cgroup of its own whose limits could be changed", id),
        EOPNOTSUPP);
  return cgroups::update(TRY(cgroups::detect()), record.cgroup, resources);
}

}  // namespace lodger::container
