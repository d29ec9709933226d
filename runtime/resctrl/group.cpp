#include "runtime/resctrl/group.hpp"

#include <fmt/core.h>

#include <utility>

#include "cgroups/files.hpp"
#include "kernel/file.hpp"
#include "runtime/resctrl/schemata.hpp"
#include "runtime/rootfs/mountinfo.hpp"

namespace lodger::resctrl {
namespace {

using cgroups::read_text;
using cgroups::write_text;

kernel::Result<> make_folder(const std::string& folder) {
  return kernel::mkdirat(kernel::cwd, folder.c_str(), 0755);
}

kernel::Result<> remove_folder(const std::string& folder) {
  const auto removed = kernel::unlinkat(kernel::cwd, folder.c_str(), AT_REMOVEDIR);
  if (!removed && removed.error().code == ENOENT) return {};
  return removed;
}

bool exists(const std::string& path) {
  return kernel::faccessat(kernel::cwd, path.c_str(), F_OK).has_value();
}

std::string folder_of(const Filesystem& filesystem, const spec::IntelRdt& rdt, const std::string& id) {
  if (rdt.clos_id == "/") return filesystem.mount;
  return fmt::format("{}/{}", filesystem.mount, rdt.clos_id.empty() ? id : rdt.clos_id);
}

std::string monitor_of(const std::string& group, const std::string& id) {
  return fmt::format("{}/mon_groups/{}", group, id);
}

Outcome<std::vector<Schema>> shares_of(const std::string& group) {
  const auto file = group + "/schemata";
  return parse_schemata(TRY(explained(read_text(kernel::cwd, file), "linux.intelRdt: " + file)));
}

std::string one_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  for (auto& c : text)
    if (c == '\n') c = ' ';
  return text;
}

/// The kernel's own words about its last refusal (resctrl.rst, "last_cmd_status").
Failure described(const std::string& doing, kernel::Error error, const std::string& mount) {
  auto failure = explain("linux.intelRdt: " + doing, error);
  auto words = one_line(read_text(kernel::cwd, mount + "/info/last_cmd_status").value_or(""));
  if (!words.empty() && words != "ok") failure.text += fmt::format(" ({})", words);
  return failure;
}

/// The mount is the group's folder or the one above: there is no deeper level (but for monitoring groups).
std::string mount_of(const std::string& group) {
  return exists(group + "/info") ? group : group.substr(0, group.rfind('/'));
}

Outcome<> write_shares(const std::string& group, const std::vector<std::string>& writes) {
  const auto file = group + "/schemata";
  for (const auto& text : writes)
    if (const auto written = write_text(kernel::cwd, file, text); !written)
      return std::unexpected(described(fmt::format("{}: writing \"{}\"", file, one_line(text)),
                                       written.error(), mount_of(group)));
  return {};
}

Outcome<> check_resources(const Filesystem& filesystem, const std::vector<std::string>& writes) {
  if (writes.empty()) return {};
  const auto there = TRY(shares_of(filesystem.mount));
  for (const auto& text : writes)
    if (const auto resource = unknown_resource(parse_schemata(text), there); !resource.empty())
      return refuse(
          fmt::format("linux.intelRdt: {}: this machine does not share out {}", one_line(text), resource),
          ENOTSUP);
  return {};
}

/// config-linux.md: a class that is there has to give what l3CacheSchema and memBwSchema say.
Outcome<> check_class(const spec::IntelRdt& rdt, const std::string& group) {
  const auto there = TRY(shares_of(group));
  for (const auto* wanted : {&rdt.l3_cache_schema, &rdt.mem_bw_schema})
    if (!wanted->empty() && !matches(parse_schemata(*wanted), there)) {
      const auto found = TRY(explained(read_text(kernel::cwd, group + "/schemata"), group));
      return refuse(
          fmt::format("linux.intelRdt: the class {} is there already and does not give {}: it has {}", group,
                      one_line(*wanted), one_line(found)),
          EEXIST);
    }
  return {};
}

Outcome<> check_monitoring(const Filesystem& filesystem, const std::string& group, const std::string& id) {
  if (!exists(filesystem.mount + "/mon_groups"))
    return refuse("linux.intelRdt.enableMonitoring: this machine does not monitor (no mon_groups in resctrl)",
                  ENOTSUP);
  if (exists(monitor_of(group, id)))
    return refuse(fmt::format("linux.intelRdt.enableMonitoring: {} is there already", monitor_of(group, id)),
                  EEXIST);
  return {};
}

}  // namespace

Outcome<Filesystem> find_filesystem() {
  for (const auto& mount : TRY(rootfs::read_mountinfo()))
    if (mount.type == "resctrl") return Filesystem{mount.place, make_folder, remove_folder};
  constexpr const char* usual = "/sys/fs/resctrl";  // there where processor and kernel know it
  return refuse(
      exists(usual)
          ? "linux.intelRdt: the resctrl filesystem is not mounted: mount -t resctrl resctrl "
            "/sys/fs/resctrl"
          : "linux.intelRdt: no resctrl filesystem: this machine's processor or kernel cannot share "
            "out caches and memory bandwidth",
      ENODEV);
}

Outcome<> check(const Filesystem& filesystem, const spec::IntelRdt& rdt, const std::string& id) {
  const auto group = folder_of(filesystem, rdt, id);
  const auto writes = writes_for(rdt);
  const bool there = exists(group);
  if (there && rdt.clos_id.empty())
    return refuse(fmt::format("linux.intelRdt: {} is there already: name it by closID if it is meant", group),
                  EEXIST);
  if (!there && !rdt.clos_id.empty() && writes.empty())
    return refuse(fmt::format("linux.intelRdt.closID: no class {}: make it, or say here what it gives "
                              "(l3CacheSchema, memBwSchema, schemata)",
                              group),
                  ENOENT);
  TRY(check_resources(filesystem, writes));
  if (there) TRY(check_class(rdt, group));
  return rdt.enable_monitoring ? check_monitoring(filesystem, group, id) : Outcome<>{};
}

Outcome<> check(const spec::Linux& linux_object, const std::string& id) {
  if (!linux_object.intel_rdt) return {};
  return check(TRY(find_filesystem()), *linux_object.intel_rdt, id);
}

Record Group::intended(const Filesystem& filesystem, const spec::IntelRdt& rdt, const std::string& id) {
  const auto group = folder_of(filesystem, rdt, id);
  return {group, rdt.enable_monitoring ? monitor_of(group, id) : "", rdt.clos_id.empty()};
}

Outcome<Group> Group::make(const Filesystem& filesystem, const spec::IntelRdt& rdt, const std::string& id) {
  Group made;
  made.filesystem_ = filesystem;
  made.record_ = {folder_of(filesystem, rdt, id), "", rdt.clos_id.empty()};
  made.ours_ = true;
  const auto& group = made.record_.group;
  const auto folder = filesystem.make(group);
  if (!folder && (folder.error().code != EEXIST || rdt.clos_id.empty()))
    return std::unexpected(described("making the class " + group, folder.error(), filesystem.mount));
  made.made_ = folder.has_value();
  TRY(made.write(rdt));
  if (rdt.enable_monitoring) {
    const auto monitor = monitor_of(group, id);
    if (const auto done = filesystem.make(monitor); !done)
      return std::unexpected(
          described("making the monitoring group " + monitor, done.error(), filesystem.mount));
    made.record_.monitor = monitor;
  }
  return made;
}

Outcome<> Group::write(const spec::IntelRdt& rdt) {
  if (!made_)
    former_ = TRY(resctrl::update(record_, rdt));
  else
    TRY(write_shares(record_.group, writes_for(rdt)));
  return {};
}

Group::Group(Group&& other) noexcept { *this = std::move(other); }

Group& Group::operator=(Group&& other) noexcept {
  std::swap(filesystem_, other.filesystem_);
  std::swap(record_, other.record_);
  std::swap(made_, other.made_);
  std::swap(former_, other.former_);
  std::swap(ours_, other.ours_);
  return *this;
}

/// Best effort: the failure that led here is the one to tell.
Group::~Group() {
  if (!ours_) return;
  if (!record_.monitor.empty()) (void)filesystem_.remove(record_.monitor);
  if (made_ && read_text(kernel::cwd, record_.group + "/tasks").value_or("").empty())
    (void)filesystem_.remove(record_.group);
  restore(record_, former_);
}

/// A monitoring group takes only what is in the class above it: the class comes first.
Outcome<> add(const Record& record, pid_t pid) {
  for (const auto* folder : {&record.group, &record.monitor}) {
    if (folder->empty()) continue;
    const auto file = *folder + "/tasks";
    if (const auto written = write_text(kernel::cwd, file, std::to_string(pid)); !written)
      return std::unexpected(described(file, written.error(), mount_of(record.group)));
  }
  return {};
}

Outcome<std::string> update(const Record& record, const spec::IntelRdt& shares) {
  const auto writes = writes_for(shares);
  if (writes.empty()) return "";
  if (record.group.empty())
    return refuse("the container has no class of service: there is no linux.intelRdt in its configuration",
                  ENOENT);
  const auto file = record.group + "/schemata";
  auto former = TRY(explained(read_text(kernel::cwd, file), "linux.intelRdt: " + file)) + '\n';
  if (auto written = write_shares(record.group, writes); !written) {
    restore(record, former);
    return std::unexpected(std::move(written).error());
  }
  return former;
}

void restore(const Record& record, const std::string& former) {
  if (!former.empty()) (void)write_text(kernel::cwd, record.group + "/schemata", former);
}

Outcome<> remove(const Record& record) {
  if (!record.monitor.empty())
    TRY(explained(remove_folder(record.monitor), "removing the monitoring group " + record.monitor));
  if (!record.made) return {};
  return explained(remove_folder(record.group), "removing the class of service " + record.group);
}

}  // namespace lodger::resctrl
