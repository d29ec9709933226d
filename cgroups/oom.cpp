#include "cgroups/oom.hpp"

#include <fmt/core.h>

#include "cgroups/files.hpp"
#include "cgroups/statistics_files.hpp"
#include "kernel/events.hpp"

namespace lodger::cgroups {
namespace {

std::string v1_folder(const Layout& layout, const Record& record) {
  for (const auto& hierarchy : layout.hierarchies)
    if (hierarchy.has("memory")) return hierarchy.folder + record.path;
  return "";
}

std::uint64_t kills_in(const std::string& file) {
  const auto text = read_text(kernel::cwd, file);
  return text ? flat_keyed(*text)["oom_kill"] : 0;
}

}  // namespace

Outcome<> OomWatch::watch_v1(const std::string& folder) {
  file_ = folder + "/memory.oom_control";
  v1_ = true;
  control_ = TRY(explained(kernel::openat(kernel::cwd, file_.c_str(), O_RDONLY), file_));
  events_ = TRY(explained(kernel::eventfd(), "watching for OOM"));
  return explained(write_text(kernel::cwd, folder + "/cgroup.event_control",
                              fmt::format("{} {}", events_.get(), control_.get())),
                   folder + "/cgroup.event_control");
}

Outcome<> OomWatch::watch_v2(const std::string& folder) {
  file_ = folder + "/memory.events";
  if (!kernel::faccessat(kernel::cwd, file_.c_str(), R_OK)) return {};
  events_ = TRY(explained(kernel::inotify(), "watching for OOM"));
  TRY(explained(kernel::watch(events_, file_.c_str(), IN_MODIFY), file_));
  kills_ = kills_in(file_);
  return {};
}

Outcome<OomWatch> OomWatch::open(const Layout& layout, const Record& record) {
  OomWatch watch;
  if (layout.kind == Kind::v2)
    TRY(watch.watch_v2(layout.unified + record.path));
  else if (const auto folder = v1_folder(layout, record); !folder.empty())
    TRY(watch.watch_v1(folder));
  return Outcome<OomWatch>(std::move(watch));
}

bool OomWatch::take() {
  if (fd() < 0) return false;
  char buffer[4096];
  const auto read = kernel::read(fd(), buffer);
  if (v1_) return read && kernel::faccessat(kernel::cwd, file_.c_str(), F_OK);
  const auto before = kills_;
  kills_ = std::max(before, kills_in(file_));
  return kills_ > before;
}

}  // namespace lodger::cgroups
