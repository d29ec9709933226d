#include "netmode/policy/programs.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <sys/socket.h>

#include <random>
#include <set>

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
  return *rules_of(options, {});
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

/// To this address, as the kernel marks it.
std::uint64_t packet_answer(const char* address, std::uint32_t kind = PACKET_HOST) {
  const bool v6 = std::string_view(address).find(':') != std::string_view::npos;
  std::vector<char> packet(v6 ? sizeof(ip6_hdr) : sizeof(iphdr));
  void* to = packet.data() + (v6 ? offsetof(ip6_hdr, ip6_dst) : offsetof(iphdr, daddr));
  REQUIRE(inet_pton(v6 ? AF_INET6 : AF_INET, address, to) == 1);
  __sk_buff context{};
  context.pkt_type = kind;
  context.protocol = htons(v6 ? ETH_P_IPV6 : ETH_P_IP);
  return test::run_program(unicast_program(), context, packet);
}

std::uint64_t socket_answer(int type, int protocol) {
  bpf_sock socket{};
  socket.type = static_cast<std::uint32_t>(type);
  socket.protocol = static_cast<std::uint32_t>(protocol);
  return test::run_program(socket_program(), socket);
}

}  // namespace

TEST_CASE("a bind is answered by the list: 3 also below 1024, 1 for the kernel's choice, 0 else") {
  const auto program = bind_program(rules("80,8000-8010,53/udp"), GENERATE(false, true));
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

TEST_CASE("unicast: a packet to one passes, to a group or to everybody it does not") {
  for (const char* one : {"1.2.3.4", "127.0.0.1", "223.255.255.255", "240.0.0.1", "255.255.255.254", "::1",
                          "2001:db8::1", "fe80::1", "feff::1"}) {
    CAPTURE(one);
    CHECK(packet_answer(one) == 1);
    CHECK(packet_answer(one, PACKET_MULTICAST) == 1);  // one address, sent to many by the link
    CHECK(packet_answer(one, PACKET_BROADCAST) == 0);
    CHECK(packet_answer(one, PACKET_LOOPBACK) == 0);  // 192.0.2.255, say, where the host itself has sent it
  }
  for (const char* group :
       {"224.0.0.0", "224.0.0.251", "239.255.255.255", "255.255.255.255", "ff00::", "ff02::fb", "ffff::1"}) {
    CAPTURE(group);
    for (const std::uint32_t kind : {PACKET_HOST, PACKET_MULTICAST, PACKET_LOOPBACK, PACKET_OUTGOING})
      CHECK(packet_answer(group, kind) == 0);
  }
  __sk_buff other{};
  other.protocol = htons(ETH_P_ARP);
  CHECK(test::run_program(unicast_program(), other, {}) == 1);
  other.protocol = htons(ETH_P_IP);
  CHECK(test::run_program(unicast_program(), other, std::vector<char>(19)) == 0);  // cut short
}

TEST_CASE("unicast: no program for it where it is not asked for, and none for ports with it alone") {
  const auto of = [](const Rules& rules) {
    std::set<std::string> names;
    for (const auto& program : programs(rules)) names.insert(program.hook.name);
    return names;
  };
  Rules alone;
  alone.unicast = true;
  CHECK(of(alone) == std::set<std::string>{"lodger_in", "lodger_out"});
  auto both = rules("80");
  CHECK(of(both) == std::set<std::string>{"lodger_socket", "lodger_bind4", "lodger_bind6"});
  both.unicast = true;
  CHECK(of(both) ==
        std::set<std::string>{"lodger_socket", "lodger_bind4", "lodger_bind6", "lodger_in", "lodger_out"});
}

TEST_CASE("an empty list allows the kernel's choice alone") {
  HostOptions options;
  options.bind.emplace();
  const auto program = bind_program(*rules_of(options, {}), false);
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
    const auto program = bind_program(*rules_of(options, {}), false);
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
  const auto policy = Policy::load(*rules_of(options, {}));
  if (!policy && (policy.error().code == EPERM || policy.error().code == ENOSYS))
    SKIP_TEST("bpf(2) is not ours to use here");
  if (!policy) FAIL(policy.error().text);
  CHECK_FALSE(policy->empty());
}

namespace {

/// Rules of a map, with or without a list.
Rules map_rules(const std::vector<const char*>& published, const char* bind = nullptr) {
  HostOptions options;
  options.map = true;
  if (bind) options.bind = *parse_ports(bind, "test");
  std::vector<Publication> all;
  for (const auto* text : published) all.push_back(*parse_publish(text));
  return *rules_of(options, all);
}

/// A socket address as the kernel hands it to a program.
struct Asked {
  bpf_sock_addr address{};
  Asked(int protocol, const char* host, unsigned port) {
    address.protocol = static_cast<std::uint32_t>(protocol);
    address.user_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, host, &address.user_ip4) != 1)
      REQUIRE(::inet_pton(AF_INET6, host, address.user_ip6) == 1);
    v6 = std::string(host).find(':') != std::string::npos;
  }
  /// "ANSWER ADDRESS PORT" after the program.
  std::string after(const std::vector<bpf_insn>& program) {
    const auto answer = test::run_program(program, address);
    char text[INET6_ADDRSTRLEN];
    if (v6)
      ::inet_ntop(AF_INET6, address.user_ip6, text, sizeof text);
    else
      ::inet_ntop(AF_INET, &address.user_ip4, text, sizeof text);
    return std::to_string(answer) + " " + text + " " +
           std::to_string(ntohs(static_cast<std::uint16_t>(address.user_port)));
  }
  bool v6;
};

std::string bound(const Rules& rules, const char* host, unsigned port, int protocol = IPPROTO_TCP) {
  Asked asked(protocol, host, port);
  return asked.after(bind_program(rules, asked.v6));
}
std::string outward(const Rules& rules, const char* host, unsigned port, bool unconnected = false) {
  Asked asked(unconnected ? IPPROTO_UDP : IPPROTO_TCP, host, port);
  return asked.after(outward_program(rules.map, asked.v6, unconnected));
}
std::string inward(const Rules& rules, const char* host, unsigned port) {
  Asked asked(IPPROTO_TCP, host, port);
  return asked.after(inward_program(rules.map, asked.v6));
}

}  // namespace

TEST_CASE("a map turns what is bound, by protocol and range") {
  const auto rules = map_rules({"9000-9009:8000-8009", "5353:53/udp"});
  CHECK(bound(rules, "0.0.0.0", 8003) == "3 0.0.0.0 9003");
  CHECK(bound(rules, "::1", 8009) == "3 ::1 9009");
  CHECK(bound(rules, "0.0.0.0", 8010) == "1 0.0.0.0 8010");
  CHECK(bound(rules, "0.0.0.0", 9003) == "0 0.0.0.0 9003");
  CHECK(bound(rules, "0.0.0.0", 53) == "1 0.0.0.0 53");
  CHECK(bound(rules, "0.0.0.0", 53, IPPROTO_UDP) == "3 0.0.0.0 5353");
  CHECK(bound(rules, "0.0.0.0", 0) == "1 0.0.0.0 0");
  CHECK(bound(rules, "0.0.0.0", 8000, IPPROTO_DCCP) == "1 0.0.0.0 8000");
  CHECK(bound(map_rules({"8080:80"}, "443"), "0.0.0.0", 80) == "3 0.0.0.0 8080");
  CHECK(bound(map_rules({"8080:80"}, "443"), "0.0.0.0", 443) == "3 0.0.0.0 443");
  CHECK(bound(map_rules({"8080:80"}, "443"), "0.0.0.0", 81) == "0 0.0.0.0 81");
  CHECK(bound(map_rules({"8080:80"}, "8080"), "0.0.0.0", 8080) == "0 0.0.0.0 8080");
}

TEST_CASE("a map onto one address takes sockets on all addresses, or on that one") {
  const auto v4 = map_rules({"192.0.2.1:8080:80"});
  CHECK(bound(v4, "0.0.0.0", 80) == "3 192.0.2.1 8080");
  CHECK(bound(v4, "192.0.2.1", 80) == "3 192.0.2.1 8080");
  CHECK(bound(v4, "127.0.0.1", 80) == "0 127.0.0.1 80");
  CHECK(bound(v4, "::", 80) == "3 ::ffff:192.0.2.1 8080");
  CHECK(bound(v4, "::ffff:0.0.0.0", 80) == "3 ::ffff:192.0.2.1 8080");
  CHECK(bound(v4, "::ffff:192.0.2.1", 80) == "3 ::ffff:192.0.2.1 8080");
  CHECK(bound(v4, "::1", 80) == "0 ::1 80");
  const auto v6 = map_rules({"[2001:db8::1]:8080:80"});
  CHECK(bound(v6, "::", 80) == "3 2001:db8::1 8080");
  CHECK(bound(v6, "2001:db8::1", 80) == "3 2001:db8::1 8080");
  CHECK(bound(v6, "0.0.0.0", 80) == "0 0.0.0.0 80");
  CHECK(bound(v6, "::ffff:0.0.0.0", 80) == "0 ::ffff:0.0.0.0 80");
  const auto any = map_rules({"0.0.0.0:8080:80"});
  CHECK(bound(any, "127.0.0.1", 80) == "3 127.0.0.1 8080");
  CHECK(bound(any, "::", 80) == "3 ::ffff:0.0.0.0 8080");
  CHECK(bound(any, "::ffff:127.0.0.1", 80) == "3 ::ffff:127.0.0.1 8080");
  CHECK(bound(any, "::1", 80) == "0 ::1 80");
}

TEST_CASE("on the loopback a client is led to the container's own server, and sees no difference") {
  const auto all = map_rules({"8080:80", "8080:80/udp"});
  for (const auto* host : {"127.0.0.1", "127.1.2.3", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"}) {
    CHECK(outward(all, host, 80) == std::string("1 ") + host + " 8080");
    CHECK(outward(all, host, 80, true) == std::string("1 ") + host + " 8080");
  }
  for (const auto* host : {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "::2", "0:0:1::"})
    CHECK(outward(all, host, 80).ends_with(" 80"));
  for (const auto* host : {"127.0.0.1", "::1", "::ffff:127.0.0.1"})
    CHECK(inward(all, host, 8080) == std::string("1 ") + host + " 80");
  for (const auto* host : {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"})
    CHECK(inward(all, host, 8080) == std::string("1 ") + host + " 8080");
  const auto v4 = map_rules({"192.0.2.1:8080:80", "192.0.2.1:8080:80/udp"});
  CHECK(outward(v4, "127.0.0.1", 80) == "1 192.0.2.1 8080");
  CHECK(outward(v4, "::1", 80) == "1 ::ffff:192.0.2.1 8080");
  CHECK(outward(v4, "::1", 80, true) == "1 ::1 80");
  CHECK(inward(v4, "192.0.2.1", 8080) == "1 127.0.0.1 80");
  CHECK(inward(v4, "127.0.0.1", 8080) == "1 127.0.0.1 8080");
  CHECK(inward(v4, "::ffff:192.0.2.1", 8080) == "1 ::ffff:127.0.0.1 80");
  const auto v6 = map_rules({"[2001:db8::1]:8080:80"});
  CHECK(outward(v6, "::1", 80) == "1 2001:db8::1 8080");
  CHECK(outward(v6, "127.0.0.1", 80) == "1 127.0.0.1 80");
  CHECK(outward(v6, "::ffff:127.0.0.1", 80) == "1 ::ffff:127.0.0.1 80");
  CHECK(inward(v6, "2001:db8::1", 8080) == "1 ::1 80");
}

TEST_CASE("the kernel takes the programs of a map, the longest too") {
  std::vector<const char*> published = {"8080:80", "127.0.0.1:5353:53/udp", "[::1]:90:91", "0.0.0.0:92:93"};
  std::vector<std::string> texts;
  const bool many = GENERATE(false, true);
  if (many) {
    published.clear();
    for (unsigned i = 0; i < most_mappings; ++i)
      texts.push_back("192.0.2.1:" + std::to_string(20000 + 2 * i) + ":" + std::to_string(1 + 2 * i));
    for (const auto& text : texts) published.push_back(text.c_str());
  }
  std::string list;
  for (unsigned i = 0; many && i < most_ranges; ++i) list += (i ? "," : "") + std::to_string(30000 + 2 * i);
  const auto rules = map_rules(published, many ? list.c_str() : "1-65535");
  CHECK(programs(rules).size() == 13);
  const auto policy = Policy::load(rules);
  if (!policy && (policy.error().code == EPERM || policy.error().code == ENOSYS))
    SKIP_TEST("bpf(2) is not ours to use here");
  if (!policy) FAIL(policy.error().text);
}
