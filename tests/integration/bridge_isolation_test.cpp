// What a bridge network keeps apart. Each of these takes the guard away in the end, and sees that the same
// then gets through: what never could pass proves nothing.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "support/bridged.hpp"
#include "support/proc.hpp"
#include "tests/support/text.hpp"

using namespace lodger::test;

namespace {

/// Takes a rule of lodger's table away: the one whose text this is.
void without_rule(const std::string& chain, const std::string& text) {
  INFO(shell("nft -a list chain inet lodger " + chain).out);
  const auto done =
      shell("handle=$(nft -a list chain inet lodger " + chain + " | grep -F '" + text +
            " # handle' | sed 's/.*# handle //'); nft delete rule inet lodger " + chain + " handle $handle");
  INFO(done.err);
  REQUIRE(done.status == 0);
}

std::vector<std::string> network_of(Container& container) {
  return {"/usr/bin/nsenter", "--net=/proc/" + std::to_string(container.pid()) + "/ns/net"};
}

/// A line of shell in a network namespace, for which it has to succeed.
void within(std::vector<std::string> where, const std::string& line) {
  where.insert(where.end(), {"/bin/sh", "-ec", line});
  const auto done = run_command(where);
  INFO(line << ": " << done.err);
  REQUIRE(done.status == 0);
}

/// Packets to 127.0.0.1 go to `gateway`. The address itself has to go: what comes from an address of one's
/// own is dropped.
void send_loopback_away(const std::vector<std::string>& where, const std::string& gateway,
                        const std::string& own) {
  within(where,
         "ip address flush dev lo;"
         " echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet;"
         " ip route add 127.0.0.0/8 via " +
             gateway + " dev eth0 src " + own);
}

/// One attempt, which nothing should answer.
std::string ask_once(std::vector<std::string> where, const std::string& stack, const std::string& port,
                     const std::string& address) {
  const auto question = probing("ask " + stack + " " + port + " hello " + address);
  where.insert(where.end(), {"/usr/bin/timeout", "1"});
  where.insert(where.end(), question.begin(), question.end());
  const auto answers = Facts(run_command(where).out).all("ask:" + stack);
  return answers.empty() ? "" : answers.front();
}

std::string address_of(Container& container, const char* which) {
  return inspect(container)["containers"][0][which];
}

std::string forwarding(const std::string& device, bool six = false) {
  return support::trimmed(shell("cat /proc/sys/net/" + (six ? "ipv6/conf/" + device + "/force_forwarding"
                                                            : "ipv4/conf/" + device + "/forwarding"))
                              .out);
}

/// A host on another of our host's devices, out2: 198.51.100.2 and 2001:db8:2::2, which takes our host for
/// its router.
class Neighbour {
 public:
  Neighbour() : process_({"/usr/bin/unshare", "--net", "/bin/sh", "-c", "echo there; exec sleep 600"}) {
    process_.wait_for("there");
    within({},
           "ip link add out2 type veth peer name eth0 netns " + std::to_string(process_.pid()) +
               "; ip address add 198.51.100.1/24 dev out2; ip address add 2001:db8:2::1/64 dev out2 nodad;"
               " ip link set out2 up");
    within(where(),
           "ip link set lo up; ip address add 198.51.100.2/24 dev eth0;"
           " ip address add 2001:db8:2::2/64 dev eth0 nodad; ip link set eth0 up;"
           " ip route add default via 198.51.100.1; ip route add default via 2001:db8:2::1");
  }
  Neighbour(const Neighbour&) = delete;
  std::vector<std::string> where() const {
    return {"/usr/bin/nsenter", "--net=/proc/" + std::to_string(process_.pid()) + "/ns/net"};
  }

 private:
  Running process_;
};

/// Says once, to all on eth0, that the sender is their router, and what their prefix is: RFC 4861, 4.2,
/// and 4.6.2.
constexpr const char* advertise = R"(
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("eth0"))
prefix = socket.inet_pton(socket.AF_INET6, "2001:db8:bad::")
s.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) +
         struct.pack("!BBBBIII", 3, 4, 64, 0xc0, 3600, 1800, 0) + prefix, ("ff02::1", 0))
)";

void advertise_from(std::vector<std::string> where) {
  where.insert(where.end(), {"/usr/bin/python3", "-c", advertise});
  const auto done = run_command(where);
  INFO(done.err);
  REQUIRE(done.status == 0);
}

/// What a device has believed of that.
std::string believed(std::vector<std::string> where, const std::string& device) {
  where.insert(where.end(),
               {"/bin/sh", "-c",
                "ip -6 route show dev " + device + " | grep -e bad -e 'proto ra'; ip -6 address show dev " +
                    device + " | grep bad"});
  return run_command(where).out;
}

}  // namespace

TEST_CASE("bridge isolation: a container does not reach the host's loopback (CVE-2020-8558)",
          "[bridge_isolation]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp4");
  const Bundle bundle("hold");
  Container container(bundle);
  container.create(bridge({"-p", "9000:80"}));  // without one the bridge has no way to the loopback at all
  Running service(probing("serve " + stack + " 91"));
  service.wait_for("listening." + stack);
  send_loopback_away(network_of(container), "10.61.0.1", "10.61.0.2");
  (void)ask_once(network_of(container), stack, "91", "127.0.0.1");
  CHECK_FALSE(service.out().contains("served=hello"));
  without_rule("guard", "ip daddr 127.0.0.0/8 drop");
  (void)ask_once(network_of(container), stack, "91", "127.0.0.1");
  CHECK(eventually([&] { return service.out().contains("served=hello"); }));
  container.remove();
  prune(container);
}

TEST_CASE(
    "bridge isolation: behind nft flush ruleset the host's loopback is out of reach of a network that "
    "publishes nothing",
    "[bridge_isolation]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp4");
  const Bundle bundle("hold");
  Container container(bundle);
  container.create(bridge());
  Running service(probing("serve " + stack + " 91"));
  service.wait_for("listening." + stack);
  send_loopback_away(network_of(container), "10.61.0.1", "10.61.0.2");
  REQUIRE(shell("nft flush ruleset").status == 0);
  (void)ask_once(network_of(container), stack, "91", "127.0.0.1");
  CHECK_FALSE(service.out().contains("served=hello"));
  REQUIRE(shell("sysctl -w net.ipv4.conf.lodger0.route_localnet=1").status == 0);
  (void)ask_once(network_of(container), stack, "91", "127.0.0.1");
  CHECK(eventually([&] { return service.out().contains("served=hello"); }));
  container.remove();
  prune(container);
}

TEST_CASE("bridge isolation: a bridge routes loopback addresses while a port is published on them, no longer",
          "[bridge_isolation]") {
  NETWORKS();
  const auto routes = [] { return shell("sysctl -n net.ipv4.conf.lodger0.route_localnet").out; };
  const Bundle bundles[]{Bundle("hold"), Bundle("hold"), Bundle("hold")};
  Container one(bundles[0]), two(bundles[1], {"--root", one.root()}),
      three(bundles[2], {"--root", one.root()});
  one.create(bridge({"-p", "192.0.2.1:8080:80"}));
  CHECK(routes() == "0\n");
  two.create(bridge({"-p", "8081-8082:8081-8082"}));
  CHECK(routes() == "1\n");
  three.create(bridge({"-p", "127.0.0.1:8083:80"}));
  two.remove();
  CHECK(routes() == "1\n");
  three.remove();
  CHECK(routes() == "0\n");
  two.create(bridge({"-p", "8081:80"}));
  REQUIRE(shell("nft flush ruleset").status == 0);
  two.remove();
  CHECK(routes() == "0\n");
  one.remove();
  prune(one);
}

TEST_CASE("bridge isolation: a neighbour does not reach a port that is published on 127.0.0.1",
          "[bridge_isolation]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp4");
  const Bundle bundle("serve " + stack + " 80");
  Container container(bundle);
  Running run =
      container.begin(container.making("run", bridge({"-p", "127.0.0.1:9000:80/" + stack.substr(0, 3)})));
  run.wait_for("listening." + stack);
  send_loopback_away(net.entering(), "192.0.2.1", "192.0.2.2");
  CHECK(ask_once(net.entering(), stack, "9000", "127.0.0.1") == "");
  without_rule("prerouting", "ip daddr 127.0.0.0/8 return");
  CHECK(ask_from_outside(net, stack, "9000", "127.0.0.1") == "inside:hello");
  run.wait();
  prune(container);
}

TEST_CASE("bridge isolation: a source address that is not of the network goes nowhere",
          "[bridge_isolation]") {
  NETWORKS();
  const std::string stack = GENERATE("udp4", "udp6");
  const bool towards_host = GENERATE(false, true);
  CAPTURE(stack, towards_host);
  const bool six = stack == "udp6";
  const Bundle bundle("hold");
  Container container(bundle);
  container.create(bridge());
  const auto gateway = inspect(container)[six ? "gateway6" : "gateway"].get<std::string>();
  within(network_of(container),
         six ? "ip address add 2001:db8:bad::9/128 dev eth0 nodad; ip -6 route replace default via " +
                   gateway + " src 2001:db8:bad::9"
             : "ip address add 203.0.113.9/32 dev eth0; ip route replace default via " + gateway +
                   " src 203.0.113.9");
  const std::string to =
      towards_host ? (six ? "2001:db8::1" : "192.0.2.1") : (six ? "2001:db8::2" : "192.0.2.2");
  Running server =
      towards_host ? Running(probing("serve " + stack + " 90")) : net.begin_out("serve " + stack + " 90");
  server.wait_for("listening." + stack);
  (void)ask_once(network_of(container), stack, "90", to);
  CHECK_FALSE(server.out().contains("served=hello"));
  without_rule("guard",
               six ? "ip6 saddr != fe80::/64 ip6 saddr != @subnets6 drop" : "ip saddr != @subnets4 drop");
  // A datagram may get lost: to a neighbour that is only just being asked for, for one.
  CHECK(eventually([&] {
    (void)ask_once(network_of(container), stack, "90", to);
    return server.out().contains("served=hello");
  }));
  server.kill(SIGKILL);
  container.remove();
  prune(container);
}

TEST_CASE("bridge isolation: two networks do not reach each other, by IPv6 neither", "[bridge_isolation]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp4", "tcp6", "udp6");
  CAPTURE(stack);
  const Bundle serving("serve " + stack + " 80"), other("hold");
  Container server(serving), client(other, {"--root", server.root()});
  client.create({"--network", "bridge:other"});
  Running run = server.begin(server.making("run", bridge()));
  run.wait_for("listening." + stack);
  const auto address = address_of(server, stack.ends_with('6') ? "address6" : "address");
  CHECK(ask_once(network_of(client), stack, "80", address) == "");
  without_rule("into", "drop");
  CHECK(ask(network_of(client), stack, "80", address) == "inside:hello");
  run.wait();
  client.remove();
  prune(server);
}

TEST_CASE("bridge isolation: no router advertisement of a container is believed (CVE-2020-10749)",
          "[bridge_isolation]") {
  NETWORKS();
  NEEDS(access("/usr/bin/python3", X_OK) == 0, "needs python3");
  const Bundle first("hold"), second("hold");
  Container liar(first), victim(second, {"--root", liar.root()});
  liar.create(bridge());
  victim.create(bridge());
  advertise_from(network_of(liar));
  usleep(300'000);
  CHECK(believed({}, "lodger0") == "");
  CHECK(believed(network_of(victim), "eth0") == "");
  // a device that forwards believes with 2 alone
  within({}, "echo 2 > /proc/sys/net/ipv6/conf/lodger0/accept_ra");
  within(network_of(victim), "echo 2 > /proc/sys/net/ipv6/conf/eth0/accept_ra");
  advertise_from(network_of(liar));
  CHECK(eventually([] { return believed({}, "lodger0") != ""; }));
  CHECK(eventually([&] { return believed(network_of(victim), "eth0") != ""; }));
  liar.remove();
  victim.remove();
  prune(liar);
}

TEST_CASE("bridge isolation: from another host a container's own ports are closed, a published one is open",
          "[bridge_isolation]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp4", "tcp6", "udp6");
  CAPTURE(stack);
  const bool six = stack.ends_with('6');
  const Neighbour neighbour;
  const Bundle bundle("serve " + stack + " 80 ; serve " + stack + " 81");
  Container container(bundle);
  Running run = container.begin(container.making("run", bridge({"-p", "8080:80/" + stack.substr(0, 3)})));
  run.wait_for("listening." + stack + "=80");
  const auto address = address_of(container, six ? "address6" : "address");
  CHECK(ask(neighbour.where(), stack, "80", address) ==
        "");  // the container's port, by the container's address
  CHECK(ask(neighbour.where(), stack, "8080", six ? "2001:db8:2::1" : "198.51.100.1") == "inside:hello");
  run.wait_for("listening." + stack + "=81");
  CHECK(ask_once(neighbour.where(), stack, "81", address) == "");
  without_rule("into", "drop");
  without_rule("forward", std::string("iifname @opened") + (six ? "6" : "4") +
                              " ct state ! established,related ct status ! dnat drop");
  CHECK(ask(neighbour.where(), stack, "81", address) == "inside:hello");
  run.wait();
  prune(container);
}

TEST_CASE(
    "bridge isolation: the host routes for its bridges and for nobody else, and for nobody behind prune",
    "[bridge_isolation]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "tcp6");
  const bool six = stack == "tcp6";
  CAPTURE(stack);
  const Neighbour neighbour;
  within(net.entering(),
         "ip route add 198.51.100.0/24 via 192.0.2.1; ip route add 2001:db8:2::/64 via 2001:db8::1");
  NEEDS(!six || forwarding("out", true) != "", "this kernel switches IPv6 forwarding for all devices alone");
  CHECK(forwarding("out", six) == "0");
  const Bundle bundle("hold");
  Container container(bundle);
  container.create(bridge());
  for (const char* device : {"out", "out2"}) CHECK(forwarding(device, six) == "1");
  CHECK(support::trimmed(
            shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding").out) == "0\n0");
  Running server = net.begin_out("serve " + stack + " 90");
  server.wait_for("listening." + stack);
  const std::string there = six ? "2001:db8::2" : "192.0.2.2";
  CHECK(ask_once(neighbour.where(), stack, "90", there) == "");
  const std::string rule = std::string("iifname @opened") + (six ? "6" : "4") +
                           " ct state ! established,related ct status ! dnat drop";
  without_rule("forward", rule);
  CHECK(ask(neighbour.where(), stack, "90", there) == "inside:hello");
  server.wait();
  container.remove();
  prune(container);
  for (const char* device : {"out", "out2"}) CHECK(forwarding(device, six) == "0");
}
