#include "runtime/shim/filesystem.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "kernel/file.hpp"
#include "kernel/mount.hpp"
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

std::vector<std::string_view> parts_of(std::string_view layers) {
  std::vector<std::string_view> parts;
  while (!layers.empty()) parts.push_back(spec::cut(layers, ':'));
  return parts;
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
  const auto layers = parts_of(std::string_view(*lower).substr(key.size()));
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

}  // namespace

Outcome<> mount_filesystem(const wire::Mount& mount, spec::MountFlags options, const std::string& target,
                           const std::string& doing) {
  const auto flags = flags_of(options);
  const auto now = [&](const std::string& data) {
    return explained(
        kernel::mount(mount.source.c_str(), target.c_str(), mount.type.c_str(), flags, data.c_str()), doing);
  };
  auto data = joined(options.data);
  if (data.size() <= longest_data) return now(data);
  const auto here =
      TRY(explained(kernel::openat<kernel::Path>(kernel::cwd, ".", O_PATH | O_DIRECTORY), doing));
  const auto folder = shorten(options);
  data = joined(options.data);
  if (folder.empty() || data.size() > longest_data)
    return refuse(fmt::format("{}: its options take {} bytes, and mount(2) has room for {}", doing,
                              data.size(), longest_data),
                  E2BIG);
  TRY(explained(kernel::chdir(folder.c_str()), doing));
  auto mounted = now(data);
  TRY(explained(kernel::fchdir(here.get()), doing));
  return mounted;
}

std::vector<std::string> layers_of(const spec::MountFlags& options) {
  constexpr std::string_view keys[] = {"lowerdir=", "lowerdir+=", "datadir+="};
  std::vector<std::string> layers;
  for (const std::string_view word : options.data)
    for (const auto key : keys)
      if (word.starts_with(key))
        for (const auto part : parts_of(word.substr(key.size())))
          if (!part.empty()) layers.emplace_back(part);  // "::" is before layers of data alone
  return layers;
}

}  // namespace lodger::shim
