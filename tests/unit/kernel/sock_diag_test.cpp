#include "kernel/sock_diag.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "tests/unit/own_stack.hpp"

using namespace lodger;
using namespace lodger::kernel::sock_diag;
using namespace lodger::tests;

namespace {

/// As the kernel runs a filter: net/ipv4/inet_diag.c, inet_diag_bc_run().
bool takes(const std::vector<inet_diag_bc_op>& program, std::uint16_t port) {
  long left = static_cast<long>(program.size() * sizeof(inet_diag_bc_op));
  const auto* op = program.data();
  while (left > 0) {
    bool yes = true;
    if (op->code == INET_DIAG_BC_S_GE) yes = port >= op[1].no;
    if (op->code == INET_DIAG_BC_S_LE) yes = port <= op[1].no;
    if (op->code == INET_DIAG_BC_JMP) yes = false;
    const int jump = yes ? op->yes : op->no;
    REQUIRE(jump > 0);
    left -= jump;
    op += jump / static_cast<int>(sizeof *op);
  }
  return left == 0;
}

bool has(const std::vector<Ports>& ranges, int port) {
  return std::ranges::any_of(ranges, [&](const Ports& r) { return r.first <= port && port <= r.last; });
}

std::vector<std::pair<int, int>> pairs(const std::vector<Ports>& ranges) {
  std::vector<std::pair<int, int>> all;
  for (const auto& range : ranges) all.emplace_back(range.first, range.last);
  return all;
}

/// Bound to this port of the loopback or all addresses; listens where it is TCP's.
class Server {
 public:
  Server(int family, int type, std::uint16_t port, bool v6only = false)
      : fd_(::socket(family, type | SOCK_CLOEXEC, 0)) {
    const int on = v6only;
    if (family == AF_INET6) ::setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    bound =
        ::bind(fd_,
               family == AF_INET6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four),
               family == AF_INET6 ? sizeof six : sizeof four) == 0;
  }
  Server& listen() {
    bound = bound && ::listen(fd_, 1) == 0;
    return *this;
  }
  ~Server() { ::close(fd_); }
  Server(const Server&) = delete;
  std::uint32_t inode() const {
    struct stat facts {};
    ::fstat(fd_, &facts);
    return static_cast<std::uint32_t>(facts.st_ino);
  }
  bool bound = false;

 private:
  int fd_;
};

}  // namespace

TEST_CASE("sock_diag: a filter takes exactly its ports") {
  const std::vector<std::vector<Ports>> cases = {
      {{80, 80}}, {{0, 65535}}, {{1, 1}, {65535, 65535}}, {{80, 80}, {443, 443}, {8000, 8100}}};
  for (const auto& ranges : cases) {
    const auto program = port_filter(ranges);
    CHECK(program.size() == ranges.size() * 5 - 1);
    int wrong = 0;
    for (int port = 0; port <= 65535; ++port)
      wrong += takes(program, static_cast<std::uint16_t>(port)) != has(ranges, port);
    CHECK(wrong == 0);
  }
}

TEST_CASE("sock_diag: many ranges are covered by few, the widest gaps stay open") {
  using Pairs = std::vector<std::pair<int, int>>;
  CHECK(covering({}, 2).empty());
  CHECK(pairs(covering(std::vector<Ports>{{7, 8}}, 1)) == Pairs{{7, 8}});
  const std::vector<Ports> three = {{1, 2}, {10, 11}, {100, 200}};
  CHECK(pairs(covering(three, 3)) == Pairs{{1, 2}, {10, 11}, {100, 200}});
  CHECK(pairs(covering(three, 2)) == Pairs{{1, 11}, {100, 200}});
  CHECK(pairs(covering(three, 1)) == Pairs{{1, 200}});
  std::vector<Ports> many;
  for (std::uint16_t port = 1; port < 60000; port += 2) many.push_back({port, port});
  const auto few = covering(many, 16);
  CHECK(few.size() == 16);
  CHECK(few.front().first == 1);
  CHECK(few.back().last == 59999);
}

TEST_CASE("sock_diag: the kernel tells of sockets with their owner's marks") {
  const OwnStack stack;
  if (!stack.made) SKIP_TEST("needs root, for network namespaces");
  auto link = kernel::netlink::Socket::open(NETLINK_SOCK_DIAG);
  REQUIRE(link);
  Server four(AF_INET, SOCK_STREAM, 8080), six(AF_INET6, SOCK_STREAM, 8081, true),
      other(AF_INET, SOCK_STREAM, 90);
  Server datagrams(AF_INET, SOCK_DGRAM, 53), silent(AF_INET, SOCK_STREAM, 8082);
  REQUIRE(
      (four.listen().bound && six.listen().bound && other.listen().bound && datagrams.bound && silent.bound));
  const std::vector<Ports> ports = {{53, 53}, {8080, 8090}};
  const auto tcp4 = dump(*link, {.ports = ports}, "looking");
  if (!tcp4 && tcp4.error().code == ENOENT) SKIP_TEST("the kernel has no inet_diag");
  REQUIRE(tcp4);
  std::vector<int> found;
  for (const auto& socket : *tcp4)
    if (socket.state == TCP_LISTEN) found.push_back(socket.port);
  CHECK(found == std::vector<int>{8080});
  for (const auto& socket : *tcp4)  // since Linux 6.8
    if (socket.state != TCP_LISTEN) CHECK((socket.port == 8082 && socket.inode == silent.inode()));
  CHECK(tcp4->front().uid == 0);
  CHECK(std::ranges::count(*tcp4, four.inode(), &Socket::inode) == 1);
  const auto tcp6 = dump(*link, {.family = AF_INET6, .ports = ports}, "looking");
  REQUIRE(tcp6);
  REQUIRE(tcp6->size() == 1);
  CHECK(tcp6->front().port == 8081);
  CHECK(tcp6->front().v6only);
  CHECK(tcp6->front().inode == six.inode());
  CHECK(tcp6->front().cgroup != 0);
  CHECK(tcp6->front().cookie != 0);
  const auto udp =
      dump(*link, {.protocol = IPPROTO_UDP, .states = bound_datagrams, .ports = ports}, "looking");
  REQUIRE(udp);
  REQUIRE(udp->size() == 1);
  CHECK(udp->front().inode == datagrams.inode());
  const auto all = dump(*link, {}, "looking");
  REQUIRE(all);
  CHECK(std::ranges::count(*all, 90, &Socket::port) == 1);
}

TEST_CASE("sock_diag: as many ranges as there are ports make one dump that the kernel accepts") {
  const OwnStack stack;
  if (!stack.made) SKIP_TEST("needs root, for network namespaces");
  auto link = kernel::netlink::Socket::open(NETLINK_SOCK_DIAG);
  REQUIRE(link);
  Server first(AF_INET, SOCK_STREAM, 1), last(AF_INET, SOCK_STREAM, 59999),
      beyond(AF_INET, SOCK_STREAM, 60001);
  REQUIRE((first.listen().bound && last.listen().bound && beyond.listen().bound));
  std::vector<Ports> many;
  for (std::uint16_t port = 1; port < 60000; port += 2) many.push_back({port, port});
  const auto found = dump(*link, {.ports = many}, "looking");
  if (!found && found.error().code == ENOENT) SKIP_TEST("the kernel has no inet_diag");
  INFO((found ? "" : found.error().text));
  REQUIRE(found);
  CHECK(found->size() == 2);
}
