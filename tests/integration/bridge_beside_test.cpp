// Bridge networks beside the rules of other programs, loaded here in the shape that these give them: Docker
// 20.10 with iptables-nft, firewalld 1.3, an administrator's own. What such rules cut is cut: a drop in one
// base chain is final, whatever others accept. That has to be told, and the help that is named has to help.
#include <catch2/catch.hpp>

#include "support/bridged.hpp"
#include "tests/support/text.hpp"

using namespace lodger::test;

namespace {

constexpr const char* docker = R"(
table ip filter {
  chain DOCKER { }
  chain DOCKER-ISOLATION-STAGE-1 {
    iifname "docker0" oifname != "docker0" counter jump DOCKER-ISOLATION-STAGE-2
    counter return
  }
  chain DOCKER-ISOLATION-STAGE-2 {
    oifname "docker0" counter drop
    counter return
  }
  chain FORWARD {
    type filter hook forward priority filter; policy drop;
    counter jump DOCKER-USER
    counter jump DOCKER-ISOLATION-STAGE-1
    oifname "docker0" ct state related,established counter accept
    oifname "docker0" counter jump DOCKER
    iifname "docker0" oifname != "docker0" counter accept
  }
  chain DOCKER-USER {
    counter return
  }
})";

constexpr const char* firewalld = R"(
table inet firewalld {
  chain filter_FORWARD {
    type filter hook forward priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    jump filter_FORWARD_ZONES
    reject with icmpx admin-prohibited
  }
  chain filter_FORWARD_ZONES {
    goto filter_FWD_public
  }
  chain filter_FWD_public {
    reject with icmpx admin-prohibited
  }
  chain filter_FWD_trusted {
    accept
  }
})";

constexpr const char* own = R"(
table inet mine {
  chain gate {
    type filter hook forward priority filter - 5; policy drop;
    ct state established,related accept
  }
})";

void load(const std::string& rules) {
  const auto done = run_command({"/usr/sbin/nft", "-f", "-"}, {.input = rules});
  INFO(done.err);
  REQUIRE(done.status == 0);
}

/// On a busy machine the kernel takes down a network namespace later than prune waits for that: the network
/// would stay, and the next root's be on another device.
void remove_with_network(Container& container) {
  container.remove();
  CHECK(soon_traces("lodger0\n"));
  prune(container);
}

/// Runs a container that asks the outside; whether it had an answer, and what was told.
std::pair<bool, std::string> reaches_out(const Networks& net) {
  Running server = net.begin_out("serve tcp4 90");
  server.wait_for("listening.tcp4");
  const Bundle bundle("ask tcp4 90 hello 192.0.2.2");
  Container container(bundle);
  const Running run = container.begin(container.making("run", bridge()));
  const bool answered =
      eventually([&] { return run.out().contains("inside:hello"); }, std::chrono::seconds(2));
  remove_with_network(container);
  return {answered, run.err()};
}

/// Publishes a port and asks it from outside.
bool is_reached(const Networks& net) {
  const Bundle bundle("serve tcp4 80");
  Container container(bundle);
  Running run = container.begin(container.making("run", bridge({"-p", "8080:80"})));
  run.wait_for("listening.tcp4");
  const bool answered = ask_from_outside(net, "tcp4", "8080", "192.0.2.1") == "inside:hello";
  remove_with_network(container);
  return answered;
}

/// What a warning says behind "what helps: ".
std::string help_in(const std::string& text) {
  constexpr std::string_view before = "what helps: ";
  const auto at = text.find(before);
  return at == text.npos ? "" : support::lines(text.substr(at + before.size())).front();
}

}  // namespace

TEST_CASE("bridge beside: nothing is told where nothing is in the way", "[bridge_beside]") {
  NETWORKS();
  load(
      "table inet mine { chain gate { type filter hook forward priority 0; policy accept; }; }\n"
      "table inet other { chain gate { type filter hook input priority 0; policy drop; iifname lodger0 "
      "accept; }; }");
  const auto [out, told] = reaches_out(net);
  CHECK(out);
  CHECK(help_in(told) == "");
}

TEST_CASE("bridge beside: Docker's rules drop what they do not know; DOCKER-USER lets it by",
          "[bridge_beside]") {
  NETWORKS();
  load(docker);
  const auto [out, told] = reaches_out(net);
  CHECK_FALSE(out);
  CHECK_FALSE(is_reached(net));
  CHECK_THAT(told,
             Catch::Contains("lodger: warning: --network bridge: chain FORWARD of table ip filter drops what "
                             "is forwarded, and has no rule for lodger0"));
  CHECK(help_in(told) ==
        "iptables -I DOCKER-USER -i lodger0 -j ACCEPT; iptables -I DOCKER-USER -o lodger0 -j ACCEPT");
  // what iptables-nft makes of that
  load(
      "insert rule ip filter DOCKER-USER iifname lodger0 counter accept;"
      "insert rule ip filter DOCKER-USER oifname lodger0 counter accept");
  const auto [now_out, now_told] = reaches_out(net);
  CHECK(now_out);
  CHECK(help_in(now_told) == "");
  CHECK(is_reached(net));
}

TEST_CASE(
    "bridge beside: firewalld lets published ports by and rejects the way out, unless the zone is trusted",
    "[bridge_beside]") {
  NETWORKS();
  load(firewalld);
  const auto [out, told] = reaches_out(net);
  CHECK_FALSE(out);
  CHECK(is_reached(net));
  CHECK_THAT(told, Catch::Contains("chain filter_FORWARD of table inet firewalld rejects what is forwarded"));
  CHECK(help_in(told) ==
        "firewall-cmd --permanent --zone=trusted --add-interface=lodger0; firewall-cmd --zone=trusted "
        "--add-interface=lodger0");
  load("insert rule inet firewalld filter_FORWARD_ZONES iifname lodger0 goto filter_FWD_trusted");
  const auto [now_out, now_told] = reaches_out(net);
  CHECK(now_out);
  CHECK(help_in(now_told) == "");
  CHECK(is_reached(net));
}

TEST_CASE("bridge beside: an administrator's own rules: the help works as it is told", "[bridge_beside]") {
  NETWORKS();
  load(own);
  const auto [out, told] = reaches_out(net);
  CHECK_FALSE(out);
  const auto help = help_in(told);
  REQUIRE(help.starts_with("nft insert rule inet mine gate "));
  REQUIRE(shell(help).status == 0);
  const auto [now_out, now_told] = reaches_out(net);
  CHECK(now_out);
  CHECK(help_in(now_told) == "");
  CHECK(is_reached(net));
}

TEST_CASE("bridge beside: a name with a star is the device's, too", "[bridge_beside]") {
  NETWORKS();
  load(own);
  load(
      "insert rule inet mine gate iifname \"lodger*\" accept; insert rule inet mine gate oifname \"lodger*\" "
      "accept");
  const auto [out, told] = reaches_out(net);
  CHECK(out);
  CHECK(help_in(told) == "");
}

TEST_CASE("bridge beside: behind nft flush ruleset the next container works, delete and prune do",
          "[bridge_beside]") {
  NETWORKS();
  const Bundle bundle("hold"), serving("serve tcp4 80");
  Container before(bundle), server(serving, {"--root", before.root()});
  before.create(bridge({"-p", "8080:80"}));
  REQUIRE(shell("nft flush ruleset").status == 0);
  Running run = server.begin(server.making("run", bridge({"-p", "8081:80"})));
  run.wait_for("listening.tcp4");
  CHECK(ask_from_outside(net, "tcp4", "8081", "192.0.2.1") == "inside:hello");
  run.wait();
  REQUIRE(shell("nft flush ruleset").status == 0);
  CHECK(before.remove().status == 0);
  prune(before);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge beside: behind nft flush ruleset no device forwards for others, once lodger has been there",
          "[bridge_beside]") {
  NETWORKS();
  const Bundle first("hold"), second("hold");
  Container one(first), two(second, {"--root", one.root()});
  const auto forwards = [] { return shell("cat /proc/sys/net/ipv4/conf/*/forwarding").out; };
  const auto guarded = [] { return shell("nft list set inet lodger opened4").out; };
  const auto before = forwards();
  one.create(bridge());
  const auto guard = guarded();
  REQUIRE_THAT(guard, Catch::Contains("elements"));

  REQUIRE(shell("nft flush ruleset").status == 0);
  two.create({"--network", "bridge:other"});
  CHECK(guarded() == guard);
  CHECK(two.remove().status == 0);
  CHECK(two.call({"network", "prune"}).status == 0);
  CHECK(guarded() == guard);

  REQUIRE(shell("nft flush ruleset").status == 0);
  CHECK(one.remove().status == 0);
  prune(one);
  CHECK(forwards() == before);
  CHECK(soon_traces(""));
}

TEST_CASE(
    "bridge beside: a device of somebody's whose name begins as ours do is left alone, and counts for none",
    "[bridge_beside]") {
  NETWORKS();
  const std::string kind = GENERATE("lodger-x type bridge", "lodger7 type veth");
  const auto device = kind.substr(0, kind.find(' '));
  CAPTURE(kind);
  REQUIRE(shell("ip link add " + kind + " && ip link set " + device + " alias mine up && ip address add " +
                "198.51.100.1/24 dev " + device)
              .status == 0);
  const auto forwards = [] { return shell("cat /proc/sys/net/ipv4/conf/*/forwarding").out; };
  const auto before = forwards();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create(bridge());
  CHECK_THAT(shell("nft list set inet lodger opened4").out, Catch::Contains('"' + device + '"'));
  container.remove();
  prune(container);
  CHECK(shell("ip link show " + device).out.contains("alias mine"));
  CHECK(shell("nft list tables").out == "");
  CHECK(forwards() == before);
}

TEST_CASE("bridge beside: prune leads published ports on again behind nft flush ruleset", "[bridge_beside]") {
  NETWORKS();
  const Bundle bundle("serve tcp4 80");
  Container container(bundle);
  Running run = container.begin(container.making("run", bridge({"-p", "8080:80"})));
  run.wait_for("listening.tcp4");
  const auto all = shell("nft list ruleset").out;
  REQUIRE(shell("nft flush ruleset").status == 0);
  CHECK(container.call({"network", "prune"}).status == 0);
  CHECK(shell("nft list ruleset").out == all);
  CHECK(ask_from_outside(net, "tcp4", "8080", "192.0.2.1") == "inside:hello");
  run.wait();
  prune(container);
}
