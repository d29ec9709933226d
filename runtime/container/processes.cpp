#include "runtime/container/processes.hpp"

#include <fmt/core.h>

#include "cgroups/manage.hpp"

namespace lodger::container {

Outcome<std::vector<pid_t>> processes(const Store& store, const std::string& id) {
  const Folder folder = TRY(store.look(id));
  const Record record = TRY(folder.read());
  if (record.cgroup.folders.empty())
    return refuse(
        fmt::format("container {} has no cgroup of its own that would tell which processes are its", id),
        EOPNOTSUPP);
  return cgroups::processes(record.cgroup);
}

}  // namespace lodger::container
