#include "netmode/policy/fallback.hpp"

#include <fmt/core.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstddef>
#include <span>

namespace lodger::netmode::policy {
namespace {

constexpr long tcp_since = 4;  // Landlock's version, Linux 6.7

#if defined(__x86_64__)
constexpr unsigned native = AUDIT_ARCH_X86_64, other_socket = 359, other_socketcall = 102;  // i386
constexpr unsigned other_setsockopt = 366;
constexpr unsigned number_mask = ~0x40000000U;              // without x32's bit
constexpr unsigned setsockopts[] = {__NR_setsockopt, 541};  // x32 has one of its own
#elif defined(__aarch64__)
constexpr unsigned native = AUDIT_ARCH_AARCH64, other_socket = 281, other_socketcall = 102;  // arm
constexpr unsigned other_setsockopt = 294;
constexpr unsigned number_mask = ~0U;
constexpr unsigned setsockopts[] = {__NR_setsockopt};
#endif

constexpr unsigned allow = SECCOMP_RET_ALLOW, denied = SECCOMP_RET_ERRNO | EPERM,
                   missing = SECCOMP_RET_ERRNO | ENOSYS;

constexpr sock_filter load(std::size_t at) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(at));
}
/// The lower half of an argument; the calls that are looked at take ints.
constexpr sock_filter load_argument(std::size_t i) { return load(offsetof(seccomp_data, args) + 8 * i); }
constexpr sock_filter answer(unsigned value) { return BPF_STMT(BPF_RET | BPF_K, value); }

void answer_if(std::vector<sock_filter>& out, std::initializer_list<unsigned> values, unsigned what) {
  for (const unsigned value : values) {
    out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    out.push_back(answer(what));
  }
}

/// The ULP "smc" puts a socket of SMC in a TCP socket's place, whose bind Landlock does not see. A filter
/// cannot read the name, so that none passes; who asks for "tls" goes on without the kernel's TLS.
void refuse_ulp(std::vector<sock_filter>& out, std::span<const unsigned> numbers) {
  const sock_filter judge[] = {load_argument(1), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 2),
                               load_argument(2), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCP_ULP, 1, 0),
                               answer(allow),    answer(denied)};
  for (auto rest = numbers.size(); const unsigned number : numbers) {
    --rest;
    const auto to_judge = static_cast<std::uint8_t>(rest);
    const auto past = static_cast<std::uint8_t>(rest == 0 ? std::size(judge) : 0);
    out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, to_judge, past));
  }
  out.insert(out.end(), std::begin(judge), std::end(judge));
}

std::size_t count(const std::vector<PortRange>& ranges) {
  std::size_t all = 0;
  for (const auto& [first, last] : ranges) all += last - first + 1U;
  return all;
}

}  // namespace

Outcome<> check_fallback(const PortSet& bind) {
  if (!is_everything(bind.udp))
    return refuse(
        "it cannot keep UDP to a list of ports; with bind=1-65535/udp beside it UDP is left as it is",
        ENOSYS);
  const auto version = kernel::landlock_version();
  if (!version) return std::unexpected(explain("this kernel has none", version.error()));
  if (*version < tcp_since)
    return refuse(fmt::format("it takes version 4 (Linux 6.7), and this kernel's is version {}", *version),
                  ENOSYS);
  if (!is_everything(bind.tcp) && count(bind.tcp) > most_landlocked)
    return refuse(fmt::format("it takes a rule for each port, and {} are more than {}", count(bind.tcp),
                              most_landlocked),
                  E2BIG);
  return {};
}

Outcome<kernel::Fd<kernel::Ruleset>> make_fallback(const PortSet& bind, kernel::Landlocked what) {
  constexpr std::string_view doing = "--network host,bind: a ruleset of Landlock";
  what.network |= kernel::landlock_bind_tcp;
  auto ruleset = TRY(explained(kernel::make_ruleset(what), doing));
  TRY(explained(kernel::allow_tcp_bind(ruleset, 0), doing));
  for (const auto& [first, last] : bind.tcp)
    for (unsigned port = first; port <= last; ++port)
      TRY(explained(kernel::allow_tcp_bind(ruleset, static_cast<std::uint16_t>(port)), doing));
  return ruleset;
}

std::vector<sock_filter> fallback_filter() {
  constexpr unsigned kind_mask = 0xf;  // SOCK_CLOEXEC and SOCK_NONBLOCK stand beside it
  std::vector<sock_filter> foreign = {load(offsetof(seccomp_data, nr))};
  answer_if(foreign, {other_socket, other_socketcall}, denied);
  answer_if(foreign, {__NR_io_uring_setup}, missing);
  refuse_ulp(foreign, std::span(&other_setsockopt, 1));
  foreign.push_back(answer(allow));

  std::vector<sock_filter> out = {
      load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, native, static_cast<std::uint8_t>(foreign.size()), 0)};
  out.insert(out.end(), foreign.begin(), foreign.end());
  out.push_back(load(offsetof(seccomp_data, nr)));
  out.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, number_mask));
  answer_if(out, {__NR_io_uring_setup}, missing);
  refuse_ulp(out, setsockopts);
  out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 1, 0));
  out.push_back(answer(allow));
  out.push_back(load_argument(0));
  answer_if(out, {AF_SMC}, denied);
  out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0));
  out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0));
  out.push_back(answer(allow));
  out.push_back(load_argument(1));
  out.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kind_mask));
  answer_if(out, {SOCK_RAW}, allow);
  out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 2, 0));
  out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 1, 0));
  out.push_back(answer(denied));
  out.push_back(load_argument(2));
  answer_if(out, {0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_ICMP, IPPROTO_ICMPV6}, allow);
  out.push_back(answer(denied));
  return out;
}

}  // namespace lodger::netmode::policy
