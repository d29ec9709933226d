// Two freezers. v1's (freezer.state) holds a task anywhere, even on its way out of a SIGKILL; cgroup2's
// (cgroup.freeze) lets killed tasks die. Where v1's is mounted it is used, since other tools look there.
// Source: cgroup-v1/freezer-subsystem.rst; cgroup-v2.rst, "cgroup.freeze".
#include <fmt/core.h>

#include <optional>

#include "cgroups/files.hpp"
#include "cgroups/folder.hpp"
#include "cgroups/manage.hpp"
#include "kernel/time.hpp"

namespace lodger::cgroups {
namespace {

constexpr std::int64_t patience_ns = 10'000'000'000;  // a process in uninterruptible sleep can take for ever

struct Freezer {
  kernel::Fd<kernel::Path> folder;
  bool v1 = false;

  const char* file() const { return v1 ? "freezer.state" : "cgroup.freeze"; }
  /// What was asked of this very cgroup; a frozen parent holds it as well, but is not ours to thaw.
  const char* own_file() const { return v1 ? "freezer.self_freezing" : "cgroup.freeze"; }
  const char* word(bool freeze) const { return v1 ? (freeze ? "FROZEN" : "THAWED") : (freeze ? "1" : "0"); }
};

/// The freezer of a container: v1's, else cgroup2's. ENOENT: the cgroup is gone or has none.
kernel::Result<Freezer> find(const Record& record) {
  const std::size_t first_v1 = record.unified ? 1 : 0;
  if (record.folders.size() > first_v1) {
    Freezer freezer{TRY(walk_to(record.folders[first_v1])), true};
    if (kernel::faccessat(freezer.folder.get(), freezer.file(), F_OK)) return freezer;
  }
  if (!record.unified) return kernel::fail("faccessat", ENOENT);
  return Freezer{TRY(walk_to(record.folders.front())), false};
}

/// Whether it is, by now, wholly as asked. Reading freezer.state makes the v1 kernel look again.
kernel::Result<bool> reached(const Freezer& freezer, bool frozen) {
  if (freezer.v1) return TRY(read_text(freezer.folder.get(), freezer.file())) == freezer.word(frozen);
  const auto events = TRY(read_text(freezer.folder.get(), "cgroup.events"));
  return (events.find("frozen 1") != events.npos) == frozen;
}

/// Asks a cgroup2 that says "frozen" though nobody is. A last process that ends while a sub-cgroup is not
/// wholly frozen makes it say so, and thawing passes over it then (kernel/cgroup/freezer.c,
/// cgroup_do_freeze(), 6.1): to be frozen once more, with that one gone as well, and thawed, sets it right.
kernel::Result<> thaw_again(const Freezer& freezer) {
  TRY(write_text(freezer.folder.get(), freezer.file(), freezer.word(true)));
  return write_text(freezer.folder.get(), freezer.file(), freezer.word(false));
}

/// True: reached; false: not in time. cgroup2 would tell by POLLPRI, v1 only when asked; asking suits both.
kernel::Result<bool> set(const Freezer& freezer, bool frozen) {
  constexpr int patient = 16;  // looks, of which the last ones are 10 ms apart
  TRY(write_text(freezer.folder.get(), freezer.file(), freezer.word(frozen)));
  const auto end = kernel::monotonic_ns() + patience_ns;
  std::int64_t pause_us = 20;
  for (int looks = 1;; ++looks, pause_us = std::min<std::int64_t>(pause_us * 2, 10'000)) {
    if (TRY(reached(freezer, frozen))) return true;
    if (kernel::monotonic_ns() > end) return false;
    if (!frozen && !freezer.v1 && looks % patient == 0) TRY(thaw_again(freezer));
    kernel::sleep_us(pause_us);
  }
}

}  // namespace

Outcome<bool> frozen(const Record& record) {
  const auto read = [&]() -> kernel::Result<bool> {
    const auto freezer = TRY(find(record));
    return TRY(read_text(freezer.folder.get(), freezer.own_file())) != "0";
  }();
  if (!read && (read.error().code == ENOENT || read.error().code == ENODEV)) return false;
  return explained(read, fmt::format("cgroup {}: reading its freezer", record.path));
}

Outcome<> freeze(const Record& record) {
  const auto doing = fmt::format("cgroup {}: freezing", record.path);
  const auto freezer = TRY(explained(find(record), doing));
  const auto done = set(freezer, true);
  if (done && *done) return {};
  (void)write_text(freezer.folder.get(), freezer.file(), freezer.word(false));  // half frozen helps nobody
  if (!done) return std::unexpected(explain(doing, done.error()));
  return refuse(
      fmt::format(
          "{}: not all processes stopped within 10 s, so it was thawed again (one may hang in the kernel)",
          doing),
      ETIMEDOUT);
}

Outcome<> thaw(const Record& record) {
  const auto doing = fmt::format("cgroup {}: thawing", record.path);
  const auto freezer = TRY(explained(find(record), doing));
  if (TRY(explained(set(freezer, false), doing))) return {};
  return refuse(fmt::format("{}: still frozen: a parent cgroup is frozen", doing), ETIMEDOUT);
}

}  // namespace lodger::cgroups
