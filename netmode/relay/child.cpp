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

kernel::Result<> prepare(const Birth& birth) {
  TRY(kernel::setsid());
  // Supplementary groups are a matter of the host; an ordinary user cannot put them down, and keeps no more
  // than his own.
  const auto groups = kernel::setgroups({});
  if (!groups && groups.error().code != EPERM) return groups;
  TRY(kernel::setns(birth.user, CLONE_NEWUSER));
  TRY(kernel::setresgid(0));
  TRY(kernel::setresuid(0));
  TRY(show_network(birth.network));
  TRY(kernel::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  TRY(kernel::place(birth.nowhere, 0));
  TRY(kernel::place(birth.ready, 1));
  TRY(kernel::place(birth.errors, 2));
  TRY(kernel::close_from(3));
  kernel::reset_signals();  // pasta of 2023 ends where SIGPIPE is ignored when it starts
  TRY(kernel::signal_mask(SIG_SETMASK, 0));
  return {};
}

}  // namespace

kernel::Error become_relay(const Birth& birth) {
  char word;
  const auto go = kernel::read(birth.go, {&word, 1});
  if (!go || *go != 1) kernel::exit(0);
  const auto ready = prepare(birth);
  if (!ready) return ready.error();
  static constexpr const char* envp[] = {nullptr};
  return kernel::execute(birth.path, birth.argv, envp);
}

}  // namespace lodger::netmode::relay
