#include "kernel/netlink.hpp"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/unit/own_stack.hpp"

using namespace lodger;
using namespace lodger::kernel::netlink;
using namespace lodger::tests;

TEST_CASE("netlink: attributes are read up to what does not fit") {
  const char bytes[] = {6, 0, 1, 0,          'a', 'b', 0, 0,  // 2 bytes and padding
                        8, 0, 2, char(0x80), 1,   2,   3, 4,  // nested
                        5, 0, 3, 0,          'x'};            // no padding at the end
  const auto found = attributes(bytes);
  REQUIRE(found.size() == 3);
  CHECK(found[0].type == 1);
  CHECK(found[0].text() == "ab");
  CHECK(found[1].type == 2);
  CHECK(found[1].number<std::uint32_t>() == 0x04030201);
  CHECK(found[1].number<std::uint64_t>() == 0);  // too short
  CHECK(found[2].text() == "x");
  const char longer[] = {4, 0, 1, 0, 9, 0, 2, 0, 1};  // says 9, has 5
  CHECK(attributes(longer).size() == 1);
  const char shorter[] = {3, 0, 1, 0, 4, 0, 2, 0};
  CHECK(attributes(shorter).empty());
  CHECK(attributes({}).empty());
}

TEST_CASE("netlink: a message shorter than its header has none") {
  const char bytes[] = {1, 2, 3, 4};
  const Message message(7, bytes);
  CHECK(message.type() == 7);
  CHECK(message.body<std::uint32_t>() == 0x04030201);
  CHECK_FALSE(message.body<std::uint64_t>());
  CHECK(message.attributes_after<std::uint64_t>().empty());
}

TEST_CASE("netlink: a refusal has its errno and the kernel's own words") {
  const OwnStack stack;
  if (!stack.made) SKIP_TEST("needs root, for network namespaces");
  auto socket = route_socket();
  Request request(RTM_NEWLINK, ifinfomsg{}, NLM_F_CREATE | NLM_F_EXCL);
  request.add_text(IFLA_IFNAME, "x");
  request.nest(IFLA_LINKINFO, [&] { request.add_text(IFLA_INFO_KIND, "no-such-kind"); });
  const auto refused = socket.change(std::move(request), "making x");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == EOPNOTSUPP);
  CHECK(refused.error().text == "making x: Operation not supported (Unknown device type)");
  // The socket goes on to serve.
  ifinfomsg lo{};
  lo.ifi_index = 1;
  const auto found = socket.get(Request(RTM_GETLINK, lo), "looking");
  REQUIRE(found);
  CHECK(found->type() == RTM_NEWLINK);
  CHECK(found->body<ifinfomsg>()->ifi_index == 1);
  lo.ifi_index = 4711;
  const auto missing = socket.get(Request(RTM_GETLINK, lo), "looking");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ENODEV);
  CHECK(missing.error().text == "looking: No such device");
}

TEST_CASE("netlink: a list comes whole, over many datagrams") {
  OWN_STACK_WITH_PAIR("a", "b");
  auto socket = route_socket();
  constexpr std::uint32_t count = 2000;
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = 32;
  header.ifa_index = 2;
  for (std::uint32_t i = 0; i < count; ++i) {
    Request request(RTM_NEWADDR, header, NLM_F_CREATE | NLM_F_EXCL);
    request.add_number(IFA_LOCAL, htonl(0x0a000000 + i));
    REQUIRE(socket.change(std::move(request), "adding"));
  }
  const auto all = socket.dump(Request(RTM_GETADDR, ifaddrmsg{}), "listing");
  REQUIRE(all);
  CHECK(all->size() == count);
}

TEST_CASE("netlink: a socket acts in the namespace where it was opened, and keeps it alive") {
  const OwnStack stack;
  if (!stack.made) SKIP_TEST("needs root, for network namespaces");
  auto elsewhere = std::make_unique<Elsewhere>();
  auto there = Socket::open_in(elsewhere->ns(), NETLINK_ROUTE);
  REQUIRE(there);
  Request request(RTM_NEWLINK, ifinfomsg{}, NLM_F_CREATE | NLM_F_EXCL);
  request.add_text(IFLA_IFNAME, "br7");
  request.nest(IFLA_LINKINFO, [&] { request.add_text(IFLA_INFO_KIND, "bridge"); });
  const auto made = there->change(std::move(request), "making a bridge");
  if (!made) SKIP_TEST(made.error().text);
  elsewhere.reset();
  const auto named = [] {
    Request question(RTM_GETLINK, ifinfomsg{});
    question.add_text(IFLA_IFNAME, "br7");
    return question;
  };
  CHECK(there->get(named(), "there"));
  CHECK(route_socket().get(named(), "here").error().code == ENODEV);
}

TEST_CASE("netlink: serves other protocols: sock_diag(7) finds a listening socket") {
  const OwnStack stack;
  if (!stack.made) SKIP_TEST("needs root, for network namespaces");
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(8080);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  auto socket = Socket::open(NETLINK_SOCK_DIAG);
  REQUIRE(socket);
  inet_diag_req_v2 wanted{};
  wanted.sdiag_family = AF_INET;
  wanted.sdiag_protocol = IPPROTO_TCP;
  wanted.idiag_states = ~0U;
  const auto found = socket->dump(Request(SOCK_DIAG_BY_FAMILY, wanted), "listing sockets");
  ::close(listener);
  if (!found && found.error().code == ENOENT) SKIP_TEST("the kernel has no inet_diag");
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().body<inet_diag_msg>()->id.idiag_sport == htons(8080));
}
