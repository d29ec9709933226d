#include "cgroups/delegate.hpp"

#include <algorithm>

#include "spec/text.hpp"

namespace lodger::cgroups {
namespace {

bool is_writable_cgroup(const spec::Mount& mount) {
  return mount.source == "cgroup" && mount.destination == "/sys/fs/cgroup" &&
         std::ranges::count(mount.options, "ro") == 0;
}

std::optional<std::uint32_t> host_id(const std::vector<spec::IdMapping>& mappings, std::uint32_t id) {
  for (const auto& [container, host, size] : mappings)
    if (id >= container && id - container < size) return host + (id - container);
  return std::nullopt;
}

Outcome<std::string> files_to_hand_over(const char* list) {
  const auto file = kernel::openat(kernel::cwd, list, O_RDONLY);
  if (!file) return "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
  char text[4096];  // one page is the most that sysfs gives
  return std::string(text, TRY(explained(kernel::read(file->get(), text), list)));
}

Outcome<> give(const Folder& folder, const std::string& entry, std::uint32_t uid) {
  constexpr auto unchanged = ~0U;
  const auto given =
      kernel::fchownat(folder.parent.get(), entry.c_str(), uid, unchanged, AT_SYMLINK_NOFOLLOW);
  if (given || given.error().code == ENOENT) return {};
  return explained(given, "handing cgroup " + folder.path + " over to the container's user");
}

}  // namespace

std::optional<std::uint32_t> delegated_owner(const spec::Config& config) {
  if (!config.linux || !config.process) return std::nullopt;
  const auto* space = config.linux->find(spec::NamespaceType::cgroup);
  if (!space || !space->path.empty()) return std::nullopt;
  if (!std::ranges::any_of(config.mounts, is_writable_cgroup)) return std::nullopt;
  const std::uint32_t uid = config.process->user.uid;
  const bool mapped = config.linux->find(spec::NamespaceType::user) != nullptr;
  const auto owner = mapped ? host_id(config.linux->uid_mappings, uid) : uid;
  return owner == 0U ? std::nullopt : owner;
}

Outcome<> delegate(const Folder& folder, std::uint32_t uid, const char* list) {
  const std::string files = TRY(files_to_hand_over(list));
  TRY(give(folder, folder.name, uid));
  for (std::string_view rest = files; !rest.empty();) {
    const auto name = spec::cut(rest, '\n');
    if (!name.empty()) TRY(give(folder, folder.entry(name), uid));
  }
  return {};
}

}  // namespace lodger::cgroups
