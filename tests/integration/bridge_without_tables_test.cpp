// Bridge networks on a kernel without nf_tables: published ports by a proxy, and what keeps the networks
// apart. Such a kernel refuses the socket to speak to them by, as lodger's is refused here.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>

#include <algorithm>

#include "support/bridged.hpp"
#include "support/proc.hpp"

using namespace lodger::test;

namespace {

const std::string no_such_protocol = "93", not_permitted = "1";  // EPROTONOSUPPORT, EPERM

/// A lodger of the state root of `container`, to whom socket(2) says `why` of NETLINK_NETFILTER.
std::vector<std::string> without_tables(const Container& container, std::vector<std::string> args,
                                        const std::string& why = no_such_protocol) {
  auto line = probing("without-netlink 12 " + why + " " + runtime_path() + " --root " + container.root());
  line.insert(line.end(), args.begin(), args.end());
  return line;
}

std::vector<std::string> by_proxy(const std::string& network = "bridge", std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--network", network, "--userland-proxy"});
  return more;
}

void without_fences() {
  shell(
      "for family in -4 -6; do for pref in 60 61; do while ip $family rule del pref $pref; do :; done; done; "
      "done");
  REQUIRE(fences() == "");
}

/// What the kernel does behind `network prune` is seen at once but for the pairs of devices.
void leaves_nothing(Container& container) {
  const auto done = run_command(without_tables(container, {"network", "prune"}));
  CHECK(done.err == "");
  CHECK(done.status == 0);
  CHECK(soon_traces(""));
  CHECK(fences() == "");
  CHECK(shell("ls " + container.root() + "/@networks").out == "");
}

std::string address_of(Container& container, const std::string& network, const char* which) {
  return nlohmann::json::parse(container.call({"network", "inspect", network}).out)["containers"][0][which];
}

std::vector<std::string> network_of(Container& container) {
  return {"/usr/bin/nsenter", "--net=/proc/" + std::to_string(container.pid()) + "/ns/net"};
}

constexpr const char* server_line =
    "stand tcp4 0.0.0.0 80 ; stand udp4 0.0.0.0 80 ; stand tcp6 :: 80 ; stand udp6 :: 80 ; answer";

}  // namespace

TEST_CASE(
    "bridge without nf_tables: published ports are carried by the proxy, and all goes with delete and prune",
    "[bridge_without_tables]") {
  NETWORKS_BY(true);
  const Bundle serving(server_line), other("hold");
  Container server(serving), neighbour(other, {"--root", server.root()});
  Running run(without_tables(
      server, server.making("run", by_proxy("bridge", {"-p", "8080:80", "-p", "8080:80/udp"}))));
  run.wait_for("answering=4");
  CHECK(
      run.err() ==
      "lodger: warning: --network bridge: this kernel has no nf_tables: containers on lodger0 reach the host "
      "and each other, and nobody beyond\n");
  REQUIRE(run_command(without_tables(server, neighbour.making("create", by_proxy()))).status == 0);
  for (const std::string stack : {"tcp4", "udp4", "tcp6", "udp6"}) {
    CAPTURE(stack);
    const bool six = stack.ends_with('6');
    const std::string host = six ? "2001:db8::1" : "192.0.2.1";
    CHECK(ask_from_outside(net, stack, "8080", host) == "inside:hello");
    CHECK(ask_from_host(stack, "8080", host) == "inside:hello");
    CHECK(ask_from_host(stack, "8080", six ? "::1" : "127.0.0.1") == "inside:hello");
    CHECK(ask(network_of(neighbour), stack, "8080", host) == "inside:hello");
    CHECK(ask(network_of(neighbour), stack, "80",
              address_of(server, "bridge", six ? "address6" : "address")) == "inside:hello");
  }
  CHECK_THAT(run_command(without_tables(server, {"network", "ls"})).out, Catch::Contains("lodger0"));
  CHECK(shell("nft list tables 2>/dev/null").out == "");
  CHECK(shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/out/forwarding").out == "0\n0\n");
  run.kill(SIGKILL);
  run.wait();
  for (auto* container : {&server, &neighbour})
    CHECK(run_command(without_tables(server, {"delete", "--force", container->id()})).status == 0);
  CHECK(shell("pgrep --ns $$ --nslist net -x lodger-proxy").out == "");
  leaves_nothing(server);
}

TEST_CASE("bridge without nf_tables: a router's neighbours reach no port that is not published",
          "[bridge_without_tables]") {
  NETWORKS_BY(true);
  const Bundle serving(server_line);
  Container server(serving);
  Running run(without_tables(server, server.making("run", by_proxy())));
  run.wait_for("answering=4");
  REQUIRE(shell("sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1").status == 0);
  const auto six = address_of(server, "bridge", "address6");
  REQUIRE(net.out("ip -6 route add " + six + " via 2001:db8::1").status == 0);
  const std::pair<std::string, std::string> asked[] = {{"tcp4", address_of(server, "bridge", "address")},
                                                       {"tcp6", six}};
  for (const auto& [stack, address] : asked) {
    CAPTURE(stack);
    CHECK(ask_from_outside(net, stack, "80", address) == "");
    CHECK(ask_from_outside(net, "udp" + stack.substr(3), "80", address) == "");
  }
  without_fences();  // what never could pass proves nothing
  for (const auto& [stack, address] : asked) {
    CAPTURE(stack);
    CHECK(ask_from_outside(net, stack, "80", address) == "inside:hello");
    CHECK(ask_from_outside(net, "udp" + stack.substr(3), "80", address) == "inside:hello");
  }
  run.kill(SIGKILL);
  run.wait();
  CHECK(server.remove().status == 0);
  leaves_nothing(server);
}

TEST_CASE("bridge without nf_tables: two networks do not reach each other, nor a container the world",
          "[bridge_without_tables]") {
  NETWORKS_BY(true);
  const Bundle serving(server_line), other("hold");
  Container server(serving), client(other, {"--root", server.root()});
  Running run(without_tables(server, server.making("run", by_proxy())));
  run.wait_for("answering=4");
  REQUIRE(run_command(without_tables(server, client.making("create", by_proxy("bridge:other")))).status == 0);
  REQUIRE(shell("sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1").status == 0);
  REQUIRE(net.out("ip -6 route add " + address_of(client, "other", "address6") +
                  " via 2001:db8::1; "
                  "ip route add 10.62.0.0/16 via 192.0.2.1")
              .status == 0);
  auto world = net.begin_out(server_line);
  world.wait_for("answering=4");
  const auto answers = [&](const std::string& stack) {
    const bool six = stack.ends_with('6');
    return std::vector{
        ask(network_of(client), stack, "80", address_of(server, "bridge", six ? "address6" : "address")),
        ask(network_of(client), stack, "80", six ? "2001:db8::2" : "192.0.2.2")};
  };
  for (const std::string stack : {"tcp4", "udp4", "tcp6", "udp6"})
    CHECK(answers(stack) == std::vector<std::string>{"", ""});
  without_fences();
  for (const std::string stack : {"tcp4", "udp4", "tcp6", "udp6"}) {
    CAPTURE(stack);
    const auto got = answers(stack);
    CHECK(got[0] == "inside:hello");
    CHECK(got[1] != "");
  }
  world.kill(SIGKILL);
  world.wait();
  run.kill(SIGKILL);
  run.wait();
  for (auto* container : {&server, &client}) CHECK(container->remove().status == 0);
  leaves_nothing(server);
}

TEST_CASE("bridge without nf_tables: NAT is refused, and told what helps; nothing is made",
          "[bridge_without_tables]") {
  NETWORKS_BY(true);
  const auto flags = GENERATE(bridge(), bridge({"-p", "8080:80"}));
  const Bundle bundle("echo ran");
  Container container(bundle);
  const auto done = run_command(without_tables(container, container.making("run", flags)));
  CHECK(done.status == 1);
  CHECK(done.out == "");
  CHECK(done.err ==
        "lodger: --network bridge: this kernel has no nf_tables, by which addresses are translated; "
        "--userland-proxy publishes ports without, for a container that reaches the host and its network "
        "alone\n");
  CHECK(traces() == "");
  leaves_nothing(container);
}

TEST_CASE("bridge without nf_tables: a kernel that refuses to speak of them is not one without",
          "[bridge_without_tables]") {
  NETWORKS_BY(true);
  const Bundle bundle("echo ran");
  Container container(bundle);
  const auto done = run_command(without_tables(
      container, container.making("run", by_proxy("bridge", {"-p", "8080:80"})), not_permitted));
  CHECK(done.status == 1);
  CHECK(done.out == "");
  CHECK_THAT(done.err, Catch::Contains("speaking to the kernel about nf_tables") &&
                           Catch::Contains("Operation not permitted"));
  CHECK(traces() == "");
  CHECK(fences() == "");
}

TEST_CASE("bridge without nf_tables: networks from before there were some are those of NAT from then on",
          "[bridge_without_tables]") {
  NETWORKS();
  const Bundle serving(server_line), second("serve tcp4 80");
  const Bundle elsewhere("hold");
  Container server(serving), other(elsewhere, {"--root", server.root()}),
      translated(second, {"--root", server.root()});
  Running run(without_tables(server, server.making("run", by_proxy("bridge", {"-p", "8080:80"}))));
  run.wait_for("answering=4");
  REQUIRE(run_command(without_tables(server, other.making("create", by_proxy("bridge:other")))).status == 0);
  CHECK(fences() != "");
  Running later = translated.begin(translated.making("run", bridge({"-p", "9000:80"})));
  later.wait_for("listening.tcp4");
  CHECK(fences() == "");
  CHECK(shell("ip link show type bridge | grep alias | grep tables").out == "");
  CHECK(ask_from_outside(net, "tcp4", "9000", "192.0.2.1") == "inside:hello");
  CHECK(ask_from_outside(net, "tcp4", "8080", "192.0.2.1") == "inside:hello");
  CHECK(ask(network_of(other), "tcp4", "80", address_of(server, "bridge", "address")) == "");
  later.wait();
  run.kill(SIGKILL);
  run.wait();
  for (auto* container : {&server, &other, &translated}) CHECK(container->remove().status == 0);
  prune(server);
  CHECK(soon_traces(""));
  CHECK(fences() == "");
  CHECK(shell("nft list tables").out == "");
}

TEST_CASE("bridge without nf_tables: what kept a network apart goes with its device, whoever removed that",
          "[bridge_without_tables]") {
  NETWORKS();
  const Bundle elsewhere("hold"), second("serve tcp4 80");
  const bool begun = GENERATE(false, true);  // the next device, by a lodger-network that was killed behind it
  CAPTURE(begun);
  Container first(elsewhere), translated(second, {"--root", first.root()});
  REQUIRE(run_command(without_tables(first, first.making("create", by_proxy("bridge")))).status == 0);
  CHECK(fences() != "");
  const auto hardware = shell("ip -o link show lodger0 | sed 's,.*link/ether ,,; s, .*,,'").out;
  REQUIRE(shell("ip link delete lodger0").status == 0);
  if (begun)
    REQUIRE(shell("ip link add lodger0 type bridge; ip link set lodger0 address " + hardware).status == 0);
  Running later = translated.begin(translated.making("run", bridge({"-p", "9000:80"})));
  later.wait_for("listening.tcp4");
  CHECK(fences() == "");
  CHECK(ask_from_outside(net, "tcp4", "9000", "192.0.2.1") == "inside:hello");
  later.wait();
  for (auto* container : {&first, &translated}) CHECK(container->remove().status == 0);
  prune(first);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge without nf_tables: what kept a network apart goes with the network that takes its place",
          "[bridge_without_tables]") {
  NETWORKS_BY(true);
  const Bundle bundle("hold");
  Container container(bundle);
  const auto create = [&] {
    return run_command(without_tables(container, container.making("create", by_proxy()))).status;
  };
  REQUIRE(create() == 0);
  const auto before = shell("ip -6 rule list | grep ^60:").out;
  CHECK(before != "");
  REQUIRE(container.remove().status == 0);
  REQUIRE(shell("ip link delete lodger0").status == 0);
  REQUIRE(create() == 0);
  const auto after = shell("ip -6 rule list | grep ^60:").out;
  CHECK(after != before);  // by its prefix
  CHECK(std::ranges::count(after, '\n') == 1);
  REQUIRE(container.remove().status == 0);
  leaves_nothing(container);
}

TEST_CASE("bridge without nf_tables: somebody else's rule that says the same stays",
          "[bridge_without_tables]") {
  NETWORKS_BY(true);
  for (const std::string rule : {"pref 60 to 10.61.0.0/16 iif lo lookup main",
                                 "pref 61 to 10.61.0.0/16 prohibit", "pref 61 iif lodger0 prohibit"})
    REQUIRE(shell("ip rule add " + rule + " protocol static").status == 0);
  const auto theirs = fences();
  const Bundle bundle("hold");
  Container container(bundle);
  REQUIRE(run_command(without_tables(container, container.making("create", by_proxy()))).status == 0);
  REQUIRE(inspect(container)["subnet"] == "10.61.0.0/16");
  REQUIRE(inspect(container)["device"] == "lodger0");
  CHECK(fences() != theirs);
  REQUIRE(container.remove().status == 0);
  CHECK(run_command(without_tables(container, {"network", "prune"})).err == "");
  CHECK(soon_traces(""));
  CHECK(fences() == theirs);
}

TEST_CASE("bridge without nf_tables: beside networks of NAT, whose rules cannot be seen, none is made",
          "[bridge_without_tables]") {
  NETWORKS();
  const std::string wanted = GENERATE("bridge", "bridge:other");
  const bool router = GENERATE(false, true);  // where lodger has nothing to switch on, and to note
  CAPTURE(wanted, router);
  if (router) REQUIRE(shell("sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1").status == 0);
  const Bundle serving(server_line), elsewhere("hold");
  Container first(serving), second(elsewhere, {"--root", first.root()});
  const auto making = second.making("create", by_proxy(wanted, {"-p", "9000:80"}));
  const auto standing = [&] {
    return traces() + fences() +
           shell("ip -o -4 address; cd " + first.root() + "; ls . @networks @networks/*/leases").out;
  };
  Running run = first.begin(first.making("run", bridge({"-p", "8080:80"})));
  run.wait_for("answering=4");
  const auto before = standing();
  const auto refused = run_command(without_tables(first, making));
  CHECK(refused.status == 1);
  const std::string device = wanted == "bridge" ? "lodger0" : "lodger1";
  CHECK(
      refused.err ==
      "lodger: making the bridge network " + device +
          ": bridge networks of this host forward under rules of nf_tables, which cannot be reached here: "
          "load them (modprobe nf_tables) or let lodger speak to them; or delete those networks' containers "
          "and run \"lodger network prune\" first\n");
  CHECK(standing() == before);
  CHECK(ask_from_outside(net, "tcp4", "8080", "192.0.2.1") == "inside:hello");
  run.kill(SIGKILL);
  run.wait();
  // As the message says, where they are gone indeed.
  REQUIRE(shell("nft flush ruleset").status == 0);
  CHECK(run_command(without_tables(first, {"delete", "--force", first.id()})).status == 0);
  leaves_nothing(first);
  CHECK(shell("cat /proc/sys/net/ipv4/conf/out/forwarding").out == (router ? "1\n" : "0\n"));
  CHECK(run_command(without_tables(first, making)).status == 0);
  CHECK(second.remove().status == 0);
  leaves_nothing(first);
}
