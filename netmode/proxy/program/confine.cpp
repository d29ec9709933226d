// The filter, written by hand: seccomp(2); the kernel's Documentation/userspace-api/seccomp_filter.rst.
// Sockets that are there, new ones of IP, pipes, epoll, the clock and the end. Nothing opens a file, maps
// memory, sends a signal, reads another process or executes one. Calls that are always allowed cost nothing
// since Linux 5.11, which keeps a bitmap.
#include "netmode/proxy/program/confine.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace lodger::netmode::proxy {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#endif

constexpr std::uint32_t allowed[] = {
    __NR_splice,  __NR_epoll_pwait, __NR_recvmmsg,   __NR_sendmmsg,      __NR_accept4,       __NR_connect,
    __NR_close,   __NR_epoll_ctl,   __NR_setsockopt, __NR_shutdown,      __NR_pipe2,         __NR_recvmsg,
    __NR_sendmsg, __NR_write,       __NR_exit_group, __NR_clock_gettime, __NR_epoll_create1,
};

constexpr sock_filter statement(unsigned code, std::uint32_t k) {
  return {static_cast<std::uint16_t>(code), 0, 0, k};
}
constexpr sock_filter jump(unsigned test, std::uint32_t k, std::size_t if_true, std::size_t if_false) {
  return {static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), static_cast<std::uint8_t>(if_true),
          static_cast<std::uint8_t>(if_false), k};
}
constexpr sock_filter load(std::size_t offset) {
  return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

constexpr std::size_t count = std::size(allowed);
// The low halves of the first and second argument: little-endian.
constexpr std::size_t family = offsetof(seccomp_data, args), command = family + sizeof(std::uint64_t);
constexpr std::size_t size = count + 13;

// Jumps count the instructions in between.
constexpr std::array<sock_filter, size> program = [] {
  std::array<sock_filter, size> out{};
  constexpr std::size_t kill = size - 2, allow = size - 1;
  std::size_t at = 0;
  const auto to = [&](std::size_t target) { return target - at - 1; };
  const auto put = [&](sock_filter what) { out[at++] = what; };
  put(load(offsetof(seccomp_data, arch)));
  put(jump(BPF_JEQ, architecture, 0, to(kill)));
  put(load(offsetof(seccomp_data, nr)));
  put(jump(BPF_JGE, 0x40000000, to(kill), 0));  // x32's numbers
  for (const auto call : allowed) put(jump(BPF_JEQ, call, to(allow), 0));
  // F_SETOWN and F_SETSIG would let it send signals (fcntl(2)), to whoever its user may.
  put(jump(BPF_JEQ, __NR_fcntl, 0, 2));
  put(load(command));
  put(jump(BPF_JEQ, F_SETPIPE_SZ, to(allow), to(kill)));
  put(jump(BPF_JEQ, __NR_socket, 0, to(kill)));
  put(load(family));
  put(jump(BPF_JEQ, AF_INET, to(allow), 0));
  put(jump(BPF_JEQ, AF_INET6, to(allow), 0));
  put(statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  put(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return out;
}();

/// Whoever has no right to that is an ordinary user already.
kernel::Result<> become_nobody() {
  constexpr auto both = kernel::capability_bit(CAP_SETUID) | kernel::capability_bit(CAP_SETGID);
  if ((TRY(kernel::permitted_capabilities()) & both) != both) return {};
  const auto group = kernel::setresgid(own_id);
  if (!group && group.error().code == EINVAL) return {};  // a user namespace without that number
  TRY(group);
  TRY(kernel::setgroups({}));
  return kernel::setresuid(own_id);
}

}  // namespace

std::span<const sock_filter> filter() { return program; }

kernel::Result<> confine() {
  TRY(become_nobody());
  TRY(kernel::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
  TRY(kernel::capset(0, 0, 0));
  TRY(kernel::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  auto rules = program;
  return kernel::set_filter({static_cast<unsigned short>(rules.size()), rules.data()}, 0);
}

}  // namespace lodger::netmode::proxy
