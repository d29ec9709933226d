#include "runtime/shim/mapped.hpp"

#include <fmt/core.h>
#include <sched.h>

#include <functional>
#include <system_error>
#include <thread>

#include "kernel/namespace.hpp"
#include "runtime/rootfs/idmap.hpp"
#include "runtime/shim/filesystem.hpp"

namespace lodger::shim {
namespace {

using Tree = kernel::Fd<kernel::Mount>;
using Space = kernel::Fd<kernel::Namespace>;

/// What follows `key` in the last word that begins with it; all such words are taken out.
std::optional<std::string> take_word(std::vector<std::string>& words, std::string_view key) {
  std::optional<std::string> found;
  std::erase_if(words, [&](const std::string& word) {
    if (!word.starts_with(key)) return false;
    found = word.substr(key.size());
    return true;
  });
  return found;
}

/// What others mount from now on is not ours to see, nor what we mount theirs.
Outcome<> leave_mounts(const std::string& doing) {
  TRY(explained(kernel::unshare(CLONE_NEWNS), doing));
  const auto root = TRY(explained(kernel::openat<kernel::Path>(kernel::cwd, "/", O_PATH), doing));
  return explained(kernel::set_propagation(root.get(), MS_PRIVATE, AT_RECURSIVE), doing);
}

/// On a thread of its own, which alone is in another mount namespace and cannot come back with its working
/// folder as it was: setns(2).
Outcome<Tree> away(const std::function<Outcome<Tree>()>& make, const std::string& doing) {
  Outcome<Tree> made = std::unexpected(Failure{});
  const auto whole = [&] {
    if (auto left = leave_mounts(doing); !left)
      made = std::unexpected(std::move(left).error());
    else
      made = make();
  };
  try {  // std::thread tells by an exception that there is none to be had
    std::thread(whole).join();
  } catch (const std::system_error& error) {
    return refuse(fmt::format("{}: no thread for it: {}", doing, error.what()), error.code().value());
  }
  return made;
}

/// Each layer's mapped copy lies over the layer itself: the overlay's options stay as they are. All copies
/// are taken first, for a layer may lie in another.
Outcome<> map_layers(const spec::MountFlags& options, const Space& space, const std::string& doing) {
  std::vector<std::pair<std::string, Tree>> layers;
  for (const auto& layer : layers_of(options)) {
    const auto of_layer = fmt::format("{}: layer {}", doing, layer);
    auto tree = TRY(explained(kernel::clone_tree(kernel::cwd, layer.c_str(), 0), of_layer));
    TRY(rootfs::map_tree(space, false, tree, layer, of_layer));
    layers.emplace_back(layer, std::move(tree));
  }
  if (layers.empty())
    return refuse(fmt::format("{}: an overlay without lowerdir= has nothing to be id-mapped", doing), EINVAL);
  for (const auto& [layer, tree] : layers) {
    const auto place = kernel::openat<kernel::Path>(kernel::cwd, layer.c_str(), O_PATH | O_DIRECTORY);
    const auto attached = place ? kernel::attach(tree.get(), place->get()) : std::unexpected(place.error());
    TRY(explained(attached, fmt::format("{}: layer {}", doing, layer)));
  }
  return {};
}

Outcome<Tree> overlay(const wire::Mount& mount, const spec::MountFlags& options, const Space& space,
                      const std::string& aside, const std::string& doing) {
  TRY(map_layers(options, space, doing));
  auto mounted = mount_filesystem(mount, options, aside, doing);
  if (!mounted && mounted.error().code == EINVAL)
    mounted.error().text += " (an overlay over id-mapped layers needs Linux 5.19)";
  TRY(std::move(mounted));
  return explained(kernel::clone_tree(kernel::cwd, aside.c_str(), 0), doing);
}

Outcome<Tree> other(const wire::Mount& mount, const spec::MountFlags& options, const Space& space,
                    const std::string& aside, const std::string& doing) {
  TRY(mount_filesystem(mount, options, aside, doing));
  auto tree = TRY(explained(kernel::clone_tree(kernel::cwd, aside.c_str(), 0), doing));
  TRY(rootfs::map_tree(space, false, tree, aside, doing));
  return tree;
}

}  // namespace

Outcome<std::optional<spec::IdMap>> take_map(spec::MountFlags& options, const std::string& doing) {
  const auto uids = take_word(options.data, "uidmap="), gids = take_word(options.data, "gidmap=");
  if (!uids && !gids) return std::nullopt;
  if (!uids || !gids)
    return refuse(
        fmt::format("{}: {} is missing: both have to be given", doing, uids ? "gidmap=" : "uidmap="), EINVAL);
  const auto lines = [&](const char* name, const std::string& text) {
    auto read = spec::colon_map(name, text);
    if (!read) read.error().text = fmt::format("{}: {}", doing, read.error().text);
    return read;
  };
  spec::IdMap map;
  map.uids = TRY(lines("uidmap", *uids));
  map.gids = TRY(lines("gidmap", *gids));
  return map;
}

Outcome<Tree> mapped_filesystem(const wire::Mount& mount, const spec::MountFlags& options,
                                const spec::IdMap& map, const std::string& aside, const std::string& doing) {
  const auto space = TRY(rootfs::make_space(map, doing));
  const auto make = mount.type == "overlay" ? overlay : other;
  return away([&] { return make(mount, options, space, aside, doing); }, doing);
}

}  // namespace lodger::shim
