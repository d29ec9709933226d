#include "runtime/shim/mounts.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>

#include "kernel/file.hpp"
#include "kernel/mount.hpp"
#include "spec/options.hpp"
#include "spec/text.hpp"

namespace lodger::shim {
namespace {

/// What mount(2) takes as data: one page, with the zero at its end.
constexpr std::size_t longest_data = 4095;

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : ",").append(word);
  return out;
}

/// Old mount(2) knows a mount's own flags by the names of the superblock's.
unsigned long flags_of(const spec::MountFlags& options) {
  struct Pair {
    std::uint64_t attribute;
    unsigned long flag;
  };
  constexpr Pair pairs[] = {{MOUNT_ATTR_RDONLY, MS_RDONLY},   {MOUNT_ATTR_NOSUID, MS_NOSUID},
                            {MOUNT_ATTR_NODEV, MS_NODEV},     {MOUNT_ATTR_NOEXEC, MS_NOEXEC},
                            {MOUNT_ATTR_NOATIME, MS_NOATIME}, {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME}};
  unsigned long flags = options.super_set;
  for (const auto& [attribute, flag] : pairs)
    if (options.attr_set & attribute) flags |= flag;
  return flags;
}

/// "lowerdir=/a/1/fs:/a/2/fs" in a long chain of layers: what all have in front is taken for the working
/// folder, and the rest is relative to it (containerd does the same).
std::string shorten(spec::MountFlags& options) {
  constexpr std::string_view key = "lowerdir=";
  const auto lower =
      std::ranges::find_if(options.data, [&](const auto& word) { return word.starts_with(key); });
  if (lower == options.data.end()) return {};
  std::vector<std::string_view> layers;
  for (std::string_view rest = std::string_view(*lower).substr(key.size()); !rest.empty();)
    layers.push_back(spec::cut(rest, ':'));
  std::string_view common = layers.front();
  for (const auto layer : layers) {
    const auto differs = std::ranges::mismatch(common, layer).in1;
    common = common.substr(0, static_cast<std::size_t>(differs - common.begin()));
  }
  common = common.substr(0, common.rfind('/') + 1);
  if (common.size() <= 1) return {};
  std::string shortened(key);
  for (const auto layer : layers)
    shortened.append(shortened.size() == key.size() ? "" : ":").append(layer.substr(common.size()));
  const std::string folder(common);
  *lower = std::move(shortened);
  return folder;
}

/// A mount whose data is a whole page or more is made from a folder below which the layers are.
Outcome<> mount_overlay(const char* source, const std::string& target, const char* type, unsigned long flags,
                        spec::MountFlags& options, const std::string& doing) {
  auto data = joined(options.data);
  if (data.size() <= longest_data)
    return explained(kernel::mount(source, target.c_str(), type, flags, data.c_str()), doing);
  const auto here =
      TRY(explained(kernel::openat<kernel::Path>(kernel::cwd, ".", O_PATH | O_DIRECTORY), doing));
  const auto folder = shorten(options);
  data = joined(options.data);
  if (folder.empty() || data.size() > longest_data)
    return refuse(fmt::format("{}: its options take {} bytes, and mount(2) has room for {}", doing,
                              data.size(), longest_data),
                  E2BIG);
  TRY(explained(kernel::chdir(folder.c_str()), doing));
  auto mounted = explained(kernel::mount(source, target.c_str(), type, flags, data.c_str()), doing);
  TRY(explained(kernel::fchdir(here.get()), doing));
  return mounted;
}

Outcome<> mount_one(const wire::Mount& mount, const std::string& target) {
  const auto doing = fmt::format("mounting the root filesystem ({} {})", mount.type, mount.source);
  if (mount.type.contains('/'))
    return refuse(fmt::format("{}: this type is for containerd's own mount manager", doing), EOPNOTSUPP);
  spec::Mount known;
  known.options = mount.options;
  auto options = spec::mount_flags(known);
  if (options.idmap || options.recursive_idmap || options.id_map_text)
    return refuse(fmt::format("{}: id-mapped mounts are made from config.json's mounts alone", doing),
                  EOPNOTSUPP);
  const auto flags = flags_of(options);
  if (!options.binds())
    return mount_overlay(mount.source.c_str(), target, mount.type.c_str(), flags, options, doing);
  const unsigned long bind = MS_BIND | (options.recursive_bind ? MS_REC : 0UL);
  TRY(explained(kernel::mount(mount.source.c_str(), target.c_str(), nullptr, bind, nullptr), doing));
  // A bind mount takes no flags with it: mount(2), "Creating a bind mount".
  if (flags)
    TRY(explained(kernel::mount(nullptr, target.c_str(), nullptr, MS_BIND | MS_REMOUNT | flags, nullptr),
                  doing));
  return {};
}

}  // namespace

Outcome<RootMounts> RootMounts::make(const std::vector<wire::Mount>& mounts, const std::string& target) {
  if (const auto made = kernel::mkdirat(kernel::cwd, target.c_str(), 0711);
      !made && made.error().code != EEXIST)
    return std::unexpected(explain(fmt::format("making {}", target), made.error()));
  RootMounts out(target);
  for (const auto& mount : mounts)
    TRY(mount_one(mount, mount.target.empty() ? target : fmt::format("{}/{}", target, mount.target)));
  return out;
}

RootMounts::~RootMounts() {
  if (!target_.empty()) (void)unmount_all(target_);
}

Outcome<> unmount_all(const std::string& target) {
  constexpr int nofollow = 8;  // UMOUNT_NOFOLLOW
  for (;;) {
    const auto done = kernel::umount(target.c_str(), kernel::detach | nofollow);
    if (done) continue;
    if (done.error().code == EINVAL || done.error().code == ENOENT) return {};  // nothing is mounted there
    return std::unexpected(explain(fmt::format("unmounting {}", target), done.error()));
  }
}

}  // namespace lodger::shim
