// Device nodes: those of the configuration, and the defaults that it leaves out.
// runtime-spec, config-linux.md, "Default Devices".
#include <fmt/core.h>
#include <linux/kdev_t.h>

#include <algorithm>

#include "kernel/mount.hpp"
#include "runtime/rootfs/rootfs.hpp"

namespace lodger::rootfs {
namespace {

struct DefaultDevice {
  std::string_view path;
  unsigned major, minor;
};
constexpr DefaultDevice default_devices[] = {{"/dev/null", 1, 3},    {"/dev/zero", 1, 5},
                                             {"/dev/full", 1, 7},    {"/dev/random", 1, 8},
                                             {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};

unsigned kind_of(char type) { return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR; }

/// The kernel's own encoding of major and minor, as stat(2) gives it: new_encode_dev() of <linux/kdev_t.h>.
std::uint64_t number_of(std::uint64_t major, std::uint64_t minor) {
  return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffULL) << 12;
}

/// In a user namespace mknod(2) is not to be had, but the host's node can be shown, if it is that very
/// device.
Outcome<> bind_from_host(Planning& planning, const std::string& name, const std::string& path,
                         init::Device& device) {
  if (!planning.in_user_namespace() || S_ISFIFO(device.mode)) return {};
  const auto doing = fmt::format("{} {} of the host", name, path);
  device.bound = true;
  kernel::Fd<kernel::Mount> tree;
  if (planning.owns_mounts()) tree = TRY(explained(kernel::clone_tree(kernel::cwd, path.c_str(), 0), doing));
  const auto found =
      TRY(explained(tree ? kernel::status(tree.get()) : kernel::status(kernel::cwd, path.c_str(), 0), doing));
  if ((found.st_mode & S_IFMT) != (device.mode & S_IFMT) || found.st_rdev != device.device)
    return refuse(fmt::format("{}: is not that device, and a user namespace can make no other", doing),
                  EEXIST);
  if (!tree) return {};
  // Or what the container mounts over its node would lie over the host's, too.
  TRY(explained(kernel::set_propagation(tree.get(), MS_PRIVATE), doing));
  device.tree = planning.row.add(std::move(tree));
  return {};
}

Outcome<> plan_device(Planning& planning, const spec::Device& from, std::size_t index,
                      std::vector<init::Device>& devices) {
  init::Device device;
  device.source = planning.memory.text(from.path);
  device.path = device.source + 1;
  device.mode = kind_of(from.type) | from.file_mode.value_or(0666);
  device.device = number_of(static_cast<std::uint64_t>(from.major), static_cast<std::uint64_t>(from.minor));
  device.uid = from.uid.value_or(0);
  device.gid = from.gid.value_or(0);
  device.index = static_cast<std::uint32_t>(index);
  TRY(bind_from_host(planning, fmt::format("linux.devices[{}]", index), from.path, device));
  devices.push_back(device);
  return {};
}

/// In a /dev of its own this one is always the link to the container's devpts ("Default Devices").
Outcome<bool> is_own_ptmx(const spec::Device& device, std::size_t index, bool with_defaults) {
  if (!with_defaults || device.path != "/dev/ptmx") return false;
  if (kind_of(device.type) == S_IFCHR && device.major == 5 && device.minor == 2) return true;
  return refuse(fmt::format("linux.devices[{}] {}: is the container's own terminals' (c 5:2) and no other",
                            index, device.path),
                EEXIST);
}

}  // namespace

Outcome<std::vector<init::Device>> plan_devices(Planning& planning, bool with_defaults) {
  const auto& configured = planning.linux().devices;
  std::vector<init::Device> devices;
  devices.reserve(configured.size() + std::size(default_devices));
  for (std::size_t i = 0; i < configured.size(); ++i) {
    if (TRY(is_own_ptmx(configured[i], i, with_defaults))) continue;
    TRY(planning.failures.noted(plan_device(planning, configured[i], i, devices)));
  }
  if (!with_defaults) return devices;
  for (const auto& [path, major, minor] : default_devices) {
    const auto named = [&](const spec::Device& device) { return device.path == path; };
    if (std::any_of(configured.begin(), configured.end(), named)) continue;
    spec::Device device;
    device.path = path;
    device.major = major;
    device.minor = minor;
    TRY(planning.failures.noted(plan_device(planning, device, configured.size(), devices)));
  }
  return devices;
}

}  // namespace lodger::rootfs
