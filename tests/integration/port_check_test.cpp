// The ports that a container declares, looked at before it is made. Each test has a network stack of its own
// in the host's place.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <algorithm>
#include <list>

#include "support/census.hpp"
#include "support/container.hpp"
#include "support/host_stack.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;
using Flags = std::vector<std::string>;

namespace {

const std::string discarded = "WARNING: Published ports are discarded when using host network mode\n";

Edit exposing(const std::string& ports) {
  return [=](json& config) { config["annotations"]["org.opencontainers.image.exposedPorts"] = ports; };
}

/// The test itself, as messages name it.
std::string us() {
  std::string name = read_file("/proc/self/comm");
  name.pop_back();
  return name + " (pid " + std::to_string(getpid()) + ")";
}

/// What `check --bundle` has to say about a declared port.
std::string checked(const Flags& flags, const Edit& edit = {}) {
  const Bundle bundle("exit 0", edit);
  Flags line = {runtime_path(), "check", "--bundle", bundle.path(), "--format", "json"};
  line.insert(line.end(), flags.begin(), flags.end());
  const auto done = run_command(line);
  INFO(done.out << done.err);
  std::string said;
  for (const auto& finding : json::parse(done.out))
    if (const auto text = finding["found"].get<std::string>(); text.find("declare") != text.npos)
      said += finding["verdict"].get<std::string>() + ": " + text;
  return said;
}

/// Without a cgroup there are no limits.
void unlimited(json& config) { config["linux"].erase("resources"); }

Edit unlimited_and_exposing(const std::string& ports) {
  return [=](json& config) {
    unlimited(config);
    exposing(ports)(config);
  };
}

/// A container that runs.
struct Serving {
  Bundle bundle;
  Container container;
  explicit Serving(const std::string& line, const Flags& globals = {})
      : bundle(line, unlimited), container(bundle, globals) {
    container.create({"--network", "host"});
    container.start();
  }
};

/// Runs a second one on the same state root that is to have 8080, which the first one has.
Finished second_on_8080(Container& first, const Bundle& bundle) {
  return first.call({"run", "--bundle", bundle.path(), "--network", "host,require-ports", bundle.name()});
}

}  // namespace

TEST_CASE("ports: one that is taken is a warning with its holder, and the container runs", "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  const Bound listener(SOCK_STREAM, "127.0.0.1", 8080);
  const Bundle bundle("echo ran");
  Container container(bundle);
  const auto done = container.run({"--network", "host", "-p", "80:8080"});
  CHECK(done.status == 0);
  CHECK(Facts(done.out)["echo"] == "ran");
  CHECK(done.err == discarded +
                        "lodger: warning: ports that the container declares are taken on the host: tcp "
                        "127.0.0.1:8080 by " +
                        us() + "; binding them will fail there\n");
}

TEST_CASE("ports: the host's side of a discarded publication is nobody's concern", "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  const Bound listener(SOCK_STREAM, "0.0.0.0", 8080);
  const Bundle bundle("echo ran");
  Container container(bundle);
  CHECK(container.run({"--network", "host", "-p", "8080:80"}).err == discarded);
}

TEST_CASE("ports: where they are required one that is taken is refused, and nothing is made",
          "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  const Bound listener(SOCK_STREAM, "0.0.0.0", 8080), datagrams(SOCK_DGRAM, "::1", 53);
  const std::vector<std::string> texts = {"require-ports", "tcp 0.0.0.0:8080 by " + us(),
                                          "udp [::1]:53 by " + us()};
  refused(exposing("8080,53/udp"), texts, {"--network", "host,require-ports"});
  refused(
      [](json& config) {
        exposing("8080,53/udp")(config);
        config["annotations"]["org.lodger.network.require-ports"] = "true";
      },
      texts);
  CHECK(inside("echo ran", exposing("8081,53/tcp"), {"--network", "host,require-ports"})["echo"] == "ran");
  // what Swarm can hand on
  refused([](json& config) { config["process"]["env"].push_back("LODGER_REQUIRE_PORTS=8080,53/udp"); }, texts,
          {"--network", "host"});
}

TEST_CASE("ports: protocol, family and address of what is in the way", "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  struct Case {
    int type;
    const char *address, *declared, *shown;  // none: not in the way
  };
  const auto [type, address, declared, shown] = GENERATE(values<Case>({
      {SOCK_STREAM, "0.0.0.0", "80", "tcp 0.0.0.0:80 by "},
      {SOCK_STREAM, "127.0.0.2", "80/tcp", "tcp 127.0.0.2:80 by "},
      {SOCK_STREAM, "::", "80", "tcp [::]:80 by "},
      {SOCK_STREAM, "::1", "79-81", "tcp [::1]:80 by "},
      {SOCK_STREAM, "::ffff:127.0.0.1", "80", "tcp [::ffff:127.0.0.1]:80 by "},
      {SOCK_DGRAM, "0.0.0.0", "80/udp", "udp 0.0.0.0:80 by "},
      {SOCK_DGRAM, "::1", "80/udp", "udp [::1]:80 by "},
      {SOCK_STREAM, "0.0.0.0", "80/udp", ""},
      {SOCK_DGRAM, "0.0.0.0", "80", ""},
      {SOCK_STREAM, "0.0.0.0", "1-79,81-65535", ""},
  }));
  CAPTURE(address, declared);
  const Bound bound(type, address, 80);
  const auto said = checked({"--network", "host,require-ports"}, exposing(declared));
  if (*shown)
    CHECK_THAT(said, Catch::StartsWith("bad: ") && Catch::Contains(shown + us()));
  else
    CHECK(said.empty());
}

TEST_CASE("ports: check --bundle tells of them as create does", "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  const Bound listener(SOCK_STREAM, "0.0.0.0", 8080);
  CHECK_THAT(checked({"--network", "host", "-p", "80:8080"}),
             Catch::StartsWith("limited: ports that the container declares are taken"));
  CHECK_THAT(checked({"--network", "host,require-ports", "-p", "80:8080"}),
             Catch::StartsWith("bad: require-ports: ports that the container declares are taken"));
  CHECK(checked({"--network", "none"}, exposing("8080")).empty());
}

TEST_CASE("ports: where none is declared there is nothing to require, which is said", "[port_check]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  Container container(bundle);
  const auto done = container.run({"--network", "host,require-ports"});
  CHECK(done.status == 0);
  CHECK_THAT(done.err, Catch::StartsWith("lodger: warning: require-ports: there is nothing to check") &&
                           Catch::Contains("org.opencontainers.image.exposedPorts"));
}

TEST_CASE("ports: thousands that are taken make one message of a sensible length", "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  std::list<Bound> bound;
  for (int port = 20000; port < 20500; ++port) bound.emplace_back(SOCK_STREAM, "0.0.0.0", port);
  for (int port = 30000; port < 30100; port += 2) bound.emplace_back(SOCK_STREAM, "0.0.0.0", port);
  const auto said = checked({"--network", "host,require-ports"}, exposing("10000-40000"));
  CHECK_THAT(said, Catch::Contains("tcp 0.0.0.0:20000-20499 by " + us()) && Catch::Contains(" and 31 more;"));
  CHECK(said.size() < 2000);
}

TEST_CASE("ports: thousands of them cost as many questions to the kernel as one, and none costs none",
          "[port_check]") {
  NEEDS_ROOT();
  NEEDS(access("/usr/bin/strace", X_OK) == 0, "needs strace");
  const HostStack host;
  const Bound beside(SOCK_STREAM, "0.0.0.0", 9);
  const auto questions = [](const Flags& published, const std::string& exposed) {
    const Bundle bundle("exit 0", exposed.empty() ? Edit{} : exposing(exposed));
    Flags line = {
        "/usr/bin/strace", "-o",       bundle.beside("calls"), "-e",        "trace=sendto", runtime_path(),
        "check",           "--bundle", bundle.path(),          "--network", "host"};
    for (const auto& ports : published) line.insert(line.end(), {"-p", ports});
    const auto done = run_command(line);
    INFO(done.err);
    REQUIRE(done.status == 0);
    const auto calls = support::lines(read_file(bundle.beside("calls")));
    // about sockets; `check` asks about devices as well
    return std::ranges::count_if(
        calls, [](const auto& call) { return call.starts_with("sendto(") && call.contains("SOCK_DIAG"); });
  };
  CHECK(questions({}, "") == 0);
  CHECK(questions({"80:80"}, "") == 2);  // IPv4 and IPv6
  CHECK(questions({}, "10-60000,10-60000/udp") == 4);
  Flags many;
  for (int port = 10; port < 4000; port += 2)
    many.push_back(std::to_string(port) + ":" + std::to_string(port));
  CHECK(questions(many, "") == 2);
}

TEST_CASE("ports: two containers want the same one; the second is refused and told who has it",
          "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  const auto globals = GENERATE(Flags{}, Flags{"--cgroup-manager", "disabled"});
  Serving first("serve tcp4 8080", globals);
  first.container.wait_for_output("listening.");
  const Bundle second("echo ran", unlimited_and_exposing("8080"));
  const auto done = second_on_8080(first.container, second);
  CHECK(done.status == 1);
  CHECK(done.out.empty());
  CHECK_THAT(done.err, Catch::Contains("tcp 0.0.0.0:8080 by container " + first.container.id() +
                                       " (probe, pid " + std::to_string(first.container.pid()) + ")"));
  CHECK(traces_of(second.name()).empty());
  CHECK(support::names_in(first.container.root()) == std::vector<std::string>{first.container.id()});
  REQUIRE(first.container.call({"kill", first.container.id(), "KILL"}).status == 0);
  first.container.wait_for("stopped");
  CHECK(Facts(second_on_8080(first.container, second).out)["echo"] == "ran");
}

TEST_CASE("ports: one that a container of another state root has is told with its cgroup", "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  Serving first("serve tcp4 8080");
  first.container.wait_for_output("listening.");
  const Bundle second("echo ran", unlimited_and_exposing("8080"));
  Container other(second);
  const auto done = other.run({"--network", "host,require-ports"});
  CHECK(done.status == 1);
  CHECK_THAT(done.err,
             Catch::Contains("tcp 0.0.0.0:8080 by probe (pid " + std::to_string(first.container.pid()) +
                             ", in cgroup /lodger-test/" + first.bundle.name() + ")"));
}

TEST_CASE("ports: a server that exec brought in is its container's", "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  const auto globals = GENERATE(Flags{}, Flags{"--cgroup-manager", "disabled"});
  Serving first("hold", globals);
  auto& container = first.container;
  Running server = container.begin({"exec", container.id(), "/bin/probe", "serve", "tcp6", "8080"});
  server.wait_for("listening.tcp6");
  const Bundle second("echo ran", unlimited_and_exposing("8080"));
  const auto done = second_on_8080(container, second);
  CHECK_THAT(done.err, Catch::Contains("tcp [::]:8080 by container " + container.id() + " (probe, pid "));
}

TEST_CASE("ports: to an ordinary user a socket of others has an owner, and no process", "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  const Bound listener(SOCK_STREAM, "0.0.0.0", 8080);
  const Bundle bundle("exit 0", exposing("8080"));
  REQUIRE(run_command({"/bin/cp", runtime_path(), bundle.beside("lodger")}).status == 0);
  REQUIRE(run_command({"/bin/chown", "-R", "54321:54321", bundle.path()}).status == 0);
  const auto done = run_command({"/usr/bin/setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups",
                                 "--inh-caps=-all", bundle.beside("lodger"), "check", "--bundle",
                                 bundle.path(), "--network", "host"});
  INFO(done.err);
  CHECK_THAT(done.out, Catch::Contains("tcp 0.0.0.0:8080 by a process of user root that is not to be seen"));
}

TEST_CASE("ports: with map it is the host's side that has to be free, on its address", "[port_check]") {
  NEEDS_ROOT();
  const HostStack host;
  const Bound listener(SOCK_STREAM, "127.0.0.2", 8080);
  const auto said = [](const char* published) {
    return checked({"--network", "host,require-ports,map", "-p", published});
  };
  CHECK_THAT(said("127.0.0.2:8080:80"), Catch::Contains("tcp 127.0.0.2:8080 by " + us()));
  CHECK_THAT(said("8080:80"), Catch::Contains("tcp 127.0.0.2:8080 by " + us()));
  CHECK(said("127.0.0.1:8080:80").empty());
  CHECK(said("80:8080").empty());
}
