// The table, sorted by name, and what a list of options comes to.
//
// A mount has bits of its own (MOUNT_ATTR_*, mount_setattr(2)) and its filesystem has others (MS_*,
// mount(2)), shared by all mounts of it. "ro" is both, save on a bind mount, whose filesystem belongs to
// somebody else. The access time mode is no bit but a field of three values: who changes it has to clear the
// whole field, or the kernel answers EINVAL.
//
// A bind mount starts with the flags of its source. Options that name none leave them as they are; as soon as
// they name one, they are all there is, as with `mount --bind -o remount,nodev` by mount(2). Only the access
// time mode stays until an option of its group is named.
#include "spec/options.hpp"

#include <linux/mount.h>

#include <algorithm>

namespace lodger::spec {

namespace {

enum class Does : std::uint8_t {
  nothing,    // the kernel's defaults
  set,        // attr and super are set
  clear,      // attr and super are cleared
  atime,      // attr is the new mode
  not_atime,  // the mode attr is not wanted: the kernel's default, relatime, unless another was chosen
  propagate,  // super is the propagation
  mark,       // a flag of MountFlags
};

struct Option {
  std::string_view name;
  Does does;
  std::uint64_t attr = 0, super = 0;
  bool recursive = false;
  bool MountFlags::*flag = nullptr;
};

using enum Does;
constexpr bool below = true;  // the "r" forms: the whole tree, by AT_RECURSIVE

constexpr Option table[] = {
    {"async", clear, 0, MS_SYNCHRONOUS},
    {"atime", not_atime, MOUNT_ATTR_NOATIME},
    {"bind", mark, 0, 0, false, &MountFlags::bind},
    {"copy-symlink", mark, 0, 0, false, &MountFlags::copy_symlink},
    {"defaults", nothing},
    {"dest-nofollow", mark, 0, 0, false, &MountFlags::destination_nofollow},
    {"dev", clear, MOUNT_ATTR_NODEV},
    {"diratime", clear, MOUNT_ATTR_NODIRATIME},
    {"dirsync", set, 0, MS_DIRSYNC},
    {"exec", clear, MOUNT_ATTR_NOEXEC},
    {"idmap", mark, 0, 0, false, &MountFlags::idmap},
    {"iversion", set, 0, MS_I_VERSION},
    {"lazytime", set, 0, MS_LAZYTIME},
    {"loud", clear, 0, MS_SILENT},
    {"mand", set, 0, MS_MANDLOCK},
    {"noatime", atime, MOUNT_ATTR_NOATIME},
    {"nodev", set, MOUNT_ATTR_NODEV},
    {"nodiratime", set, MOUNT_ATTR_NODIRATIME},
    {"noexec", set, MOUNT_ATTR_NOEXEC},
    {"noiversion", clear, 0, MS_I_VERSION},
    {"nolazytime", clear, 0, MS_LAZYTIME},
    {"nomand", clear, 0, MS_MANDLOCK},
    {"norelatime", not_atime, MOUNT_ATTR_RELATIME},
    {"nostrictatime", not_atime, MOUNT_ATTR_STRICTATIME},
    {"nosuid", set, MOUNT_ATTR_NOSUID},
    {"nosymfollow", set, MOUNT_ATTR_NOSYMFOLLOW},
    {"private", propagate, 0, MS_PRIVATE},
    {"ratime", not_atime, MOUNT_ATTR_NOATIME, 0, below},
    {"rbind", mark, 0, 0, false, &MountFlags::recursive_bind},
    {"rdev", clear, MOUNT_ATTR_NODEV, 0, below},
    {"rdiratime", clear, MOUNT_ATTR_NODIRATIME, 0, below},
    {"relatime", atime, MOUNT_ATTR_RELATIME},
    {"remount", mark, 0, 0, false, &MountFlags::remount},
    {"rexec", clear, MOUNT_ATTR_NOEXEC, 0, below},
    {"ridmap", mark, 0, 0, false, &MountFlags::recursive_idmap},
    {"rnoatime", atime, MOUNT_ATTR_NOATIME, 0, below},
    {"rnodev", set, MOUNT_ATTR_NODEV, 0, below},
    {"rnodiratime", set, MOUNT_ATTR_NODIRATIME, 0, below},
    {"rnoexec", set, MOUNT_ATTR_NOEXEC, 0, below},
    {"rnorelatime", not_atime, MOUNT_ATTR_RELATIME, 0, below},
    {"rnostrictatime", not_atime, MOUNT_ATTR_STRICTATIME, 0, below},
    {"rnosuid", set, MOUNT_ATTR_NOSUID, 0, below},
    {"rnosymfollow", set, MOUNT_ATTR_NOSYMFOLLOW, 0, below},
    {"ro", set, MOUNT_ATTR_RDONLY, MS_RDONLY},
    {"rprivate", propagate, 0, MS_PRIVATE, below},
    {"rrelatime", atime, MOUNT_ATTR_RELATIME, 0, below},
    {"rro", set, MOUNT_ATTR_RDONLY, 0, below},
    {"rrw", clear, MOUNT_ATTR_RDONLY, 0, below},
    {"rshared", propagate, 0, MS_SHARED, below},
    {"rslave", propagate, 0, MS_SLAVE, below},
    {"rstrictatime", atime, MOUNT_ATTR_STRICTATIME, 0, below},
    {"rsuid", clear, MOUNT_ATTR_NOSUID, 0, below},
    {"rsymfollow", clear, MOUNT_ATTR_NOSYMFOLLOW, 0, below},
    {"runbindable", propagate, 0, MS_UNBINDABLE, below},
    {"rw", clear, MOUNT_ATTR_RDONLY, MS_RDONLY},
    {"shared", propagate, 0, MS_SHARED},
    {"silent", set, 0, MS_SILENT},
    {"slave", propagate, 0, MS_SLAVE},
    {"src-nofollow", mark, 0, 0, false, &MountFlags::source_nofollow},
    {"strictatime", atime, MOUNT_ATTR_STRICTATIME},
    {"suid", clear, MOUNT_ATTR_NOSUID},
    {"symfollow", clear, MOUNT_ATTR_NOSYMFOLLOW},
    {"sync", set, 0, MS_SYNCHRONOUS},
    {"tmpcopyup", mark, 0, 0, false, &MountFlags::copy_up},
    {"unbindable", propagate, 0, MS_UNBINDABLE},
};
static_assert(std::ranges::is_sorted(table, {}, &Option::name),
              "looked up by bisection, printed as it stands");

const Option* find(std::string_view name) {
  const auto* found = std::ranges::lower_bound(table, name, {}, &Option::name);
  return found != std::end(table) && found->name == name ? found : nullptr;
}

/// A pair of masks in which no bit is both set and cleared: the later option wins.
struct Masks {
  std::uint64_t& on;
  std::uint64_t& off;

  void set(std::uint64_t bits) const { on |= bits, off &= ~bits; }
  void clear(std::uint64_t bits) const { off |= bits, on &= ~bits; }
  void mode(std::uint64_t value) const {
    off |= MOUNT_ATTR__ATIME;
    on = (on & ~std::uint64_t{MOUNT_ATTR__ATIME}) | value;
  }
  void not_mode(std::uint64_t value) const {
    const bool chosen = off & MOUNT_ATTR__ATIME;
    if (!chosen && value == MOUNT_ATTR_RELATIME) return;  // relatime unless it is another: nothing is said
    if (!chosen || (on & MOUNT_ATTR__ATIME) == value) mode(MOUNT_ATTR_RELATIME);
  }
};

void apply(const Option& option, MountFlags& out) {
  const Masks attr =
      option.recursive ? Masks{out.rec_attr_set, out.rec_attr_clr} : Masks{out.attr_set, out.attr_clr};
  const Masks super{out.super_set, out.super_clr};
  switch (option.does) {
    case nothing: return;
    case set: return attr.set(option.attr), super.set(option.super);
    case clear: return attr.clear(option.attr), super.clear(option.super);
    case atime: return attr.mode(option.attr);
    case not_atime: return attr.not_mode(option.attr);
    case propagate: out.propagation = option.super, out.propagation_recursive = option.recursive; return;
    case mark: out.*option.flag = true; return;
  }
}

/// "idmap=uids=...;gids=..." and "ridmap=...".
void take_map(std::string_view text, MountFlags& out) {
  out.idmap = true;
  out.recursive_idmap = text.starts_with('r');
  out.id_map_text = text.substr(text.find('=') + 1);
}

/// What a bind mount loses although no option says so.
std::uint64_t implied(const MountFlags& flags) {
  const auto named = flags.attr_set | flags.attr_clr;
  if (!named || !flags.binds() || flags.remount) return 0;
  std::uint64_t bits =
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
  if (flags.attr_clr & MOUNT_ATTR__ATIME) bits |= MOUNT_ATTR_NODIRATIME;
  if (flags.attr_set & MOUNT_ATTR_NODIRATIME) bits |= MOUNT_ATTR__ATIME;
  return bits & ~(named | flags.rec_attr_set | flags.rec_attr_clr);
}

}  // namespace

MountFlags mount_flags(const Mount& mount) {
  MountFlags out;
  for (const auto& text : mount.options) {
    if (const Option* option = find(text))
      apply(*option, out);
    else if (text.starts_with("idmap=") || text.starts_with("ridmap="))
      take_map(text, out);
    else if (!text.empty())
      out.data.push_back(text);
  }
  if (mount.type == "bind" && !out.recursive_bind)
    out.bind = true;  // engines have been seen to leave it at that
  if (out.bind || out.recursive_bind) {
    out.super_set &= ~std::uint64_t{MS_RDONLY};
    out.super_clr &= ~std::uint64_t{MS_RDONLY};
  }
  out.implied_clr = implied(out);
  return out;
}

std::vector<std::string_view> mount_option_names() {
  std::vector<std::string_view> out;
  out.reserve(std::size(table));
  for (const auto& option : table) out.push_back(option.name);
  return out;
}

}  // namespace lodger::spec
