#include "runtime/container/pause.hpp"

#include <fmt/core.h>

#include "cgroups/manage.hpp"
#include "runtime/container/status.hpp"

namespace lodger::container {
namespace {

/// What holds for a record without a cgroup of its own: no freezer but that of its maker, which is not ours
/// to stop.
Outcome<> check_freezer(const Record& record, std::string_view command) {
  if (!record.cgroup.folders.empty()) return {};
  return refuse(
      fmt::format("{}: container {} has no cgroup of its own, and so no freezer", command, record.id),
      EOPNOTSUPP);
}

Outcome<> with_words(const Record& record, std::string_view command, Outcome<> done) {
  if (done || done.error().code != ENOENT) return done;
  return refuse(
      fmt::format(
          "{}: container {} has no freezer: neither cgroup v1's freezer controller is mounted here nor "
          "has this kernel cgroup2's cgroup.freeze (Linux 5.2)",
          command, record.id),
      EOPNOTSUPP);
}

}  // namespace

// Both hold the lock of the folder: a delete that comes meanwhile waits.

Outcome<> pause(const Store& store, const std::string& id) {
  const auto folder = TRY(store.open(id));
  const Record record = TRY(folder.read());
  const auto status = TRY(status_of(folder, record));
  if (status == Status::paused)
    return refuse("cannot pause a container that is paused: container not running", EBUSY);
  if (status != Status::running && status != Status::created) return refuse("container not running", ESRCH);
  TRY(check_freezer(record, "pause"));
  return with_words(record, "pause", cgroups::freeze(record.cgroup));
}

Outcome<> resume(const Store& store, const std::string& id) {
  const auto folder = TRY(store.open(id));
  const Record record = TRY(folder.read());
  if (TRY(status_of(folder, record)) != Status::paused) return refuse("container not paused", EINVAL);
  return with_words(record, "resume", cgroups::thaw(record.cgroup));
}

}  // namespace lodger::container
