#include "runtime/rootfs/idmap.hpp"

#include <fmt/core.h>

#include "kernel/process.hpp"
#include "runtime/rootfs/mountinfo.hpp"

namespace lodger::rootfs {
namespace {

/// A process in a new user namespace, which lives only as long as somebody has to find that namespace by it.
class Resident {
 public:
  static kernel::Result<Resident> make() {
    const pid_t parent = kernel::getpid();
    int pidfd = -1;
    clone_args how{};
    how.flags = CLONE_NEWUSER | CLONE_PIDFD;
    how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    how.exit_signal = SIGCHLD;
    const pid_t pid = TRY(kernel::fork3(how));
    if (pid == 0) stay(parent);
    return Resident(pid, kernel::Fd<kernel::Process>(pidfd));
  }
  Resident(Resident&&) = default;
  Resident& operator=(Resident&&) = delete;
  ~Resident() {
    if (!process_) return;
    (void)kernel::send_signal(process_, SIGKILL);
    (void)kernel::wait(process_);
  }

  std::string file(const char* name) const { return fmt::format("/proc/{}/{}", pid_, name); }

 private:
  Resident(pid_t pid, kernel::Fd<kernel::Process> process) : pid_(pid), process_(std::move(process)) {}

  /// The child: waits for its end, which comes at the latest with its parent's.
  [[noreturn]] static void stay(pid_t parent) {
    (void)kernel::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (kernel::raw(__NR_getppid) == parent)
      kernel::raw(__NR_ppoll);  // no descriptors, no end: signals alone
    kernel::exit(0);
  }

  pid_t pid_;
  kernel::Fd<kernel::Process> process_;
};

kernel::Result<> write_map(const Resident& resident, const char* file, const std::string& text) {
  const auto map = TRY(kernel::openat(kernel::cwd, resident.file(file).c_str(), O_WRONLY));
  return kernel::write_once(map.get(), text);
}

kernel::Result<kernel::Fd<kernel::Namespace>> space_with(const std::string& uids, const std::string& gids) {
  const auto resident = TRY(Resident::make());
  TRY(write_map(resident, "gid_map", gids));
  TRY(write_map(resident, "uid_map", uids));
  return kernel::openat<kernel::Namespace>(kernel::cwd, resident.file("ns/user").c_str(), O_RDONLY);
}

/// The type of the filesystem at `source`, for a failure's text.
std::string type_at(const std::string& source) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(source.c_str(), nullptr), ::free);
  const auto mounts = read_mountinfo();
  if (!real || !mounts) return "its filesystem";
  const auto place = mount_that_holds(*mounts, real.get());
  std::string type = "its filesystem";
  for (const auto& mount : *mounts)  // the last one at a place lies on top
    if (mount.place == place) type = mount.type;
  return type;
}

Failure not_mapped(const std::string& doing, kernel::Error error, const std::string& source, bool recursive) {
  auto failure = explain(fmt::format("{}: idmap", doing), error);
  if (error.code == EINVAL)
    failure.text += fmt::format(" ({} at {}{} does not support id-mapped mounts on this kernel)",
                                type_at(source), source, recursive ? ", or what is mounted below it," : "");
  if (error.code == EPERM)
    failure.text +=
        " (the source is an id-mapped mount already, or lodger lacks CAP_SYS_ADMIN over its filesystem)";
  return failure;
}

Outcome<kernel::Fd<kernel::Namespace>> told(kernel::Result<kernel::Fd<kernel::Namespace>> space,
                                            const std::string& doing) {
  return explained(std::move(space), fmt::format("{}: idmap: a user namespace for it", doing));
}

}  // namespace

Outcome<kernel::Fd<kernel::Namespace>> make_space(const spec::IdMap& map, const std::string& doing) {
  return told(space_with(spec::map_text(map.uids), spec::map_text(map.gids)), doing);
}

Outcome<> map_tree(const kernel::Fd<kernel::Namespace>& space, bool recursive,
                   const kernel::Fd<kernel::Mount>& tree, const std::string& source,
                   const std::string& doing) {
  const auto mapped = kernel::map_ids(tree.get(), space.get(), recursive ? AT_RECURSIVE : 0);
  if (!mapped) return std::unexpected(not_mapped(doing, mapped.error(), source, recursive));
  return {};
}

Outcome<const IdMaps::Space*> IdMaps::space_for(const Planning& planning, const spec::IdMap& map,
                                                const std::string& doing) {
  const auto uids = spec::map_text(map.uids), gids = spec::map_text(map.gids);
  for (const auto& known : known_)
    if (known.uids == uids && known.gids == gids) return &known.space;
  auto space =
      map.joined_namespace
          ? kernel::openat<kernel::Namespace>(
                kernel::cwd, planning.linux().find(spec::NamespaceType::user)->path.c_str(), O_RDONLY)
          : space_with(uids, gids);
  known_.push_back({uids, gids, TRY(told(std::move(space), doing))});
  return &known_.back().space;
}

Outcome<init::Slot> IdMaps::slot_for(Planning& planning, const spec::IdMap& map, const std::string& doing) {
  const Space* space = TRY(space_for(planning, map, doing));
  return planning.row.add(TRY(explained(kernel::duplicate(*space), fmt::format("{}: idmap", doing))));
}

Outcome<> IdMaps::apply(const Planning& planning, const spec::IdMap& map,
                        const kernel::Fd<kernel::Mount>& tree, const std::string& source,
                        const std::string& doing) {
  const Space* space = TRY(space_for(planning, map, doing));
  return map_tree(*space, map.recursive, tree, source, doing);
}

}  // namespace lodger::rootfs
