#include "netmode/ports/preflight.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "netmode/ports/holders.hpp"
#include "tests/unit/own_stack.hpp"

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::netmode::ports;
using namespace lodger::tests;

namespace {

Decision declaring(const char* published, bool required) {
  Decision decision;
  decision.host = true;
  decision.options.require_ports = required;
  if (*published) decision.publications.push_back(parse_publish(published).value());
  return decision;
}

const Neighbours nobody{[](const Held&, std::span<const pid_t>) { return std::string(); },
                        [](uid_t) { return std::string("somebody"); },
                        [] { return std::vector<Translated>(); }};

std::string result(const Outcome<std::optional<std::string>>& outcome) {
  return outcome ? outcome->value_or("nothing") : "refused: " + outcome.error().text;
}

struct Listener {
  explicit Listener(std::uint16_t port) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd, 1) == 0);
  }
  ~Listener() { ::close(fd); }
  Listener(const Listener&) = delete;
  int fd;
};

/// While it lives nothing can be opened.
struct NoDescriptors {
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }
  rlimit before{};
};

}  // namespace

TEST_CASE("preflight: where nothing is declared, or the stack is not the host's, nothing is looked at") {
  const NoDescriptors none;
  CHECK(result(preflight(declaring("", false), nobody)) == "nothing");
  auto elsewhere = declaring("80:80", true);
  elsewhere.host = false;
  CHECK(result(preflight(elsewhere, nobody)) == "nothing");
  CHECK_THAT(result(preflight(declaring("", true), nobody)),
             Catch::StartsWith("require-ports: there is nothing"));
  auto mapped = declaring("127.0.0.1::80", true);
  mapped.options.map = true;  // a port of the host's choice is free
  CHECK(result(preflight(mapped, nobody)) == "nothing");
}

TEST_CASE("preflight: a host that cannot be asked is told, and refused where the answer is required") {
  const NoDescriptors none;
  CHECK_THAT(result(preflight(declaring("80:80", false), nobody)),
             Catch::StartsWith("the ports that the container declares are not looked at: ") &&
                 Catch::Contains("Too many open files"));
  CHECK_THAT(result(preflight(declaring("80:80", true), nobody)),
             Catch::StartsWith("refused: require-ports: "));
}

TEST_CASE("preflight: a port that is taken is a warning, or a refusal, with its holder") {
  const OwnStack stack;
  if (!stack.made) SKIP_TEST("needs root, for network namespaces");
  const Listener listener(8080);
  const auto name = process_name(::getpid());
  CHECK_FALSE(name.empty());
  const auto text = "ports that the container declares are taken on the host: tcp 0.0.0.0:8080 by " + name +
                    " (pid " + std::to_string(::getpid()) + ")";
  CHECK(result(preflight(declaring("80:8080", false), nobody)) == text + "; binding them will fail there");
  CHECK_THAT(result(preflight(declaring("80:8080", true), nobody)),
             Catch::StartsWith("refused: require-ports: " + text));
  CHECK(preflight(declaring("80:8080", true), nobody).error().code == EADDRINUSE);
  CHECK(result(preflight(declaring("8080:80", true), nobody)) == "nothing");
  CHECK(result(preflight(declaring("80:8080/udp", true), nobody)) == "nothing");
}

TEST_CASE("preflight: the container that owns it is asked for with the socket's marks") {
  const OwnStack stack;
  if (!stack.made) SKIP_TEST("needs root, for network namespaces");
  const Listener listener(8080);
  struct stat facts {};
  REQUIRE(::fstat(listener.fd, &facts) == 0);
  const Neighbours containers{[&](const Held& held, std::span<const pid_t> holders) {
                                CHECK(held.inode == facts.st_ino);
                                CHECK((holders.size() == 1 && holders.front() == ::getpid()));
                                return std::string("web");
                              },
                              nobody.user_name, nobody.translated};
  CHECK_THAT(result(preflight(declaring("80:8080", false), containers)),
             Catch::Contains(":8080 by container web (" + process_name(::getpid()) + ", pid "));
}

TEST_CASE("preflight: a port that NAT leads to a container has no socket, and is taken") {
  const OwnStack stack;
  if (!stack.made) SKIP_TEST("needs root, for network namespaces");
  Neighbours beside = nobody;
  beside.translated = [] {
    return std::vector<Translated>{{parse_publish("8000-8002:80-82").value(), "web"},
                                   {parse_publish("127.0.0.1:53:53/udp").value(), "dns"}};
  };
  const std::string text =
      "ports that the container declares are taken on the host: tcp 0.0.0.0:8001-8002 by container web (by "
      "NAT)";
  CHECK(result(preflight(declaring("1-5:8001-8005", false), beside)) ==
        text + "; what is bound there is not reached");
  CHECK_THAT(result(preflight(declaring("8001:8001", true), beside)),
             Catch::Contains("refused: require-ports: "));
  CHECK(result(preflight(declaring("8003:8003", true), beside)) == "nothing");
  CHECK(result(preflight(declaring("8001:8001/udp", true), beside)) == "nothing");
  CHECK_THAT(result(preflight(declaring("53:53/udp", false), beside)),
             Catch::Contains("127.0.0.1:53 by container dns"));
}

TEST_CASE("holders: processes that have a socket open, each once; of one that is gone nothing") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  const int again = ::dup(pair[0]);
  struct stat facts {};
  REQUIRE(::fstat(pair[0], &facts) == 0);
  const auto inode = static_cast<std::uint32_t>(facts.st_ino);
  const pid_t pids[] = {::getpid(), 1 << 30};
  const auto found = holders(pids, {inode});
  REQUIRE(found);
  CHECK(*found == Holders{{inode, {::getpid()}}});
  const auto all = all_processes();
  REQUIRE(all);
  CHECK(std::ranges::count(*all, ::getpid()) == 1);
  CHECK(process_name(1 << 30).empty());
  for (const int fd : {pair[0], pair[1], again}) ::close(fd);
}
