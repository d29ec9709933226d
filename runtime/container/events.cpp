#include "runtime/container/events.hpp"

#include <fmt/core.h>

#include "cgroups/oom.hpp"
#include "cgroups/usable.hpp"
#include "kernel/process.hpp"
#include "kernel/time.hpp"
#include "runtime/container/status.hpp"

namespace lodger::container {
namespace {

/// The container that is looked at, held by its process so that its end cannot be missed.
struct Watched {
  Record record;
  kernel::Fd<kernel::Process> process;
  cgroups::Layout layout;
};

Outcome<Watched> find(const Store& store, const std::string& id) {
  const auto folder = TRY(store.look(id));
  Watched watched{TRY(folder.read()), {}, {}};
  watched.process = TRY(process_of(watched.record));
  if (!watched.process) return refuse("container not running", ESRCH);
  if (watched.record.cgroup.folders.empty())
    return refuse(
        fmt::format("events: container {} has no cgroup of its own whose figures could be read", id),
        EOPNOTSUPP);
  watched.layout = TRY(cgroups::detect_for(watched.record.cgroup));
  return watched;
}

Outcome<> tell_statistics(const Watched& watched, const EventLine& line) {
  const auto figures = TRY(cgroups::statistics(watched.layout, watched.record.cgroup));
  return line(statistics_event(watched.record.id, figures));
}

}  // namespace

Outcome<> statistics_once(const Store& store, const std::string& id, const EventLine& line) {
  return tell_statistics(TRY(find(store, id)), line);
}

Outcome<> events(const Store& store, const std::string& id, std::int64_t interval, const EventLine& line) {
  const auto watched = TRY(find(store, id));
  auto memory = TRY(cgroups::OomWatch::open(watched.layout, watched.record.cgroup));
  pollfd set[] = {{watched.process.get(), POLLIN, 0}, {memory.fd(), POLLIN, 0}};
  for (auto next = kernel::monotonic_ns() + interval;;) {
    const int ready =
        TRY(explained(kernel::poll(set, kernel::milliseconds_until(next)), "waiting for events"));
    const bool ended = set[0].revents != 0;
    // Also at the end, which the lack of memory may have brought.
    if ((set[1].revents || ended) && memory.take()) TRY(line(oom_event(id)));
    if (ended) return {};
    if (ready > 0) continue;
    next += interval;
    if (auto told = tell_statistics(watched, line); !told) {
      if (!TRY(alive(watched.record))) return {};  // it ended meanwhile, and its cgroup with it
      return told;
    }
  }
}

}  // namespace lodger::container
