// Host network mode: one stack with the host, in both directions, whoever says so and however it is spelled;
// and the modes beside it.
#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/bridged.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/own_names.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

const std::string warning = "WARNING: Published ports are discarded when using host network mode\n";

using Flags = std::vector<std::string>;

/// A process that holds a network namespace of its own.
class Holder {
 public:
  Holder() {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      const char answer = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
      if (write(ready[1], &answer, 1) != 1) _exit(1);
      for (;;) pause();
    }
    char answer = 0;
    REQUIRE(read(ready[0], &answer, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    REQUIRE(answer == 'y');
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  std::string path() const { return "/proc/" + std::to_string(pid_) + "/ns/net"; }

 private:
  pid_t pid_ = -1;
};

/// The host's side of a conversation: the probe itself, on the host.
Running host(const std::string& line) {
  std::vector<std::string> args = {probe_path()};
  for (auto& word : words(line)) args.push_back(word);
  return Running(args);
}

/// The port that a server said it listens on.
std::string port_in(const std::string& text, const std::string& stack) {
  return Facts(text)["listening." + stack];
}

void own_network(json& config) { config["linux"]["namespaces"].push_back({{"type", "network"}}); }

bool has_ipv6() {
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = in6addr_loopback;
  const bool works = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) == 0;
  if (fd >= 0) close(fd);
  return works;
}

}  // namespace

TEST_CASE("host network: published ports are discarded with exactly one warning", "[host_network]") {
  NEEDS_ROOT();
  const Flags flags =
      GENERATE(Flags{"-p", "8080:80"}, Flags{"--publish", "8080:80"}, Flags{"--publish=8080:80"},
               Flags{"-p", "8080:80", "-p", "127.0.0.1:53:53/udp", "-p", "[::1]::90"}, Flags{"-P"},
               Flags{"--publish-all"}, Flags{"-P", "-p", "1000-1010:1000-1010"});
  Flags all = {"--network", "host"};
  all.insert(all.end(), flags.begin(), flags.end());
  const Bundle bundle("echo ran");
  Container container(bundle);
  const Finished done = container.run(all);
  INFO(json(all).dump());
  CHECK(done.status == 0);
  CHECK(done.err == warning);
  CHECK(Facts(done.out)["echo"] == "ran");
}

TEST_CASE("host network: a bundle without network namespace is in host mode too, and warned alike",
          "[host_network]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  Container container(bundle);
  CHECK(container.run({"-p", "80:80"}).err == warning);
}

TEST_CASE("host network: create warns, start does not warn again", "[host_network]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  Container container(bundle);
  const Finished created = container.call(container.making("create", {"--network", "host", "-p", "80:80"}));
  CHECK(created.status == 0);
  CHECK(created.err == warning);
  CHECK(container.call({"start", container.id()}).err == "");
}

TEST_CASE("host network: without published ports nothing is said", "[host_network]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  Container container(bundle);
  CHECK(container.run({"--network", "host"}).err == "");
}

TEST_CASE("host network: a port that is already taken is no obstacle to a discarded one", "[host_network]") {
  NEEDS_ROOT();
  Running taken = host("serve tcp4 0");
  taken.wait_for("listening.tcp4=");
  const std::string port = port_in(taken.out(), "tcp4");
  const Bundle bundle("echo ran");
  Container container(bundle);
  CHECK(container.run({"--network", "host", "-p", port + ":80"}).status == 0);
}

TEST_CASE("host network: a published port that cannot be read is an error, not a warning", "[host_network]") {
  NEEDS_ROOT();
  for (const char* bad :
       {"", ":", "80:", "http:80", "80:70000", "0:80:80:80", "1.2.3:80:80", "80:80/icmp", "90-80:90-80",
        "1-3:1-2", "80:-80", "80 :80", "[::1:80:80", "::1:80:80", "1.2.3.4:80"}) {
    INFO(bad);
    refused({}, {bad}, {"--network", "host", "-p", bad});
  }
}

TEST_CASE("host network: the container is in the host's network namespace, by identity", "[host_network]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create({"--network", "host"});
  CHECK(ns_id(container.pid(), "net") == ns_id(getpid(), "net"));
}

TEST_CASE("host network: the flag wins over the bundle's namespace entry", "[host_network]") {
  NEEDS_ROOT();
  CHECK(inside("ns", own_network, {"--network", "host"})["ns.net"] == ns_id(getpid(), "net"));
  CHECK(inside("ns", own_network)["ns.net"] != ns_id(getpid(), "net"));
}

TEST_CASE("host network: the container sees the host's interfaces and addresses", "[host_network]") {
  NEEDS_ROOT();
  Running outside = host("interfaces ; addresses");
  const Facts there(outside.wait().out), here = inside("interfaces ; addresses", {}, {"--network", "host"});
  CHECK(here["interfaces"] == there["interfaces"]);
  CHECK(here.all("address.inet") == there.all("address.inet"));
  CHECK(here.all("address.inet6") == there.all("address.inet6"));
}

TEST_CASE("host network: the host reaches a server in the container", "[host_network]") {
  NEEDS_ROOT();
  const std::string stack = GENERATE("tcp4", "tcp6", "udp4", "udp6");
  NEEDS(stack.ends_with('4') || has_ipv6(), "no IPv6 on this machine");
  const Bundle bundle("serve " + stack + " 0");
  Container container(bundle);
  Running run = container.begin(container.making("run", {"--network", "host"}));
  run.wait_for("listening." + stack);
  const std::string port = port_in(run.out(), stack);
  const Facts answer(host("ask " + stack + " " + port + " hello").wait().out);
  CHECK(answer["ask:" + stack] == "inside:hello");
  CHECK(Facts(run.wait().out)["served"] == "hello");
}

TEST_CASE("host network: a server in the container answers on the host's own addresses", "[host_network]") {
  NEEDS_ROOT();
  const auto [stack, key] = GENERATE(table<std::string, std::string>({{"tcp4", "address.inet"},
                                                                      {"tcp6", "address.inet6"},
                                                                      {"udp4", "address.inet"},
                                                                      {"udp6", "address.inet6"}}));
  const auto addresses = Facts(host("addresses").wait().out).all(key);
  NEEDS(!addresses.empty(), "the host has no global address of family " + key);
  const Bundle bundle("serve " + stack + " 0");
  Container container(bundle);
  Running run = container.begin(container.making("run", {"--network", "host"}));
  run.wait_for("listening." + stack);
  const Facts answer(
      host("ask " + stack + " " + port_in(run.out(), stack) + " hello " + addresses[0]).wait().out);
  CHECK(answer["ask:" + stack] == "inside:hello");
}

TEST_CASE("host network: between a client and a server there is neither a rule nor a process",
          "[host_network]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp4", "tcp6", "udp6");
  CAPTURE(stack);
  const Bundle bundle("serve " + stack + " 8080");
  Container container(bundle);
  Running run = container.begin(
      container.making("run", {"--network", "host", "-p", "8080:8080/" + stack.substr(0, 3)}));
  run.wait_for("listening." + stack);
  CHECK(shell("nft list ruleset").out == "");
  CHECK(shell("pgrep --ns $$ --nslist net lodger-").out == "");
  CHECK(ask_from_outside(net, stack, "8080", stack.ends_with('6') ? "2001:db8::1" : "192.0.2.1") ==
        "inside:hello");
  run.wait();
}

TEST_CASE("host network: the container reaches a server on the host's loopback", "[host_network]") {
  NEEDS_ROOT();
  const std::string stack = GENERATE("tcp4", "tcp6", "udp4", "udp6");
  NEEDS(stack.ends_with('4') || has_ipv6(), "no IPv6 on this machine");
  Running server = host("serve " + stack + " 0");
  server.wait_for("listening." + stack);
  const std::string port = port_in(server.out(), stack);
  const Facts facts = inside("ask " + stack + " " + port + " ping", {}, {"--network", "host"});
  CHECK(facts["ask:" + stack] == "inside:ping");  // the same probe serves: it says "inside:" wherever it runs
  CHECK(Facts(server.wait().out)["served"] == "ping");
}

TEST_CASE("host network: a port is bound once, by the host or by the container", "[host_network]") {
  NEEDS_ROOT();
  Running server = host("serve tcp4 0");
  server.wait_for("listening.tcp4");
  const std::string port = port_in(server.out(), "tcp4");
  CHECK(inside("serve tcp4 " + port, {}, {"--network", "host"})["bind:tcp4.errno"] ==
        std::to_string(EADDRINUSE));
}

TEST_CASE("host network: two containers talk over the shared loopback", "[host_network]") {
  NEEDS_ROOT();
  const Bundle bundle("serve tcp4 0");
  Container container(bundle);
  Running run = container.begin(container.making("run", {"--network", "host"}));
  run.wait_for("listening.tcp4");
  const std::string port = port_in(run.out(), "tcp4");
  CHECK(inside("ask tcp4 " + port + " neighbour", {}, {"--network", "host"})["ask:tcp4"] ==
        "inside:neighbour");
}

TEST_CASE("host network: names resolve as on the host", "[host_network]") {
  NEEDS_ROOT();
  const Facts facts = inside("cat /etc/resolv.conf ; cat /etc/hosts ; uts", {}, {"--network", "host"});
  const auto lines = [](const std::string& path) {
    std::string text;
    for (char c : read_file(path)) text += c == '\n' ? std::string("|") : std::string(1, c);
    return text;
  };
  const auto joined = [&](const std::string& path) {
    std::string text;
    for (const auto& line : facts.all("line:" + path)) text += line + "|";
    return text;
  };
  CHECK(joined("/etc/resolv.conf") == lines("/etc/resolv.conf"));
  CHECK(joined("/etc/hosts") == lines("/etc/hosts"));
  CHECK(facts["hostname"] + "\n" == read_file("/proc/sys/kernel/hostname"));
}

TEST_CASE("host network: names resolve in a read-only root that has no files for it", "[host_network]") {
  NEEDS_ROOT();
  const Facts facts = inside("stat /etc/resolv.conf ; read /etc/hosts ; create /etc/new",
                             [](json& config) { config["root"]["readonly"] = true; }, {"--network", "host"});
  CHECK(facts["stat:/etc/resolv.conf.type"] == "file");
  CHECK(facts["read:/etc/hosts.errno"] == "0");
  CHECK(facts["create:/etc/new.errno"] == std::to_string(EROFS));
}

TEST_CASE("host network: a bundle's own resolv.conf, hosts and hostname stay", "[host_network]") {
  NEEDS_ROOT();
  const Bundle bundle("read /etc/resolv.conf ; read /etc/hosts ; uts", [](json& config) {
    config["hostname"] = "own";
    bind_own_names(config);
  });
  write_own_names(bundle);
  Container container(bundle);
  const Finished done = container.run({"--network", "host"});
  INFO(done.err);
  const Facts facts(done.out);
  check_own_names(facts);
  CHECK(facts["hostname"] == "own");
}

TEST_CASE("host network: net.* sysctls are refused, all offenders at once, and nothing changes",
          "[host_network]") {
  NEEDS_ROOT();
  const std::string path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
  const std::string before = read_file(path);
  const Edit edit = [](json& config) {
    config["linux"]["sysctl"] = {{"net.ipv4.ip_unprivileged_port_start", "77"}, {"net.core.somaxconn", "77"}};
  };
  refused(edit, {"net.ipv4.ip_unprivileged_port_start", "net.core.somaxconn"}, {"--network", "host"});
  CHECK(read_file(path) == before);
}

TEST_CASE("host network: a net sysctl with the host's own value is no change, and not refused",
          "[host_network]") {
  NEEDS_ROOT();
  std::string value = read_file("/proc/sys/net/core/somaxconn");
  value.pop_back();
  const Edit edit = [&](json& config) { config["linux"]["sysctl"] = {{"net.core.somaxconn", value}}; };
  const Bundle bundle("echo ran", edit);
  Container container(bundle);
  const auto finished = container.run({"--network", "host"});
  CHECK(finished.status == 0);
  CHECK(finished.out.contains("ran"));
}

TEST_CASE("host network: a path that leads to the host's namespace is the host's network", "[host_network]") {
  NEEDS_ROOT();
  const Edit by_path = [](json& config) {
    config["linux"]["namespaces"].push_back(
        {{"type", "network"}, {"path", "/proc/" + std::to_string(getpid()) + "/ns/net"}});
  };
  CHECK(inside("ns", by_path)["ns.net"] == ns_id(getpid(), "net"));
  const std::string file = "/proc/sys/net/core/somaxconn", before = read_file(file);
  refused(
      [&](json& config) {
        by_path(config);
        config["linux"]["sysctl"] = {{"net.core.somaxconn", "77"}};
      },
      {"net.core.somaxconn"});
  CHECK(read_file(file) == before);
  const Bundle bundle("echo ran", by_path);
  Container container(bundle);
  CHECK(container.run({"-p", "80:80"}).err == warning);
}

TEST_CASE("network none: a stack of its own with nothing but the loopback", "[host_network]") {
  NEEDS_ROOT();
  const Facts facts = inside("ns ; interfaces ; addresses", {}, {"--network", "none"});
  CHECK(facts["ns.net"] != ns_id(getpid(), "net"));
  CHECK_THAT(facts["interfaces"], Catch::StartsWith("lo"));
  CHECK_FALSE(facts.has("address.inet"));
  Running server = host("serve tcp4 0");
  server.wait_for("listening.tcp4");
  const std::string port = port_in(server.out(), "tcp4");
  CHECK(inside("ask tcp4 " + port + " x", {}, {"--network", "none"})["ask:tcp4.errno"] != "0");
}

TEST_CASE("network: published ports are refused where nothing can map them", "[host_network]") {
  NEEDS_ROOT();
  const Holder holder;
  for (const Flags& mode : {Flags{"--network", "none"}, Flags{"--network", "ns:" + holder.path()}}) {
    for (const Flags& ports : {Flags{"-p", "8080:80"}, Flags{"-P"}}) {
      Flags flags = mode;
      flags.insert(flags.end(), ports.begin(), ports.end());
      refused({}, {"published ports"}, flags);
    }
  }
}

TEST_CASE("network: --net is --network", "[host_network]") {
  NEEDS_ROOT();
  CHECK(inside("ns", own_network, {"--net", "host"})["ns.net"] == ns_id(getpid(), "net"));
  CHECK(inside("ns", own_network, {"--net=host"})["ns.net"] == ns_id(getpid(), "net"));
}

TEST_CASE("network ns: joins the namespace of a path", "[host_network]") {
  NEEDS_ROOT();
  const Holder holder;
  const Facts facts = inside("ns", {}, {"--network", "ns:" + holder.path()});
  CHECK(facts["ns.net"] == ns_id(holder.pid(), "net"));
  refused({}, {"/no/such/net"}, {"--network", "ns:/no/such/net"});
  refused({}, {"/proc/self/ns/uts"}, {"--network", "ns:/proc/self/ns/uts"});
}

TEST_CASE("network ns: a path to the host's namespace is host mode, with its warning", "[host_network]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  Container container(bundle);
  const Finished done =
      container.run({"--network", "ns:/proc/" + std::to_string(getpid()) + "/ns/net", "-p", "80:80"});
  CHECK(done.err == warning);
}

TEST_CASE("network container: joins the stack of a running container", "[host_network]") {
  NEEDS_ROOT();
  const Bundle first("hold");
  Container owner(first);
  owner.create({"--network", "none"});
  const Bundle second("ns");
  // the same state root: ids are looked up there
  const std::string id = unique_name();
  const Finished done =
      owner.call({"run", "--bundle", second.path(), "--network", "container:" + owner.id(), id});
  INFO(done.err);
  CHECK(Facts(done.out)["ns.net"] == ns_id(owner.pid(), "net"));
  const Finished unknown =
      owner.call({"run", "--bundle", second.path(), "--network", "container:nobody", id});
  CHECK(unknown.status != 0);
  CHECK_THAT(unknown.err, Catch::Contains("nobody"));
}

TEST_CASE("network: an unknown mode is refused, with the modes there are", "[host_network]") {
  NEEDS_ROOT();
  refused({}, {"hostt", "host"}, {"--network", "hostt"});
  refused({}, {}, {"--network", "ns:"});
  refused({}, {}, {"--network", "container:"});
}

TEST_CASE("host network: the container cannot configure the host's stack", "[host_network]") {
  NEEDS_ROOT();
  const Facts facts =
      inside("status ; write /proc/sys/net/ipv4/ip_forward 1",
             [](json& config) { config["linux"]["readonlyPaths"] = {"/proc/sys"}; }, {"--network", "host"});
  CHECK((std::stoull(facts["status.CapEff"], nullptr, 16) & (1ULL << 12)) == 0);  // CAP_NET_ADMIN
  CHECK(facts["write:/proc/sys/net/ipv4/ip_forward.errno"] != "0");
}
