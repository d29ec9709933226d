// What passes the proxy, with real sockets.
#include "tests/unit/netmode/proxy/serving.hpp"

#include <sys/resource.h>

#include <random>

#include "netmode/proxy/program/confine.hpp"
#include "netmode/proxy/program/limits.hpp"

using namespace lodger;
using namespace lodger::tests;

namespace {

std::string noise(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string out(size, '\0');
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    const auto word = random();
    std::memcpy(out.data() + i, &word, 8);
  }
  return out;
}

std::uint64_t ticks(pid_t pid) {
  std::string path = "/proc/" + std::to_string(pid) + "/stat", text(1024, '\0');
  const auto file = kernel::openat(kernel::cwd, path.c_str(), O_RDONLY);
  text.resize(*kernel::read(file->get(), text));
  unsigned long user = 0, system = 0;
  REQUIRE(std::sscanf(text.c_str() + text.rfind(')') + 2,
                      "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2);
  return user + system;
}

/// The soft limit, at most the hard one. As the same user, for which it takes no capability (getrlimit(2)).
void limit_descriptors(pid_t pid, rlim_t soft) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    rlimit now{};
    const bool same = kernel::setresgid(netmode::proxy::own_id) && kernel::setresuid(netmode::proxy::own_id);
    if (!same || ::prlimit(pid, RLIMIT_NOFILE, nullptr, &now) != 0) ::_exit(1);
    now.rlim_cur = std::min(soft, now.rlim_max);
    ::_exit(::prlimit(pid, RLIMIT_NOFILE, &now, nullptr) == 0 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
}

/// A proxy all of whose places one client has taken, with as many more behind it as may wait.
struct Crowded {
  Crowded() {
    for (std::uint32_t i = 0; i < limits.flows; ++i) {
      come();
      to.push_back(server.accept());
    }
    for (std::uint32_t i = 0; i < limits.waiting; ++i) come();
  }
  void come() { from.push_back(Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080))); }
  /// Comes from an address of its own.
  static Talker another(const char* own) {
    Talker out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto its = at(own, 0), host = at("127.0.0.1", 8080);
    REQUIRE(::bind(out.fd(), &its.any, its.size()) == 0);
    REQUIRE(::connect(out.fd(), &host.any, host.size()) == 0);
    return out;
  }
  bool is_over(std::size_t client) const {
    char byte = 0;
    return ::recv(from[client].fd(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 || errno != EAGAIN;
  }

  static constexpr rlim_t descriptors = 400;
  const netmode::proxy::Limits limits = netmode::proxy::divide(descriptors, 1, 0);
  ByHand proxy{descriptors};
  Talker server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 80));
  std::vector<Talker> from, to;
};

}  // namespace

TEST_CASE("TCP of both families passes in both directions, with half-close") {
  OWN_LOOPBACK();
  const Served served({"8080:80"});
  for (const auto& [host, container] :
       {std::pair{"127.0.0.1", "127.0.0.2"}, {"127.0.0.9", "127.0.0.2"}, {"::1", "::1"}}) {
    const auto server = Talker::bound(SOCK_STREAM, at(container, 80));
    const auto from = Talker::connected(SOCK_STREAM, at(host, 8080));
    const auto to = server.accept();
    CHECK(from.say("ping"));
    CHECK(to.hear() == "ping");
    from.finish();
    CHECK(to.hear_all() == "");  // the end came, and the way back is open
    CHECK(to.say("pong"));
    CHECK(from.hear() == "pong");
    to.finish();
    CHECK(from.hear_all() == "");
  }
  CHECK(soon([&] { return served.descriptors() < 20; }));
}

TEST_CASE("the server may close first") {
  OWN_LOOPBACK();
  const Served served({"8080:80"});
  const auto server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 80));
  const auto from = Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080));
  const auto to = server.accept();
  CHECK(to.say("220 hello"));
  to.finish();
  CHECK(from.hear_all() == "220 hello");
  CHECK(from.say("thanks"));
  from.finish();
  CHECK(to.hear_all() == "thanks");
}

TEST_CASE("much passes whole, both ways at once") {
  OWN_LOOPBACK();
  const Served served({"127.0.0.1:8080:80"});
  const auto server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 80));
  const auto from = Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080));
  const auto to = server.accept();
  const auto there = noise(64 << 20, 1), back = noise(48 << 20, 2);
  const auto say = [](const Talker& who, const std::string& what) {
    who.say(what);
    who.finish();
  };
  std::thread one(say, std::cref(from), std::cref(there)), two(say, std::cref(to), std::cref(back));
  std::string came;
  std::thread three([&] { came = to.hear_all(); });
  const bool back_whole = from.hear_all() == back;
  one.join(), two.join(), three.join();
  CHECK(back_whole);
  CHECK((came == there));
}

TEST_CASE("a refused connection is reset, and a reset is passed on either way") {
  OWN_LOOPBACK();
  const Served served({"8080:80"});
  const auto refused = Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080));
  CHECK(refused.hear_all() == "(Connection reset by peer)");
  const auto server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 80));
  for (const bool client_resets : {true, false}) {
    auto from = Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080));
    auto to = server.accept();
    CHECK(from.say("x"));
    CHECK(to.hear() == "x");
    (client_resets ? from : to).reset();
    CHECK((client_resets ? to : from).hear_all() == "(Connection reset by peer)");
  }
  CHECK(soon([&] { return served.descriptors() < 20; }));
}

TEST_CASE("clients that do not read stall nobody else") {
  OWN_LOOPBACK();
  const Served served({"8080:80"});
  const auto server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 80));
  std::vector<Talker> silent;
  const std::string much(64 << 10, 'x');
  for (int i = 0; i < 20; ++i) {
    silent.push_back(Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080)));
    silent.push_back(server.accept());
    std::size_t sent = 0;
    for (int quiet = 0; quiet < 5;) {  // until it is stuck: back-pressure
      const auto n = ::send(silent.back().fd(), much.data(), much.size(), MSG_DONTWAIT);
      if (n > 0) sent += static_cast<std::size_t>(n);
      if (n <= 0) ++quiet, std::this_thread::sleep_for(std::chrono::milliseconds(5));
      REQUIRE(sent < std::size_t{64} << 20);
    }
  }
  const auto before = ticks(served.pid());
  const auto from = Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080));
  const auto to = server.accept();
  CHECK(from.say("ping"));
  CHECK(to.hear() == "ping");
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK(ticks(served.pid()) - before < 10);  // and it waits without spinning
}

TEST_CASE("a thousand connections at once") {
  OWN_LOOPBACK();
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 8192) SKIP_TEST("needs 8192 descriptors");
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const Served served({"8080:80"});
  const auto server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 80));
  std::vector<Talker> from, to;
  for (int i = 0; i < 1000; ++i) {
    from.push_back(Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080)));
    REQUIRE(from.back().say(std::to_string(i)));
  }
  for (int i = 0; i < 1000; ++i) to.push_back(server.accept());
  for (const auto& each : to) REQUIRE(each.say("you are " + each.hear()));
  for (std::size_t i = 0; i < 1000; ++i) REQUIRE(from[i].hear() == "you are " + std::to_string(i));
  from.clear();
  to.clear();
  CHECK(soon([&] { return served.descriptors() < 30; }));
}

TEST_CASE("a client that has all places gives way to another, and to that one's equal") {
  OWN_LOOPBACK();
  Crowded crowd;
  const char* const others[] = {"127.0.0.8", "127.0.0.9", "127.0.0.8"};
  std::size_t last = crowd.limits.flows;
  std::vector<Talker> stay;
  for (const char* own : others) {
    const auto& from = stay.emplace_back(Crowded::another(own));
    REQUIRE(from.say("ping"));
    const auto& to = crowd.to.emplace_back(crowd.server.accept());
    REQUIRE(to.hear() == "ping");
    REQUIRE(to.say("pong"));
    CHECK(from.hear() == "pong");
    CHECK(crowd.from[--last].hear_all() == "(Connection reset by peer)");  // the one that came last
    CHECK_FALSE(crowd.is_over(last - 1));
  }
}

TEST_CASE(
    "a client alone may have all places; more of its connections wait, and no more than there is room") {
  OWN_LOOPBACK();
  Crowded crowd;
  const auto first = crowd.limits.flows;
  REQUIRE(crowd.from[first].say("ping"));
  for (int i = 0; i < 5; ++i) crowd.come();
  for (std::size_t i = first + crowd.limits.waiting; i < crowd.from.size(); ++i)
    CHECK(crowd.from[i].hear_all() == "(Connection reset by peer)");
  for (std::size_t i = 0; i < first + crowd.limits.waiting; ++i) REQUIRE_FALSE(crowd.is_over(i));
  crowd.from[0].reset();
  const auto to = crowd.server.accept();
  CHECK(to.hear() == "ping");
  CHECK(to.say("pong"));
  CHECK(crowd.from[first].hear() == "pong");
  crowd.proxy.container.end();
  CHECK(crowd.from[first + 1].hear_all() == "(Connection reset by peer)");  // who waits is told of the end
}

TEST_CASE("without descriptors nothing is accepted, nor spun on, and what waited is served later") {
  OWN_LOOPBACK();
  const Served served({"8080:80"});
  const auto server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 80));
  limit_descriptors(served.pid(), 3);
  const auto from = Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080));
  CHECK(from.say("ping"));
  const auto ticks_before = ticks(served.pid());
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  CHECK(ticks(served.pid()) - ticks_before < 10);
  limit_descriptors(served.pid(), RLIM_INFINITY);
  const auto to = server.accept();
  CHECK(to.hear() == "ping");
}

TEST_CASE("UDP of both families, and the reply comes from the address that was spoken to") {
  OWN_LOOPBACK();
  const Served served({"7007:7/udp", "127.0.0.1:7008:8/udp", "[::1]:7009:9/udp"});
  const struct {
    const char *host, *container;
    std::uint16_t host_port, port;
  } cases[] = {{"127.0.0.1", "127.0.0.2", 7007, 7},
               {"127.0.0.5", "127.0.0.2", 7007, 7},
               {"::1", "::1", 7007, 7},
               {"127.0.0.1", "127.0.0.2", 7008, 8},
               {"::1", "::1", 7009, 9}};
  for (const auto& one : cases) {
    INFO(one.host << " " << one.host_port);
    const auto server = Talker::bound(SOCK_DGRAM, at(one.container, one.port));
    const auto from = Talker::connected(SOCK_DGRAM, at(one.host, one.host_port));  // hears that address alone
    const auto other = Talker::connected(SOCK_DGRAM, at(one.host, one.host_port));
    for (const auto& text : {std::string("a"), noise(1400, 3), noise(60'000, 4), std::string()}) {
      REQUIRE(::send(from.fd(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
      REQUIRE((server.echo() == text));
      REQUIRE((from.hear() == text));
    }
    CHECK(other.say("other"));
    CHECK(server.echo() == "other");
    CHECK(other.hear() == "other");
  }
}

TEST_CASE("a burst of datagrams keeps its order; a closed port of the container is not the proxy's end") {
  OWN_LOOPBACK();
  const Served served({"7007:7/udp"});
  const auto from = Talker::connected(SOCK_DGRAM, at("127.0.0.1", 7007));
  const auto idle = served.descriptors();
  CHECK(from.say("nobody is there"));
  REQUIRE(soon([&] { return served.descriptors() == idle + 1; }));
  for (int i = 0; i < 3; ++i) CHECK(from.say("nobody is there"));
  const auto server = Talker::bound(SOCK_DGRAM, at("127.0.0.2", 7));
  for (int i = 0; i < 60; ++i) CHECK(from.say(std::to_string(i)));
  std::string first;
  do first = server.echo();  // those that came late
  while (first == "nobody is there");
  REQUIRE(first == "0");
  for (int i = 1; i < 60; ++i) REQUIRE(server.echo() == std::to_string(i));
  do first = from.hear();
  while (first == "nobody is there");
  REQUIRE(first == "0");
  for (int i = 1; i < 60; ++i) REQUIRE(from.hear() == std::to_string(i));
}

TEST_CASE("UDP clients that are silent are forgotten") {
  OWN_LOOPBACK();
  const Served served({"7007:7/udp"}, 3000);
  const auto server = Talker::bound(SOCK_DGRAM, at("127.0.0.2", 7));
  const auto idle = served.descriptors();
  std::vector<Talker> from;
  for (int i = 0; i < 50; ++i) {
    from.push_back(Talker::connected(SOCK_DGRAM, at("127.0.0.1", 7007)));
    CHECK(from.back().say("x"));
    CHECK(server.echo() == "x");
  }
  CHECK(served.descriptors() == idle + 50);
  CHECK(soon([&] { return served.descriptors() == idle; }));
  CHECK(from[0].say("y"));  // and come back as new ones
  CHECK(server.echo() == "y");
  CHECK(from[0].hear() == "x");
  CHECK(from[0].hear() == "y");
}
