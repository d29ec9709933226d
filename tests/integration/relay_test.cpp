// The network mode `relay`: what it carries, seen from the host, from beyond it and from within; and what it
// does not carry.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/cgroups.hpp"
#include "support/proc.hpp"
#include "support/relayed.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

constexpr const char* discarded = "WARNING: Published ports are discarded when using host network mode\n";
constexpr const char* once = "looks for the container's UDP servers only once";

struct Relayed {
  Bundle bundle;
  Container container;
  explicit Relayed(const std::string& line = "hold", const std::vector<std::string>& flags = relay(),
                   const Edit& edit = {})
      : bundle(line, edit), container(bundle) {
    container.create(flags);
    container.start();
  }
  Where inside() const { return inside_of(container); }
};

std::string host_address(const std::string& stack) { return is_six(stack) ? "2001:db8::1" : "192.0.2.1"; }
std::string outside_address(const std::string& stack) { return is_six(stack) ? "2001:db8::2" : "192.0.2.2"; }

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t times = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++times;
  return times;
}

bool has_row(Container& container, const char* network, int port) {
  for (const auto& row : json::parse(container.call({"ports", "--format", "json", container.id()}).out))
    if (row["network"] == network && row["port"] == port) return true;
  return false;
}

}  // namespace

TEST_CASE("relay: both versions of pasta are at hand", "[relay]") {
  NEEDS(!pastas().empty(), "needs pasta (Debian: passt)");
  NEEDS(pastas().size() == 2, "LODGER_PASTA_CURRENT names no current pasta: the system's alone is tested");
}

TEST_CASE("relay: servers of the container answer on all of the host's addresses, TCP on any port",
          "[relay]") {
  RELAY_HOST();
  Relayed it(stand(tcp_stacks, "8000") + stand(tcp_stacks, "80") + stand(tcp_stacks, "40000") + "answer");
  for (const auto& stack : tcp_stacks)
    for (const char* port : {"8000", "80", "40000"}) {
      CAPTURE(stack, port);
      CHECK(answers({}, stack, port));
      CHECK(answers({}, stack, port, host_address(stack)));
      CHECK(answers(host.net.entering(), stack, port, host_address(stack)));
    }
}

TEST_CASE("relay: UDP servers of the container answer: on old versions of pasta the declared ones alone",
          "[relay]") {
  RELAY_HOST();
  const std::vector<std::string> udp{"udp4", "udp6"};
  const bool by_annotation = GENERATE(false, true);
  CAPTURE(by_annotation);
  const auto declare = [&](json& config) {
    if (by_annotation) config["annotations"]["org.opencontainers.image.exposedPorts"] = "7000/udp";
  };
  Relayed it(stand(udp, "7000") + stand(udp, "5353") + "answer",
             by_annotation ? relay() : relay("", {"-p", "7000:7000/udp"}), declare);
  for (const auto& stack : udp) {
    CAPTURE(stack);
    CHECK(answers({}, stack, "7000"));
    CHECK(answers({}, stack, "7000", host_address(stack)));
    CHECK(answers(host.net.entering(), stack, "7000", host_address(stack)));
    if (host.old)
      CHECK(asked({}, stack, "5353") == "");
    else
      CHECK(answers({}, stack, "5353"));
  }
}

TEST_CASE("relay: a server on the container's loopback is on the host's loopback, and to nobody beyond it",
          "[relay]") {
  RELAY_HOST();
  Relayed it(stand(all_stacks, "8001", true) + stand(all_stacks, "8002") + "answer",
             relay("", {"-p", "8001-8002:8001-8002/udp"}));
  for (const auto& stack : all_stacks) {
    CAPTURE(stack);
    CHECK(answers({}, stack, "8001"));
    CHECK(answers(host.net.entering(), stack, "8002", host_address(stack)));  // the way is open
  }
  const auto times = [&](const char* what) { return count(it.container.output(), what); };
  const auto came = times(" 8001"), heard = times(" 8002 hello");
  for (const auto& stack : all_stacks) {
    CAPTURE(stack);
    CHECK(asked(host.net.entering(), stack, "8001", host_address(stack)) == "");
    CHECK(asked({}, stack, "8001", host_address(stack)) == "");
    CHECK(answers(host.net.entering(), stack, "8002", host_address(stack)));
  }
  INFO(it.container.output());
  CHECK(times(" 8001") == came);  // no connection came, and no byte
  CHECK(times(" 8002 hello") >= heard + 4);
}

TEST_CASE("relay: the host's servers answer on the container's localhost", "[relay]") {
  RELAY_HOST();
  const Running server = serving(stand(all_stacks, "9000", true) + stand(tcp_stacks, "90"));
  Relayed it;
  for (const auto& stack : all_stacks) {
    CAPTURE(stack);
    CHECK(answers(it.inside(), stack, "9000"));
  }
  for (const auto& stack : tcp_stacks) CHECK(answers(it.inside(), stack, "90"));
  const Running later = serving(stand(all_stacks, "9001", true));
  for (const auto& stack : all_stacks) {
    CAPTURE(stack);
    if (!host.old || !is_udp(stack)) CHECK(answers(it.inside(), stack, "9001"));
  }
}

TEST_CASE("relay: what is for a group or for everybody passes neither out nor in", "[relay]") {
  RELAY_HOST();
  NEEDS(has_cgroup2(), "needs a cgroup2 tree");
  struct Group {
    std::string stack, address;
  };
  const std::vector<Group> groups{{"udp4", "239.1.2.3"}, {"udp4", "224.0.0.251"}, {"udp6", "ff05::fb"}};
  std::string members;
  for (const auto& [stack, address] : groups)
    members += "stand " + stack + " " + address + " 7100 ; join " + stack + " " + address + " DEVICE ; ";
  const auto joined = [&](std::string device) {
    auto line = members;
    for (auto at = line.find("DEVICE"); at != line.npos; at = line.find("DEVICE"))
      line.replace(at, 6, device);
    return line;
  };
  REQUIRE(host.net.out("ip route add 224.0.0.0/4 dev eth0").status == 0);
  const Running beyond = serving(joined("eth0") + stand({"udp4", "udp6"}, "7200"), host.net.entering());
  const Running here = serving(joined("out"));  // so that the host takes what comes for its groups
  Relayed it(stand({"udp4", "udp6"}, "7000") + "answer", relay("", {"-p", "7000:7000/udp"}));

  for (const auto& stack : {"udp4", "udp6"}) {  // the ways are there
    CHECK(answers(it.inside(), stack, "7200", outside_address(stack)));
    CHECK(answers(host.net.entering(), stack, "7000", host_address(stack)));
  }
  for (const auto& [stack, address] : groups) {
    CAPTURE(stack, address);
    const auto from = [&](const Where& where, const char* port) { (void)asked(where, stack, port, address); };
    const auto count_of = [&](const Running& server) { return count(server.out(), address + " 7100 hello"); };
    const auto before = count_of(beyond);
    from({}, "7100");  // the host's own goes out
    CHECK(count_of(beyond) == before + 1);
    from(it.inside(), "7100");
    CHECK(count_of(beyond) == before + 1);
    const auto came = count_of(here);
    from(host.net.entering(), "7100");  // and comes in
    CHECK(count_of(here) == came + 1);
  }
  const auto in = [&] { return count(it.container.output(), " 7000 hello"); };
  const auto before = in();
  for (const auto& [stack, address] : groups) (void)asked(host.net.entering(), stack, "7000", address);
  (void)asked(host.net.entering(), "udp4", "7000", "192.0.2.255");
  (void)asked(host.net.entering(), "udp4", "7000", "255.255.255.255");
  (void)asked({}, "udp4", "7000", "192.0.2.255");
  CHECK(in() == before);
  CHECK(answers(host.net.entering(), "udp4", "7000", host_address("udp4")));
}

TEST_CASE("relay: the container reaches the host's other address and beyond, and has one of its own",
          "[relay]") {
  RELAY_HOST();
  const Running here = serving(stand(all_stacks, "9000"));
  const Running beyond = serving(stand(all_stacks, "9000"), host.net.entering());
  Relayed it("addresses ; hold");
  for (const auto& stack : all_stacks) {
    CAPTURE(stack);
    CHECK(answers(it.inside(), stack, "9000", host_address(stack)));
    CHECK(answers(it.inside(), stack, "9000", outside_address(stack)));
  }
  CHECK(ns_id(it.container.pid(), "net") != ns_id(gettid(), "net"));
  const auto seen = it.container.call({"exec", it.container.id(), "/bin/probe", "addresses"});
  CHECK(Facts(seen.out).all("address.inet") == std::vector<std::string>{"192.0.0.2"});
}

TEST_CASE("relay: the host's addresses cannot be bound", "[relay]") {
  RELAY_HOST();
  const auto flags = GENERATE(relay(), std::vector<std::string>{"--network", "host"});
  const bool relayed = flags == relay();
  const auto facts =
      inside("bind tcp4 192.0.2.1 8000 ; bind udp4 192.0.2.1 8000 ; bind tcp6 2001:db8::1 8000", {}, flags);
  const auto refused = std::to_string(relayed ? EADDRNOTAVAIL : 0);
  CHECK(facts["bind:tcp4:192.0.2.1:8000.errno"] == refused);
  CHECK(facts["bind:udp4:192.0.2.1:8000.errno"] == refused);
  CHECK(facts["bind:tcp6:2001:db8::1:8000.errno"] == refused);
}

TEST_CASE("relay: nothing below layer 4 passes: raw frames, ARP", "[relay]") {
  RELAY_HOST();
  const std::string what = GENERATE("frame=experiment\n", "frame=arp 192.0.2.99\n");
  const bool relayed = GENERATE(true, false);
  CAPTURE(what, relayed);
  Where argv = host.net.entering();
  for (const auto& word : probing("capture eth0")) argv.push_back(word);
  Running capture(argv);
  capture.wait_for("capturing.errno=0");
  const std::string device = relayed ? "eth0" : "out";
  const auto facts = inside("frame " + device + " 192.0.2.99 ; ask udp4 99 hello 192.0.2.2", {},
                            relayed ? relay() : std::vector<std::string>{"--network", "host"});
  CHECK(facts["frame.errno"] == "0");
  capture.wait_for("frame=datagram 192.0.2.2 99\n");  // what was sent last has come
  INFO(capture.out());
  CHECK((capture.out().find(what) != std::string::npos) == !relayed);
}

TEST_CASE("relay: published ports are told of once, in the words of host mode", "[relay]") {
  RELAY_HOST();
  const auto flags = GENERATE(std::vector<std::string>{"-p", "80:80", "-p", "81:81/udp"},
                              std::vector<std::string>{"-P"}, std::vector<std::string>{});
  const auto done = outcome("echo ran", {}, relay("", flags));
  CHECK(done.status == 0);
  INFO(done.err);
  CHECK(count(done.err, discarded) == (flags.empty() ? 0 : 1));
  // a declared UDP port is what an old pasta needs to be told
  CHECK(count(done.err, once) == (host.old && flags.size() < 4 ? 1 : 0));
}

TEST_CASE("relay: the annotation takes a container off the host's network", "[relay]") {
  RELAY_HOST();
  Relayed it(stand(tcp_stacks, "8000") + "answer", {},
             [](json& config) { config["annotations"]["org.lodger.network.mode"] = "relay"; });
  for (const auto& stack : tcp_stacks) CHECK(answers({}, stack, "8000"));
  CHECK(ns_id(it.container.pid(), "net") != ns_id(gettid(), "net"));
  CHECK(relay_of(it.container)["mode"] == "relay");
}

TEST_CASE("relay: the state names the program, its version and its process", "[relay]") {
  RELAY_HOST();
  Relayed it;
  const auto said = relay_of(it.container);
  CHECK(said["mode"] == "relay");
  CHECK(said["program"] == pasta);
  CHECK_THAT(said["version"].get<std::string>(), Catch::StartsWith(host.old ? "unknown" : "0.0~git"));
  CHECK(said["running"] == true);
  CHECK(ns_id(said["pid"], "net") == ns_id(gettid(), "net"));
}

TEST_CASE("relay: ports, with both sides", "[relay]") {
  RELAY_HOST();
  const Running server = serving(stand(tcp_stacks, "9000", true));
  Relayed it(stand(tcp_stacks, "8000") + "answer");
  CHECK(answers({}, "tcp4", "8000"));
  CHECK(answers(it.inside(), "tcp4", "9000"));
  const auto pid = relay_pid(it.container);
  const auto rows = json::parse(it.container.call({"ports", "--format", "json", it.container.id()}).out);
  const auto row = [&](const char* network, int port) {
    for (const auto& one : rows)
      if (one["network"] == network && one["port"] == port) return one;
    return json();
  };
  INFO(rows.dump(1));
  CHECK(row("own", 8000)["processes"][0]["pid"] == it.container.pid());
  CHECK(row("relay-in", 8000)["processes"][0]["pid"] == pid);
  CHECK(row("relay-out", 9000)["processes"][0]["pid"] == pid);
  CHECK(row("relay-in", 9000).is_null());
  CHECK(row("relay-out", 8000).is_null());
  const auto table = it.container.call({"ports", it.container.id()}).out;
  INFO(table);
  for (const char* way : {" own ", " relay-in ", " relay-out "}) CHECK_THAT(table, Catch::Contains(way));
}

TEST_CASE("relay: what the first has let in on a port, a second finds taken as on the host, until it ends",
          "[relay]") {
  RELAY_HOST();
  auto first = std::make_unique<Relayed>(stand({"tcp4"}, "8000") + "answer");
  CHECK(answers({}, "tcp4", "8000"));
  Relayed second(stand({"tcp4"}, "8000") + stand({"tcp4"}, "8001") + "answer");
  CHECK(answers({}, "tcp4", "8001"));
  CHECK_THAT(second.container.output(), Catch::Contains("stand:tcp4:0.0.0.0:8000.errno=98\n"));
  CHECK(has_row(first->container, "relay-in", 8000));
  CHECK(has_row(second.container, "relay-out", 8000));
  CHECK(asked(second.inside(), "tcp4", "8000") == "inside:hello");  // the first's
  first.reset();
  CHECK(eventually([&] {
    const auto again = second.container.call(
        {"exec", second.container.id(), "/bin/probe", "bind", "tcp4", "0.0.0.0", "8000"});
    return Facts(again.out)["bind:tcp4:0.0.0.0:8000.errno"] == "0";
  }));
}

TEST_CASE("relay: a port that is to be let in and is taken is told before anything is made", "[relay]") {
  RELAY_HOST();
  const Running holder = serving(stand({"tcp4"}, "8000"));
  const auto [options, declared, what] = GENERATE(
      table<const char*, const char*, const char*>({{"", "8000", "the container declares"},
                                                    {"ports=8000-8001,to-host=none", "", "the relay lets in"},
                                                    {"ports=8001,to-host=none", "8000", ""}}));
  CAPTURE(options);
  const Bundle bundle("echo ran", [&](json& config) {
    without_raw_sockets(config);
    config["annotations"]["org.opencontainers.image.exposedPorts"] = declared;
  });
  Container container(bundle);
  const auto done = container.run(relay(options));
  INFO(done.summary());
  CHECK(Facts(done.out)["echo"] == "ran");
  const auto told = std::string("ports that ") + what + " are taken on the host: ";
  CHECK((done.err.find(told) != done.err.npos) == (*what != '\0'));
  CHECK((done.err.find(std::to_string(holder.pid())) != done.err.npos) == (*what != '\0'));
  CHECK((done.err.find("is not let in meanwhile") != done.err.npos) == (*what != '\0'));
}

TEST_CASE("relay: of two that serve one port the first is reached, and the second once that has ended",
          "[relay]") {
  RELAY_HOST();
  NEEDS(!host.old, "pasta of before 2023-11 cannot be narrowed in one direction alone");
  const auto line = stand({"tcp4"}, "8000") + "answer";
  auto first = std::make_unique<Relayed>(line, relay("to-host=none"), without_raw_sockets);
  CHECK(answers({}, "tcp4", "8000"));
  Relayed second(line, relay("to-host=none"), without_raw_sockets);
  second.container.wait_for_output("answering=1");
  CHECK(asked({}, "tcp4", "8000") == "inside:hello");
  CHECK(has_row(first->container, "relay-in", 8000));
  CHECK_FALSE(has_row(second.container, "relay-in", 8000));
  CHECK_THAT(second.container.output(), !Catch::Contains("heard="));
  first.reset();
  CHECK(answers({}, "tcp4", "8000"));
  second.container.wait_for_output("heard=tcp4 0.0.0.0 8000");
  CHECK(has_row(second.container, "relay-in", 8000));
}

// "docker run --rm -it --net=host nicolaka/netshoot nc -lkv 0.0.0.0 8000", then "nc localhost 8000" on the
// host; and "nc localhost 80" in a container where the host has a server. The page speaks of TCP and of UDP.
TEST_CASE("relay: the examples of the host driver's page", "[relay]") {
  RELAY_HOST();
  NEEDS(access("/usr/bin/nc.openbsd", X_OK) == 0, "needs nc (Debian: netcat-openbsd)");
  const std::string udp = GENERATE("", "-u ");
  CAPTURE(udp);
  const auto with_netcat = [](json& config) {
    for (const char* folder : {"/usr", "/lib", "/lib64"})
      config["mounts"].push_back(
          {{"destination", folder}, {"source", folder}, {"type", "bind"}, {"options", {"bind", "ro"}}});
  };
  auto words_of = words("/usr/bin/nc.openbsd " + udp + "-lkv 0.0.0.0 8000");
  const Bundle listening(words_of, with_netcat);
  write_file(listening.rootfs("/etc/nsswitch.conf"),
             "hosts: files\n");  // there is no name server to wait for
  Container server(listening);
  server.create(relay("", {"-p", "8000:8000/udp"}));
  server.start();
  CHECK(eventually([&] {
    shell("echo typed | timeout 0.5 nc.openbsd " + udp + "localhost 8000");
    return server.output().find("typed\n") != std::string::npos;
  }));
  const Running web = serving(stand(all_stacks, "80"));
  const Bundle asking("hold", with_netcat);
  write_file(asking.rootfs("/etc/nsswitch.conf"), "hosts: files\n");
  Container client(asking);
  client.create(relay());
  client.start();
  std::string got;
  CHECK(eventually([&] {
    const auto line = "echo hello | busybox timeout 0.5 /usr/bin/nc.openbsd " + udp + "localhost 80";
    got = client.call({"exec", client.id(), "/bin/busybox", "sh", "-c", line}).out;
    return got == "inside:hello\n";
  }));
  INFO(got);
}

TEST_CASE("relay: a port that one has let in is told as its container's to whoever requires it", "[relay]") {
  RELAY_HOST();
  const std::string stack = GENERATE("tcp4", "udp4");
  CAPTURE(stack);
  const std::string protocol = stack.substr(0, 3);
  Relayed it(stand({stack}, "8000") + "answer", relay("", {"-p", "8000:8000/" + protocol}));
  REQUIRE(answers({}, stack, "8000"));
  const Bundle second("echo ran", [](json& config) { config["linux"].erase("resources"); });
  const auto done = it.container.call({"run", "--bundle", second.path(), "--network", "host,require-ports",
                                       "-p", "9000:8000/" + protocol, second.name()});
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains(":8000 by container " + it.container.id() + " (pas"));
}
