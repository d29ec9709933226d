#include "netmode/relay/child.hpp"

#include <sys/mount.h>

#include "kernel/credentials.hpp"
#include "kernel/file.hpp"
#include "kernel/mount.hpp"
#include "kernel/namespace.hpp"
#include "kernel/process.hpp"
#include "netmode/relay/arguments.hpp"

namespace lodger::netmode::relay {
namespace {

/// "/proc/self/fd/N"; no formatting library between fork and exec.
struct OwnFile {
  char path[32] = "/proc/self/fd/";
  explicit OwnFile(int fd) {
    char digits[12];
    int count = 0;
    do digits[count++] = static_cast<char>('0' + fd % 10);
    while ((fd /= 10) != 0);
    char* end = path + sizeof "/proc/self/fd/" - 1;
    while (count > 0) *end++ = digits[--count];
    *end = '\0';
  }
};

/// pasta opens the namespace by a path, when it has given up the right to look into other processes; and it
/// closes what it inherits. So the file is where it can open it, in a mount namespace that nobody else sees.
kernel::Result<> show_network(int network) {
  TRY(kernel::unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS));
  TRY(kernel::mount("", "/", "", MS_REC | MS_PRIVATE, nullptr));
  return kernel::mount(OwnFile(network).path, network_file, "", MS_BIND, nullptr);
}

/// Where they stand in the child.
enum Number : int { nowhere, ready, errors, network, user, go, refusal, count };

/// By way of numbers that are free: what is to stand in a place may come from the place of another.
kernel::Result<> arrange(const Birth& birth) {
  int fds[] = {birth.nowhere, birth.ready, birth.errors, birth.network, birth.user, birth.go, birth.refusal};
  static_assert(sizeof fds / sizeof *fds == count);
  for (int& fd : fds)
    fd = static_cast<int>(TRY(kernel::call("fcntl", __NR_fcntl, fd, F_DUPFD_CLOEXEC, int{count})));
  for (int number = 0; number < count; ++number) TRY(kernel::place(fds[number], number));
  return kernel::close_from(count);
}

/// Neither setns(2) nor a change of ids may leave us in sight of who is in that user namespace: ptrace(2).
kernel::Result<> hide() { return kernel::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

kernel::Result<> prepare() {
  TRY(kernel::setsid());
  TRY(hide());
  // Supplementary groups are a matter of the host; an ordinary user cannot put them down, and keeps no more
  // than his own.
  const auto groups = kernel::setgroups({});
  if (!groups && groups.error().code != EPERM) return groups;
  // pasta opens it by its name below /proc, as whoever is root in there; nobody else has such a name.
  TRY(kernel::fchmod(ready, 0622));
  TRY(kernel::setns(user, CLONE_NEWUSER));
  TRY(kernel::setresgid(0));
  TRY(kernel::setresuid(0));
  TRY(hide());
  TRY(show_network(network));
  TRY(kernel::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  TRY(kernel::close_on_exec_from(errors + 1));
  kernel::reset_signals();  // pasta of 2023 ends where SIGPIPE is ignored when it starts
  TRY(kernel::signal_mask(SIG_SETMASK, 0));
  return {};
}

}  // namespace

void become_relay(const Birth& birth) {
  if (!arrange(birth)) kernel::exit(127);
  char word;
  const auto may_go = kernel::read(go, {&word, 1});
  if (!may_go || *may_go != 1) kernel::exit(0);
  const auto prepared = prepare();
  static constexpr const char* envp[] = {nullptr};
  const auto error = prepared ? kernel::execute(birth.path, birth.argv, envp) : prepared.error();
  (void)kernel::write_all(refusal, {reinterpret_cast<const char*>(&error), sizeof error});
  kernel::exit(127);
}

}  // namespace lodger::netmode::relay
