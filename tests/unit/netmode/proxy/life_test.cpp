// The proxy's life, and what is refused before it has one.
#include <fmt/core.h>
#include <sys/resource.h>

#include <random>

#include "kernel/credentials.hpp"
#include "kernel/spawn.hpp"
#include "tests/unit/netmode/proxy/serving.hpp"

using namespace lodger;
using namespace lodger::tests;

namespace {

std::string refusal(const std::vector<netmode::Publication>& ports) {
  const auto opened = Proxy::open(ports, LODGER_PROXY);
  return opened ? "(opened)" : opened.error().text;
}

bool gone(const netmode::Companion& record) {
  const auto stat = kernel::process_stat(record.pid);
  return !stat || stat->start_time != record.start_time || stat->state == 'Z';
}

bool nobody_listens(std::uint16_t port) {
  const auto to = at("127.0.0.1", port);
  const Talker socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(socket.fd(), &to.any, to.size()) != 0 && errno == ECONNREFUSED;
}

bool free_port(std::uint16_t port) {
  const auto own = at("127.0.0.1", port);
  const Talker socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::bind(socket.fd(), &own.any, own.size()) == 0;
}

}  // namespace

TEST_CASE("a port that is taken is refused by name, and all others are given back") {
  OWN_LOOPBACK();
  const auto owner = Talker::bound(SOCK_STREAM, at("127.0.0.1", 8085));
  CHECK(refusal(publications({"8080-8090:80-90"})).starts_with("--publish: tcp *:8085 is taken on the host"));
  CHECK(free_port(8080));
  CHECK(refusal(publications({"80:80", "127.0.0.1:80:81"})) ==
        "--publish: tcp 127.0.0.1:80 is published twice");
  CHECK(refusal(publications({"192.0.2.1:80:80/udp"})) ==
        "--publish: udp 192.0.2.1:80 is not on an address of this host");
  CHECK(refusal(publications({"8085:80/udp"})) == "(opened)");
}

TEST_CASE("ports that were left to the host are told") {
  OWN_LOOPBACK();
  const auto owner = Talker::bound(SOCK_STREAM, at("127.0.0.1", 9000));
  const Served served({"127.0.0.1:9000-9005:80", "127.0.0.1::81"});
  REQUIRE(served.proxy.publications().size() == 2);
  CHECK(served.proxy.publications()[0].host.first == 9001);
  const auto chosen = served.proxy.publications()[1].host.first;
  const auto server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 81));
  const auto from = Talker::connected(SOCK_STREAM, at("127.0.0.1", chosen));
  const auto to = server.accept();
  CHECK(to.say("here"));
  CHECK(from.hear() == "here");
}

TEST_CASE("thousands of ports have one process; more than there are descriptors are refused") {
  OWN_LOOPBACK();
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 12'000) SKIP_TEST("needs 12000 descriptors");
  std::vector<netmode::Publication> many;
  for (unsigned port = 10'000; port < 20'000; port += 2)  // in more than one message
    many.push_back(*netmode::parse_publish(fmt::format("{}-{}:{}-{}", port, port + 1, port, port + 1)));
  {
    const auto proxy = Served::open(many);
    CHECK_FALSE(free_port(10'000));
    CHECK_FALSE(free_port(19'999));
  }
  CHECK(free_port(19'999));

  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit low{1000, 1000};
    const bool ready = ::setrlimit(RLIMIT_NOFILE, &low) == 0 &&
                       kernel::capset(0, 0, 0).has_value();  // none is left that would raise it again
    const auto text = refusal(publications({"10000-10999:10000-10999"}));
    const bool right =
        text ==
        "--publish: 1000 ports take a descriptor each in lodger-proxy, and 1000 is the most that it may "
        "have (RLIMIT_NOFILE; ulimit -Hn): raise that limit, or go without --userland-proxy";
    ::_exit(ready && right ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("it ends with the container, and what had been said is delivered") {
  OWN_LOOPBACK();
  Served served({"8080:80"});
  REQUIRE(served.proxy.commit());
  const auto server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 80));
  const auto from = Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080));
  const auto to = server.accept();
  const std::string part(1 << 20, 'x');
  std::size_t said = 0;
  for (int quiet = 0; quiet < 10;) {  // more than the proxy can be rid of before the client reads
    const auto n = ::send(to.fd(), part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
      said += static_cast<std::size_t>(n);
    else
      ++quiet, std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  to.finish();
  served.container.end();
  CHECK(soon([&] { return nobody_listens(8080); }));
  CHECK(from.hear_all().size() == said);
  CHECK(soon([&] { return !served.running(); }));
}

TEST_CASE("datagrams that the container sent before its end are delivered, too") {
  constexpr int many = 50;  // more than one batch
  OWN_LOOPBACK();
  Served served({"7007:7/udp"});
  REQUIRE(served.proxy.commit());
  const auto server = Talker::bound(SOCK_DGRAM, at("127.0.0.2", 7));
  const auto from = Talker::connected(SOCK_DGRAM, at("127.0.0.1", 7007));
  for (int i = 0; i < many; ++i) CHECK(from.say(std::to_string(i)));
  std::vector<Talker::Datagram> came;
  for (int i = 0; i < many; ++i) came.push_back(server.hear_from());
  REQUIRE(::kill(served.pid(), SIGSTOP) == 0);  // so that it learns of all at once
  for (const auto& each : came) server.say_back(each);
  served.container.end();
  REQUIRE(::kill(served.pid(), SIGCONT) == 0);
  for (int i = 0; i < many; ++i) REQUIRE(from.hear() == std::to_string(i));
  CHECK(soon([&] { return !served.running(); }));
}

TEST_CASE(
    "it ends with an owner that does not commit, however that ends; else it lives on until its end is asked "
    "for") {
  OWN_LOOPBACK();
  for (const bool commits : {false, true}) {
    const Sleeper container;
    int pipe[2];
    REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
    const pid_t owner = ::fork();
    if (owner == 0) {
      auto proxy = Proxy::open(publications({"8080:80"}), LODGER_PROXY);
      const bool served = proxy && proxy->serve({std::nullopt, in6addr_loopback}, container.fd);
      if (!served || (commits && !proxy->commit())) ::_exit(1);
      const auto record = proxy->record();
      if (::write(pipe[1], &record, sizeof record) != sizeof record) ::_exit(1);
      ::kill(::getpid(), SIGKILL);
    }
    netmode::Companion record;
    REQUIRE(::read(pipe[0], &record, sizeof record) == sizeof record);
    ::waitpid(owner, nullptr, 0);
    ::close(pipe[0]), ::close(pipe[1]);
    if (!commits) {
      CHECK(soon([&] { return gone(record); }));
      CHECK(soon([&] { return free_port(8080); }));
      continue;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    CHECK_FALSE(gone(record));
    auto other = record;
    ++other.start_time;  // another process with its number
    CHECK(netmode::proxy::end(other));
    CHECK_FALSE(gone(record));
    CHECK(netmode::proxy::end(record));
    CHECK(free_port(8080));
    CHECK(netmode::proxy::end(record));  // nothing is left to do
  }
}

TEST_CASE("SIGTERM and SIGKILL end it, and commit() tells") {
  OWN_LOOPBACK();
  for (const int signal : {SIGTERM, SIGKILL}) {
    Served served({"8080:80"});
    ::kill(served.pid(), signal);
    CHECK(soon([&] { return !served.running(); }));
    const auto committed = served.proxy.commit();
    REQUIRE_FALSE(committed);
    CHECK(committed.error().text == "lodger-proxy ended without an answer");
  }
}

TEST_CASE("it is not root, holds no capability and cannot be looked into") {
  OWN_LOOPBACK();
  const Served served({"8080:80"});
  const auto path = fmt::format("/proc/{}/status", served.pid());
  std::string text(8192, '\0');
  const auto file = kernel::openat(kernel::cwd, path.c_str(), O_RDONLY);
  text.resize(*kernel::read(file->get(), text));
  for (const char* line : {"CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1",
                           "Seccomp:\t2", "Uid:\t2100000000\t2100000000\t2100000000\t2100000000",
                           "Gid:\t2100000000\t2100000000\t2100000000\t2100000000", "Groups:\t \n"})
    CHECK(text.find(line) != std::string::npos);
}

TEST_CASE("noise on its stdin is answered and is its end") {
  OWN_LOOPBACK();
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    auto pair = kernel::socket_pair(SOCK_SEQPACKET);
    const char* const argv[] = {"lodger-proxy", nullptr};
    const char* const envp[] = {nullptr};
    const int input = pair->theirs.get();
    const auto nowhere = kernel::openat(kernel::cwd, "/dev/null", O_RDWR);
    const auto started = kernel::spawn({LODGER_PROXY, argv, envp, input, nowhere->get(), nowhere->get()});
    INFO((started ? 0 : started.error().code));
    REQUIRE(started);
    pair->theirs = {};
    std::string message(random() % 200, '\0');
    for (auto& byte : message) byte = static_cast<char>(random() % 3 ? 0 : random());
    (void)kernel::send(pair->ours.get(), message);
    std::string answer(sizeof(netmode::proxy::Answer), '\0');
    if (round % 2) pair->ours = {};  // nobody listens either
    const auto got = pair->ours ? kernel::receive(pair->ours.get(), answer) : kernel::Received{};
    if (pair->ours) CHECK((got && answer[0] != static_cast<char>(netmode::proxy::Said::opened)));
    pair->ours = {};
    const auto ended = kernel::wait(started->process);
    REQUIRE(ended);
    CHECK(ended->code == CLD_EXITED);
  }
}

TEST_CASE("by hand; and clients beyond what the descriptors allow wait until another has gone") {
  OWN_LOOPBACK();
  ByHand proxy(150);  // less 32 and a port: eighteen connections, and nine clients who wait
  const auto server = Talker::bound(SOCK_STREAM, at("127.0.0.2", 80));
  std::vector<Talker> from, to;
  for (int i = 0; i < 25; ++i) from.push_back(Talker::connected(SOCK_STREAM, at("127.0.0.1", 8080)));
  for (int i = 0; i < 18; ++i) to.push_back(server.accept());
  pollfd more{server.fd(), POLLIN, 0};
  CHECK(::poll(&more, 1, 300) == 0);
  for (int i = 0; i < 7; ++i) {
    from.erase(from.begin());
    to.erase(to.begin());
    to.push_back(server.accept());
  }
  CHECK(from.back().say("last"));
  CHECK(to.back().hear() == "last");
  CHECK(WTERMSIG(proxy.end()) == SIGTERM);
}
