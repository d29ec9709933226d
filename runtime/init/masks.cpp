// Read-only and masked paths, after the pivot. runtime-spec, config-linux.md, "Masked Paths".
// Sources of masks are held by descriptor and checked for what they are: CVE-2025-31133.
#include <linux/kdev_t.h>

#include "kernel/mount.hpp"
#include "runtime/init/place.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

bool is_absent(const kernel::Error& error) { return error.code == ENOENT || error.code == ENOTDIR; }

/// Where masks come from: the container's null device for files, one empty read-only tmpfs for folders.
class Masks {
 public:
  explicit Masks(const Root& root) : root_(root) {}

  Result<> cover(const Fd<kernel::Path>& place) {
    const auto found = TRY(kernel::status(place.get()));
    return S_ISDIR(found.st_mode) ? cover_folder(place) : cover_file(place);
  }

 private:
  Result<> cover_file(const Fd<kernel::Path>& place) {
    if (!null_) {
      auto null = kernel::open_in_root(root_.get(), "dev/null", O_PATH | O_NOFOLLOW);
      if (!null)
        return kernel::fail("/dev/null", ENODEV);  // or the path's own name would be read with ENOENT
      null_ = std::move(*null);
      const auto found = TRY(kernel::status(null_.get()));
      if (!S_ISCHR(found.st_mode) || found.st_rdev != MKDEV(1, 3)) return kernel::fail("/dev/null", ENODEV);
    }
    const auto tree = TRY(kernel::clone_tree(null_.get(), "", AT_EMPTY_PATH));
    return kernel::attach(tree.get(), place.get());
  }

  Result<> cover_folder(const Fd<kernel::Path>& place) {
    if (empty_) {
      const auto tree = TRY(kernel::clone_tree(empty_.get(), "", AT_EMPTY_PATH));
      return kernel::attach(tree.get(), place.get());
    }
    const auto context = TRY(kernel::fsopen("tmpfs"));
    TRY(kernel::set_string(context, "mode", "0555"));
    TRY(kernel::create(context));
    empty_ = TRY(kernel::fsmount(
        context, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
    return kernel::attach(empty_.get(), place.get());
  }

  const Root& root_;
  Fd<kernel::Path> null_;
  Fd<kernel::Mount> empty_;
};

Result<> make_readonly(const Root& root, const char* name) {
  const auto place = open_place(root.get(), name);
  if (!place) return is_absent(place.error()) ? Result<>{} : std::unexpected(place.error());
  const auto tree = TRY(kernel::clone_tree(place->get(), "", AT_EMPTY_PATH | AT_RECURSIVE));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  TRY(kernel::set_attributes(tree.get(), attributes, AT_RECURSIVE));
  return kernel::attach(tree.get(), place->get());
}

}  // namespace

Result<> make_paths_readonly(Control& control, const Root& root) {
  const auto paths = control.plan().rootfs->readonly_paths;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    control.at(Stage::readonly_path, i);
    TRY(make_readonly(root, paths[i]));
  }
  return {};
}

Result<> mask_paths(Control& control, const Root& root) {
  const auto paths = control.plan().rootfs->masked_paths;
  Masks masks(root);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    control.at(Stage::masked_path, i);
    const auto place = open_place(root.get(), paths[i]);
    if (!place && is_absent(place.error())) continue;
    if (!place) return std::unexpected(place.error());
    TRY(masks.cover(*place));
  }
  return {};
}

}  // namespace lodger::init
