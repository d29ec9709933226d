#include "netmode/policy/programs.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <random>

#include "netmode/policy/policy.hpp"
#include "tests/unit/bpf_machine.hpp"
#include "tests/unit/skip.hpp"

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::netmode::policy;

namespace {

Rules rules(const char* bind) {
  HostOptions options;
  options.bind = *parse_ports(bind, "test");
  return *rules_of(options);
}

std::uint64_t bind_answer(const std::vector<bpf_insn>& program, int protocol, unsigned port) {
  bpf_sock_addr address{};
  address.protocol = static_cast<std::uint32_t>(protocol);
  address.user_port = htons(static_cast<std::uint16_t>(port));
  return test::run_program(program, address);
}

bool listed(const std::vector<Ports>& list, Protocol protocol, unsigned port) {
  for (const auto& ports : list)
    if (ports.protocol == protocol && ports.range.first <= port && port <= ports.range.last) return true;
  return false;
}

std::uint64_t socket_answer(int type, int protocol) {
  bpf_sock socket{};
  socket.type = static_cast<std::uint32_t>(type);
  socket.protocol = static_cast<std::uint32_t>(protocol);
  return test::run_program(socket_program(), socket);
}

}  // namespace

TEST_CASE("a bind is answered by the list: 3 also below 1024, 1 for the kernel's choice, 0 else") {
  const auto program = bind_program(rules("80,8000-8010,53/udp"));
  CHECK(bind_answer(program, IPPROTO_TCP, 80) == 3);
  CHECK(bind_answer(program, 262 /* MPTCP */, 80) == 3);
  CHECK(bind_answer(program, IPPROTO_UDP, 80) == 0);
  CHECK(bind_answer(program, IPPROTO_UDP, 53) == 3);
  CHECK(bind_answer(program, 136 /* UDP-Lite */, 53) == 3);
  CHECK(bind_answer(program, IPPROTO_TCP, 53) == 0);
  for (const unsigned port : {8000U, 8005U, 8010U}) CHECK(bind_answer(program, IPPROTO_TCP, port) == 3);
  for (const unsigned port : {79U, 81U, 7999U, 8011U, 65535U})
    CHECK(bind_answer(program, IPPROTO_TCP, port) == 0);
  for (const int protocol : {IPPROTO_TCP, IPPROTO_UDP}) CHECK(bind_answer(program, protocol, 0) == 1);
  CHECK(bind_answer(program, IPPROTO_DCCP, 80) == 0);
}

TEST_CASE("an empty list allows the kernel's choice alone") {
  HostOptions options;
  options.bind.emplace();
  const auto program = bind_program(*rules_of(options));
  for (const int protocol : {IPPROTO_TCP, IPPROTO_UDP}) {
    CHECK(bind_answer(program, protocol, 80) == 0);
    CHECK(bind_answer(program, protocol, 0) == 1);
  }
}

TEST_CASE("the search by halves finds what the list says") {
  std::mt19937 random(8);  // NOLINT: the same every time
  const auto number = [&](unsigned most) { return std::uniform_int_distribution<unsigned>(1, most)(random); };
  for (int round = 0; round < 40; ++round) {
    std::vector<Ports> list;
    for (unsigned i = number(60); i > 0; --i) {
      const auto first = static_cast<std::uint16_t>(number(65000));
      const auto last = static_cast<std::uint16_t>(first + number(500) - 1);
      list.push_back({{first, last}, number(2) == 1 ? Protocol::tcp : Protocol::udp});
    }
    HostOptions options;
    options.bind = list;
    const auto program = bind_program(*rules_of(options));
    for (int i = 0; i < 2000; ++i) {
      const auto port = number(65535);
      const bool tcp = number(2) == 1;
      INFO("port " << port);
      REQUIRE((bind_answer(program, tcp ? IPPROTO_TCP : IPPROTO_UDP, port) != 0) ==
              listed(list, tcp ? Protocol::tcp : Protocol::udp, port));
    }
  }
}

TEST_CASE("sockets whose bind no program sees are not made") {
  CHECK(socket_answer(SOCK_STREAM, IPPROTO_TCP) == 1);
  CHECK(socket_answer(SOCK_STREAM, 262) == 1);
  CHECK(socket_answer(SOCK_DGRAM, IPPROTO_UDP) == 1);
  CHECK(socket_answer(SOCK_DGRAM, 136) == 1);
  CHECK(socket_answer(SOCK_DGRAM, IPPROTO_ICMP) == 1);
  CHECK(socket_answer(SOCK_DGRAM, IPPROTO_ICMPV6) == 1);
  CHECK(socket_answer(SOCK_RAW, IPPROTO_SCTP) == 1);
  CHECK(socket_answer(SOCK_STREAM, IPPROTO_SCTP) == 0);
  CHECK(socket_answer(SOCK_SEQPACKET, IPPROTO_SCTP) == 0);
  CHECK(socket_answer(SOCK_DCCP, IPPROTO_DCCP) == 0);
  CHECK(socket_answer(SOCK_DGRAM, 115 /* L2TP */) == 0);
}

TEST_CASE("without rules there are no programs") {
  CHECK(programs({}).empty());
  CHECK(programs(rules("80")).size() == 3);
}

TEST_CASE("the kernel takes the programs, the longest too") {
  HostOptions options;
  options.bind.emplace();
  SECTION("none") {}
  SECTION("one") { options.bind = *parse_ports("80", "test"); }
  SECTION("everything") { options.bind = *parse_ports("1-65535,1-65535/udp", "test"); }
  SECTION("as many ranges as there may be") {
    for (std::uint16_t i = 0; i < most_ranges; ++i) {
      const auto port = static_cast<std::uint16_t>(2 * i + 1);
      options.bind->push_back({{port, port}, i < most_ranges / 2 ? Protocol::tcp : Protocol::udp});
    }
  }
  const auto policy = Policy::load(*rules_of(options));
  if (!policy && (policy.error().code == EPERM || policy.error().code == ENOSYS))
    SKIP_TEST("bpf(2) is not ours to use here");
  if (!policy) FAIL(policy.error().text);
  CHECK_FALSE(policy->empty());
}
