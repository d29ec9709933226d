#include "runtime/container/update.hpp"

#include <fmt/core.h>

#include "cgroups/manage.hpp"
#include "cgroups/usable.hpp"
#include "runtime/container/status.hpp"
#include "runtime/resctrl/group.hpp"
#include "spec/check.hpp"

namespace lodger::container {

Outcome<> update(const Store& store, const std::string& id, const spec::Resources& resources,
                 const spec::IntelRdt& shares) {
  TRY(spec::check(resources));
  TRY(spec::check(shares));
  const auto folder = TRY(store.open(id));
  const Record record = TRY(folder.read());
  const auto status = TRY(status_of(folder, record));
  if (status == Status::stopped)
    return refuse("cannot update a container that has stopped: container not running", ESRCH);
  if (record.cgroup.folders.empty())
    return refuse(
        fmt::format("update: container {} has no cgroup of its own whose limits could be changed", id),
        EOPNOTSUPP);
  const auto layout = TRY(cgroups::detect_for(record.cgroup));
  const auto former = TRY(resctrl::update(record.rdt, shares));
  auto updated = cgroups::update(layout, record.cgroup, resources);
  if (!updated) resctrl::restore(record.rdt, former);
  return updated;
}

}  // namespace lodger::container
