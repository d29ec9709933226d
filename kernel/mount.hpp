// The mount API by descriptors. fsopen(2), fsconfig(2), fsmount(2), open_tree(2), move_mount(2),
// mount_setattr(2), pivot_root(2). Nothing here takes a path string below somebody else's root.
#pragma once
#include <linux/mount.h>
#include <sys/syscall.h>

#include "kernel/file.hpp"

namespace lodger::kernel {

inline Result<Fd<MountContext>> fsopen(const char* type) {
  return opened<MountContext>("fsopen", __NR_fsopen, type, FSOPEN_CLOEXEC);
}
/// fspick(2): a context that reconfigures the superblock mounted at `place`.
inline Result<Fd<MountContext>> fspick(int place) {
  return opened<MountContext>("fspick", __NR_fspick, place, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
}
inline Result<> set_flag(const Fd<MountContext>& context, const char* key) {
  return done("fsconfig", __NR_fsconfig, context.get(), FSCONFIG_SET_FLAG, key, nullptr, 0);
}
inline Result<> set_string(const Fd<MountContext>& context, const char* key, const char* value) {
  return done("fsconfig", __NR_fsconfig, context.get(), FSCONFIG_SET_STRING, key, value, 0);
}
inline Result<> create(const Fd<MountContext>& context) {
  return done("fsconfig", __NR_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0);
}
inline Result<> reconfigure(const Fd<MountContext>& context) {
  return done("fsconfig", __NR_fsconfig, context.get(), FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0);
}
/// fsmount(2): a detached mount of a created context; attributes are MOUNT_ATTR_*.
inline Result<Fd<Mount>> fsmount(const Fd<MountContext>& context, std::uint64_t attributes) {
  return opened<Mount>("fsmount", __NR_fsmount, context.get(), FSMOUNT_CLOEXEC, attributes);
}
/// The kernel's own words on what went wrong with a context ("e tmpfs: Bad value for 'size'"): the number of
/// bytes put into `words`, 0 when it has none. fsopen(2), "Message retrieval".
inline std::size_t last_words(const Fd<MountContext>& context, std::span<char> words) {
  const auto n = read(context.get(), words);
  return n ? *n : 0;
}

/// open_tree(2) with OPEN_TREE_CLONE: a detached copy of what is mounted at `name`. AT_RECURSIVE takes
/// everything below along.
inline Result<Fd<Mount>> clone_tree(int folder, const char* name, unsigned flags) {
  return opened<Mount>("open_tree", __NR_open_tree, folder, name,
                       flags | OPEN_TREE_CLONE | static_cast<unsigned>(OPEN_TREE_CLOEXEC));
}
/// move_mount(2) of a detached (or attached) mount onto a descriptor.
inline Result<> attach(int mount, int place) {
  return done("move_mount", __NR_move_mount, mount, "", place, "",
              MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}
/// The same onto a name.
inline Result<> attach_at(int mount, int folder, const char* name) {
  return done("move_mount", __NR_move_mount, mount, "", folder, name, MOVE_MOUNT_F_EMPTY_PATH);
}
/// mount_setattr(2) on the mount that `mount` refers to; flags: AT_RECURSIVE. Linux 5.12.
inline Result<> set_attributes(int mount, const mount_attr& attributes, unsigned flags = 0) {
  return done("mount_setattr", __NR_mount_setattr, mount, "", flags | AT_EMPTY_PATH, &attributes,
              sizeof attributes);
}
/// The same for one of MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE alone: mount_namespaces(7).
inline Result<> set_propagation(int mount, std::uint64_t type, unsigned flags = 0) {
  mount_attr attributes{};
  attributes.propagation = type;
  return set_attributes(mount, attributes, flags);
}
/// Maps the owners of what a detached mount shows as `user_namespace` maps ids: mount_setattr(2), "ID-mapped
/// mounts".
inline Result<> map_ids(int mount, int user_namespace, unsigned flags = 0) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(user_namespace);
  return set_attributes(mount, attributes, flags);
}
inline Result<> mount(const char* source, const char* target, const char* type, unsigned long flags,
                      const char* data) {
  return done("mount", __NR_mount, source, target, type, flags, data);
}
/// statx(2): the number of the mount that `fd` lies on, as in mountinfo. Linux 5.8.
inline Result<std::uint64_t> mount_id(int fd) {
  struct statx found {};
  TRY(done("statx", __NR_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &found));
  return found.stx_mnt_id;
}
/// MNT_DETACH: <sys/mount.h>, which has it, cannot be included beside <linux/mount.h>.
inline constexpr int detach = 2;
inline Result<> umount(const char* target, int flags) { return done("umount2", __NR_umount2, target, flags); }
inline Result<> pivot_root(const char* new_root, const char* put_old) {
  return done("pivot_root", __NR_pivot_root, new_root, put_old);
}
inline Result<> chroot(const char* root) { return done("chroot", __NR_chroot, root); }

}  // namespace lodger::kernel
