#include "netmode/policy/fallback.hpp"

#include <catch2/catch.hpp>
#include <linux/audit.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

#include "tests/unit/runtime/security/bpf_machine.hpp"
#include "tests/unit/skip.hpp"

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::netmode::policy;

namespace {

PortSet set(const char* text) { return port_set(*parse_ports(text, "test")); }

bool is_there() { return kernel::landlock_version().value_or(0) >= 4; }

#if defined(__x86_64__)
constexpr unsigned native = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned native = AUDIT_ARCH_AARCH64;
#endif

using Arguments = std::array<std::uint64_t, 3>;
constexpr std::uint32_t passes = SECCOMP_RET_ALLOW, denied = SECCOMP_RET_ERRNO | EPERM,
                        missing = SECCOMP_RET_ERRNO | ENOSYS;

/// What the fallback's filter answers this call.
std::uint32_t filtered(unsigned architecture, long number, Arguments arguments = {}) {
  seccomp_data data{};
  data.arch = architecture;
  data.nr = static_cast<int>(number);
  std::ranges::copy(arguments, data.args);
  return test::run(fallback_filter(), data);
}
std::uint32_t made(int family, int type, int protocol) {
  return filtered(native, SYS_socket, {unsigned(family), unsigned(type), unsigned(protocol)});
}

}  // namespace

TEST_CASE("the filter lets those sockets be made that Landlock sees, and others without a port of TCP") {
  for (const int family : {AF_INET, AF_INET6}) {
    for (const int flags : {0, SOCK_CLOEXEC | SOCK_NONBLOCK}) {
      for (const int protocol : {0, int{IPPROTO_TCP}})
        CHECK(made(family, SOCK_STREAM | flags, protocol) == passes);
      for (const int protocol : {0, int{IPPROTO_UDP}, int{IPPROTO_UDPLITE}, int{IPPROTO_ICMP}})
        CHECK(made(family, SOCK_DGRAM | flags, protocol) == passes);
      CHECK(made(family, SOCK_RAW | flags, IPPROTO_SCTP) == passes);
      for (const int protocol : {262 /* MPTCP */, int{IPPROTO_SCTP}, 256 /* SMC */})
        CHECK(made(family, SOCK_STREAM | flags, protocol) == denied);
      CHECK(made(family, SOCK_SEQPACKET | flags, IPPROTO_SCTP) == denied);
      CHECK(made(family, SOCK_SEQPACKET | flags, 0) == denied);
      for (const int protocol : {0, int{IPPROTO_DCCP}})
        CHECK(made(family, SOCK_DCCP | flags, protocol) == denied);
    }
  }
  for (const int family : {AF_UNIX, AF_NETLINK, AF_PACKET}) CHECK(made(family, SOCK_DGRAM, 0) == passes);
  for (const int protocol : {0, 1 /* over IPv6 */}) CHECK(made(AF_SMC, SOCK_STREAM, protocol) == denied);
  // An int: the kernel does not look at the upper half, and neither must the filter.
  CHECK(filtered(native, SYS_socket, {1ULL << 32 | AF_INET, SOCK_STREAM, 262}) == denied);
}

TEST_CASE("the filter lets no socket of TCP be turned into one of SMC") {
  CHECK(filtered(native, SYS_setsockopt, {3, IPPROTO_TCP, TCP_ULP}) == denied);
  CHECK(filtered(native, SYS_setsockopt, {3, 1ULL << 32 | IPPROTO_TCP, 1ULL << 32 | TCP_ULP}) == denied);
  CHECK(filtered(native, SYS_setsockopt, {3, IPPROTO_TCP, TCP_NODELAY}) == passes);
  CHECK(filtered(native, SYS_setsockopt, {3, SOL_SOCKET, TCP_ULP}) == passes);
  CHECK(filtered(native, SYS_getsockopt, {3, IPPROTO_TCP, TCP_ULP}) == passes);
}

TEST_CASE("the filter refuses io_uring, as a kernel without it would, and judges nothing else") {
  CHECK(filtered(native, SYS_io_uring_setup) == missing);
  for (const long number : {SYS_bind, SYS_read, SYS_io_uring_enter})
    CHECK(filtered(native, number) == passes);
}

#if defined(__x86_64__)
TEST_CASE("the filter gives 32-bit programs no socket by which it could be passed") {
  constexpr unsigned i386 = AUDIT_ARCH_I386;
  CHECK(filtered(i386, 359 /* socket */, {AF_INET, SOCK_STREAM, 0}) == denied);
  CHECK(filtered(i386, 102 /* socketcall */, {1}) == denied);
  CHECK(filtered(i386, 366 /* setsockopt */, {3, IPPROTO_TCP, TCP_ULP}) == denied);
  CHECK(filtered(i386, 366, {3, IPPROTO_TCP, TCP_NODELAY}) == passes);
  CHECK(filtered(i386, 425 /* io_uring_setup */) == missing);
  CHECK(filtered(i386, 3 /* read */) == passes);
}

TEST_CASE("the filter judges x32's calls by the same rules") {
  constexpr long x32 = 0x40000000;
  CHECK(filtered(native, x32 | SYS_socket, {AF_INET, SOCK_STREAM, 262}) == denied);
  CHECK(filtered(native, x32 | SYS_socket, {AF_INET, SOCK_STREAM, 0}) == passes);
  CHECK(filtered(native, x32 | 541 /* setsockopt */, {3, IPPROTO_TCP, TCP_ULP}) == denied);
  CHECK(filtered(native, x32 | 541, {3, IPPROTO_TCP, TCP_NODELAY}) == passes);
  CHECK(filtered(native, x32 | SYS_io_uring_setup) == missing);
}
#endif

TEST_CASE("every port is told from many") {
  CHECK(is_everything(set("1-65535/udp").udp));
  CHECK(is_everything(set("1-100,101-65535").tcp));
  CHECK_FALSE(is_everything(set("1-65534").tcp));
  CHECK_FALSE(is_everything(set("80").udp));
}

TEST_CASE("Landlock is given no list for UDP") {
  for (const auto* list : {"80", "80,53/udp", "1-65535"})
    CHECK(check_fallback(set(list)).error().text.find("bind=1-65535/udp") != std::string::npos);
}

TEST_CASE("Landlock takes a rule for each port, as far as it goes") {
  if (!is_there()) SKIP_TEST("needs Linux 6.7 with Landlock");
  CHECK(check_fallback(set("1-65535,1-65535/udp")));
  CHECK(check_fallback(set("1-16384,1-65535/udp")));
  CHECK(check_fallback(set("1-16385,1-65535/udp")).error().code == E2BIG);
  CHECK(make_fallback(set("1-1000"), {}));
}
