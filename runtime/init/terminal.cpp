// The container's terminal. pts(4); runtime-spec, config.md, "terminal", "consoleSize".
#include "kernel/terminal.hpp"

#include <linux/kdev_t.h>
#include <linux/magic.h>

#include "kernel/filesystem.hpp"
#include "kernel/mount.hpp"
#include "runtime/init/place.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

using Terminal = Fd<kernel::Terminal>;

/// Opened in the container's devpts and checked to be its multiplexer, not what an image put there.
Result<Terminal> open_master(const Dev& dev) {
  auto master = TRY(kernel::open_in_root<kernel::Terminal>(dev.get(), "pts/ptmx", O_RDWR | O_NOCTTY));
  const auto found = TRY(kernel::status(master.get()));
  if (!S_ISCHR(found.st_mode) || found.st_rdev != MKDEV(5, 2)) return kernel::fail("/dev/pts/ptmx", ENODEV);
  // A node of that number elsewhere would lead to whatever devpts lies beside it.
  if (TRY(kernel::filesystem_type(master.get())) != DEVPTS_SUPER_MAGIC)
    return kernel::fail("/dev/pts/ptmx", ENODEV);
  return master;
}

/// The other end comes from the master itself (TIOCGPTPEER), never from a name: CVE-2025-52565.
Result<> bind_console(const Dev& dev, const Terminal& peer) {
  const auto place = TRY(open_or_make_place(dev.get(), "console", Make::file));
  const auto tree = TRY(kernel::clone_tree(peer.get(), "", AT_EMPTY_PATH));
  return kernel::attach(tree.get(), place.get());
}

/// Only what can be nobody else's: pipes, sockets, files to write to, and the container's own terminal; never
/// a device or a terminal of the caller. A file that is only read may be anybody's, and its owner could open
/// it again to write to it.
bool may_be_given(int stream, unsigned mode, bool terminal) {
  if (S_ISCHR(mode)) return terminal;
  if (!S_ISREG(mode)) return S_ISFIFO(mode) || S_ISSOCK(mode);
  const auto flags = kernel::call("fcntl", __NR_fcntl, stream, F_GETFL);
  return flags && (*flags & O_ACCMODE) != O_RDONLY;
}

}  // namespace

Result<Dev> open_dev(Control& control) {
  control.at(Stage::terminal);
  return kernel::openat<kernel::Path>(kernel::cwd, "/dev", O_PATH | O_DIRECTORY);
}

Result<> open_terminal(Control& control, const Dev& dev) {
  const Plan& plan = control.plan();
  control.at(Stage::terminal);
  const auto master = TRY(open_master(dev));
  TRY(kernel::unlock_terminal(master));
  const auto peer = TRY(kernel::terminal_peer(master));
  if (plan.has_window) TRY(kernel::set_window_size(peer.get(), {plan.rows, plan.columns, 0, 0}));
  if (plan.rootfs) TRY(bind_console(dev, peer));  // a process that joins leaves the container's own alone
  for (int stream = 0; stream < 3; ++stream) TRY(kernel::place(peer.get(), stream));
  TRY(kernel::control_terminal(0));
  return control.report(Event::terminal, 0, master.get());
}

/// So that the container's user can open /dev/stdout again.
Result<> give_streams_to(Control& control) {
  const unsigned uid = control.plan().identity.uid;
  for (int stream = 0; stream < 3; ++stream) {
    const auto found = kernel::status(stream);
    if (!found) continue;  // a closed stream stays closed
    if (found->st_uid == uid || !may_be_given(stream, found->st_mode, control.plan().terminal)) continue;
    // Best effort: read-only filesystems and foreign owners refuse it, and the streams work all the same.
    (void)kernel::done("fchown", __NR_fchown, stream, uid, -1);
  }
  return {};
}

}  // namespace lodger::init
