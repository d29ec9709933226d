// "--network bridge" with real packets.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "support/bridged.hpp"
#include "support/own_names.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

TEST_CASE("bridge: a published port leads to the container, from wherever it is asked", "[bridge]") {
  const bool proxied = GENERATE(false, true);
  NETWORKS_BY(proxied);
  const std::string stack = GENERATE("tcp4", "udp4", "tcp6", "udp6");
  const std::string way = GENERATE("outside", "host", "loopback");
  const bool six = stack.ends_with('6');
  if (six && way == "loopback") return;  // [::1] leaves no host: docs/networking.md
  CAPTURE(stack, way, proxied);
  const Bundle bundle("serve " + stack + " 80");
  Container container(bundle);
  auto flags = bridge({"-p", "8080:80/" + stack.substr(0, 3)});
  if (proxied) flags.push_back("--userland-proxy");
  Running run = container.begin(container.making("run", flags));
  run.wait_for("listening." + stack);
  const std::string host = six ? "2001:db8::1" : "192.0.2.1";
  if (way == "outside")
    CHECK(ask_from_outside(net, stack, "8080", host) == "inside:hello");
  else
    CHECK(ask_from_host(stack, "8080", way == "host" ? host : "127.0.0.1") == "inside:hello");
  CHECK(run.wait().status == 0);
  prune(container);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge: ranges keep or shift their ports, an address of the host narrows them", "[bridge]") {
  NETWORKS();
  struct Case {
    const char *publish, *inner, *outer;
    bool answered;
  };
  const auto [publish, inner, outer, answered] = GENERATE(
      Case{"9000-9010:9000-9010", "9007", "9007", true}, Case{"9000-9010:8000-8010", "8007", "9007", true},
      Case{"9000-9010:9000-9010", "9011", "9011", false}, Case{"192.0.2.1:9000:80", "80", "9000", true},
      Case{"127.0.0.1:9000:80", "80", "9000", false});
  const std::string stack = GENERATE("tcp4", "udp4", "tcp6", "udp6");
  const bool six = stack.ends_with('6');
  std::string ports = publish;
  if (six && ports.starts_with("192.0.2.1:")) ports.replace(0, 9, "[2001:db8::1]");
  ports += "/" + stack.substr(0, 3);
  CAPTURE(ports, outer, stack);
  const Bundle bundle("serve " + stack + " " + inner);
  Container container(bundle);
  Running run = container.begin(container.making("run", bridge({"-p", ports})));
  run.wait_for("listening." + stack);
  CHECK(ask_from_outside(net, stack, outer, six ? "2001:db8::1" : "192.0.2.1") ==
        (answered ? "inside:hello" : ""));
  if (!answered) container.remove();
  run.wait();
  prune(container);
}

TEST_CASE("bridge: what is not published is out of reach", "[bridge]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp4", "tcp6", "udp6");
  CAPTURE(stack);
  const bool six = stack.ends_with('6');
  const Bundle bundle("serve " + stack + " 80");
  Container container(bundle);
  Running run = container.begin(container.making("run", bridge()));
  run.wait_for("listening." + stack);
  const std::string address = inspect(container)["containers"][0][six ? "address6" : "address"];
  // the outside has a route to the bridge's addresses, as a neighbour in the same network may
  if (six) REQUIRE(net.out("ip route add " + address + " via 2001:db8::1").status == 0);
  CHECK(ask_from_outside(net, stack, "80", address) == "");
  CHECK(ask_from_host(stack, "80", address) == "inside:hello");  // the host itself is the gateway
  run.wait();
  prune(container);
}

TEST_CASE("bridge: a container reaches the outside, under the host's address", "[bridge]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp4", "tcp6", "udp6");
  Running server = net.begin_out("serve " + stack + " 90");
  server.wait_for("listening." + stack);
  const Bundle bundle("ask " + stack + " 90 hello " + (stack.ends_with('6') ? "2001:db8::2" : "192.0.2.2"));
  Container container(bundle);
  const auto done = container.run(bridge());
  INFO(done.err);
  CHECK(Facts(done.out)["ask:" + stack] == "inside:hello");
  prune(container);
}

TEST_CASE("bridge: /etc/hosts and /etc/resolv.conf are the container's own", "[bridge]") {
  NETWORKS();
  const Bundle bundle("cat /etc/hosts ; cat /etc/resolv.conf",
                      [](json& config) { config["hostname"] = "box"; });
  Container container(bundle);
  const auto done = container.run(bridge());
  INFO(done.out << done.err);
  CHECK_THAT(done.out, Catch::Contains("10.61.0.2\tbox") || Catch::Contains("10.61.0.2\\tbox") ||
                           Catch::Contains("10.61.0.2 box"));
  CHECK_THAT(done.out, !Catch::Contains("nameserver 127."));
  prune(container);
}

TEST_CASE("bridge: a bundle's own /etc/hosts and /etc/resolv.conf stay", "[bridge]") {
  NETWORKS();
  const Bundle bundle("read /etc/resolv.conf ; read /etc/hosts",
                      [](json& config) { bind_own_names(config); });
  write_own_names(bundle);
  Container container(bundle);
  const auto done = container.run(bridge());
  INFO(done.err);
  const Facts facts(done.out);
  check_own_names(facts);
  prune(container);
}

TEST_CASE("bridge: delete and prune leave nothing, a failed start neither", "[bridge]") {
  NETWORKS();
  const bool proxied = GENERATE(false, true);
  const Bundle bundle("echo ran", [](json& config) {
    config["hooks"]["createRuntime"] = json::array({{{"path", "/bin/false"}, {"args", {"false"}}}});
  });
  Container container(bundle);
  auto flags = bridge({"-p", "8080:80"});
  if (proxied) flags.push_back("--userland-proxy");
  CHECK(container.run(flags).status == 1);
  CHECK(soon_traces("lodger0\n"));  // the network stays for the next one
  CHECK(inspect(container)["containers"].empty());
  prune(container);
  CHECK(soon_traces(""));
  CHECK(shell("nft list tables").out == "");
  CHECK(container.call({"network", "inspect", "bridge"}).err ==
        "lodger: there is no bridge network \"bridge\"\n");
}

TEST_CASE("bridge: what a killed lodger leaves behind is mended by delete and prune", "[bridge]") {
  NETWORKS();
  const bool proxied = GENERATE(false, true);
  const Bundle bundle("echo ran", [](json& config) {
    config["hooks"]["createRuntime"] =
        json::array({{{"path", "/bin/sh"}, {"args", {"sh", "-c", "echo hook >&2; exec sleep 8"}}}});
  });
  Container container(bundle);
  auto flags = bridge({"-p", "8080:80"});
  if (proxied) flags.push_back("--userland-proxy");
  Running run = container.begin(container.making("create", flags));
  REQUIRE(eventually([&] { return traces().contains("lg0a3d0002@"); }, std::chrono::seconds(10)));
  run.kill(SIGKILL);
  run.wait();
  CHECK(container.call({"delete", "--force", container.id()}).status == 0);
  CHECK(soon_traces("lodger0\n"));
  CHECK(inspect(container)["containers"].empty());
  CHECK(shell("pgrep --ns $$ --nslist net -x lodger-proxy").status == 1);
  prune(container);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge: an address whose container is gone is shown as stale, and taken back", "[bridge]") {
  NETWORKS();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create(bridge());
  REQUIRE(::symlink("nobody", (container.root() + "/@networks/bridge/leases/10.61.0.77").c_str()) == 0);
  const auto guests = inspect(container)["containers"];
  REQUIRE(guests.size() == 2);
  CHECK_FALSE(guests[0].contains("stale"));
  CHECK(guests[1]["stale"] == true);
  const auto done = container.call({"network", "prune"});
  CHECK(done.out == "bridge: took 10.61.0.77 back from container nobody, which is gone\n");
  CHECK(inspect(container)["containers"].size() == 1);  // who is there stays, and the network with it
  container.remove();
  prune(container);
}

TEST_CASE("bridge: containers made at the same time have addresses of their own", "[bridge]") {
  NETWORKS();
  const Bundle bundle("hold", without_cgroup);
  Container container(bundle);
  container.create(bridge());
  constexpr int many = 12;
  std::vector<Running> making;
  for (int i = 0; i < many; ++i)
    making.push_back(container.begin({"--cgroup-manager", "disabled", "create", "--bundle", bundle.path(),
                                      "--network", "bridge", "many" + std::to_string(i)}));
  for (auto& each : making) {
    const auto done = each.wait();
    INFO(done.err);
    CHECK(done.status == 0);
  }
  std::set<std::string> addresses;
  const auto state = inspect(container);
  for (const auto& guest : state["containers"]) addresses.insert(guest["address"]);
  CHECK(addresses.size() == many + 1);
  for (int i = 0; i < many; ++i)
    CHECK(container.call({"delete", "--force", "many" + std::to_string(i)}).status == 0);
  container.remove();
  prune(container);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge: an interrupted run leaves neither a port nor an address behind", "[bridge]") {
  NETWORKS();
  const Bundle bundle("echo ran", [](json& config) {
    config["hooks"]["createRuntime"] = json::array({{{"path", "/bin/sleep"}, {"args", {"sleep", "5"}}}});
  });
  Container container(bundle);
  Running run = container.begin(container.making("run", bridge({"-p", "8080:80"})));
  REQUIRE(eventually([&] { return traces().contains("lg0a3d0002@"); }, std::chrono::seconds(10)));
  run.kill(SIGTERM);
  CHECK(run.wait().status != 0);
  CHECK(soon_traces("lodger0\n"));
  CHECK(inspect(container)["containers"].empty());
  prune(container);
}

TEST_CASE("bridge: a container on the host's network that declares a port which NAT leads elsewhere is told",
          "[bridge]") {
  NETWORKS();
  const Bundle first("hold"), second("echo ran");
  Container one(first), two(second, {"--root", one.root()});
  one.create(bridge({"-p", "8080:80"}));
  const auto warned = two.run({"--network", "host", "-p", "9000:8080"});
  CHECK(warned.status == 0);
  CHECK_THAT(warned.err, Catch::Contains("8080 by container " + one.id() + " (by NAT)"));
  const auto refused = two.run({"--network", "host,require-ports", "-p", "9000:8080"});
  CHECK(refused.status == 1);
  CHECK_THAT(refused.err, Catch::Contains("8080 by container " + one.id() + " (by NAT)"));
  CHECK(two.run({"--network", "host,require-ports", "-p", "8080:9000"}).status == 0);
  one.remove();
  prune(one);
}

TEST_CASE("bridge: check says what create would refuse", "[bridge]") {
  NETWORKS();
  const Bundle first("hold"), second("echo ran");
  Container one(first), two(second, {"--root", one.root()});
  one.create(bridge({"-p", "8080:80"}));
  const auto check = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> words = {"check", "--bundle", second.path(), "--network", "bridge"};
    words.insert(words.end(), flags.begin(), flags.end());
    return two.call(words);
  };
  CHECK(check({"-p", "8081:80"}).status == 0);
  const auto taken = check({"-p", "8080:80"});
  CHECK(taken.status != 0);
  CHECK_THAT(taken.out, Catch::Contains("by container " + one.id()));
  CHECK_THAT(check({"-p", "[::1]:8079:80"}).out, Catch::Contains("[::1] leaves no host"));
  one.remove();
  prune(one);
}

TEST_CASE("bridge: a port that NAT leads elsewhere is refused to a proxy, too", "[bridge]") {
  NETWORKS();
  const Bundle first("hold"), second("echo ran");
  Container one(first), two(second);
  one.create(bridge({"-p", "8080:80"}));
  const auto done = two.run(bridge({"-p", "8080:81", "--userland-proxy"}));
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("is published by container " + one.id() + " already"));
  one.remove();
  prune(one);
}

TEST_CASE("bridge: a port that is left to the host is none that NAT leads to another container", "[bridge]") {
  NETWORKS();
  const bool proxied = GENERATE(false, true);
  const std::string publish = GENERATE("8000-8002:80", "80");
  CAPTURE(proxied, publish);
  if (publish == "80")  // four ports to choose from; of an odd number the kernel leaves one out
    REQUIRE(shell("echo 8000 8003 >/proc/sys/net/ipv4/ip_local_port_range").status == 0);
  const Bundle first("hold"), second("hold"), third("hold"), fourth("echo ran");
  Container one(first), two(second), three(third), none(fourth);
  one.create(bridge({"-p", "8000:80"}));
  two.create(bridge({"-p", "8001:80", "-p", "8003:81"}));
  auto flags = bridge({"-p", publish});
  if (proxied) flags.push_back("--userland-proxy");
  const auto made = three.call(three.making("create", flags));
  INFO(made.summary());
  CHECK(made.status == 0);
  CHECK_THAT(made.err, Catch::Contains("--publish: chosen for the container: 8002:80/tcp"));
  CHECK_THAT(made.err, !Catch::Contains("8001"));
  const auto refused = none.run(flags);
  CHECK(refused.status == 1);
  CHECK_THAT(refused.err, Catch::Contains("no port of the host is free for it"));
  for (auto* each : {&one, &two, &three}) each->remove();
  for (auto* each : {&one, &two, &three, &none}) prune(*each);
}

TEST_CASE("bridge: creates that want one port at the same time leave it to one of them", "[bridge]") {
  NETWORKS();
  const Bundle bundle("hold", without_cgroup);
  Container container(bundle);
  container.create(bridge());
  for (int round = 0; round < 4; ++round) {
    std::vector<Running> making;
    for (const char* id : {"a", "b", "c"})
      making.push_back(container.begin({"--cgroup-manager", "disabled", "create", "--bundle", bundle.path(),
                                        "--network", "bridge", "-p", "9090:80", id}));
    int made = 0;
    for (auto& each : making) made += each.wait().status == 0;
    CHECK(made == 1);
    CHECK(shell("nft list table inet lodger | grep -c '9090 comment'").out ==
          "2\n");  // the winner's, in both families
    for (const char* id : {"a", "b", "c"}) container.call({"delete", "--force", id});
  }
  container.remove();
  prune(container);
}

TEST_CASE("bridge: prune leaves the network of a container that joined another one's", "[bridge]") {
  NETWORKS();
  const Bundle first("hold"), second("hold");
  Container one(first), two(second);
  one.create(bridge());
  two.create({"--network", "ns:/proc/" + std::to_string(one.pid()) + "/ns/net"});
  one.remove();
  CHECK(one.call({"network", "prune"}).out == "");
  CHECK(traces().contains("lg0a3d0002@"));
  two.remove();
  CHECK(soon_traces("lodger0\n"));
  prune(one);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge: containers of two networks do not reach each other, those of one do", "[bridge]") {
  NETWORKS();
  const bool same = GENERATE(true, false);
  const Bundle serving("serve tcp4 80"), asking("ask tcp4 80 hello 10.61.0.2");
  Container server(serving), client(asking);
  Running run = server.begin(server.making("run", bridge()));
  run.wait_for("listening.tcp4");
  Running asked = Running({"/usr/bin/timeout", "-s", "KILL", "3", runtime_path(), "--root",
                           same ? server.root() : client.root(), "run", "--bundle", asking.path(),
                           "--network", same ? "bridge" : "bridge:other", client.id()});
  const auto done = asked.wait();
  INFO(done.out << done.err);
  CHECK((Facts(done.out).all("ask:tcp4") == std::vector<std::string>{"inside:hello"}) == same);
  run_command(
      {runtime_path(), "--root", same ? server.root() : client.root(), "delete", "--force", client.id()});
  if (!same) server.remove();
  run.wait();
  prune(server);
  prune(client);
}

TEST_CASE("bridge: two state roots that begin at the same time have networks of their own", "[bridge]") {
  NETWORKS();
  const Bundle bundle("hold", without_cgroup);
  for (int round = 0; round < 5; ++round) {
    Container one(bundle), two(bundle);
    std::vector<Running> making;
    for (auto* each : {&one, &two})
      making.push_back(each->begin({"--cgroup-manager", "disabled", "create", "--bundle", bundle.path(),
                                    "--network", "bridge", each->id()}));
    for (auto& each : making) {
      const auto done = each.wait();
      INFO(done.err);
      CHECK(done.status == 0);
    }
    CHECK(inspect(one)["device"] != inspect(two)["device"]);
    CHECK(inspect(one)["subnet"] != inspect(two)["subnet"]);
    one.remove();
    prune(one);
    CHECK(traces().contains(inspect(two)["device"].get<std::string>()));
    two.remove();
    prune(two);
    CHECK(soon_traces(""));
  }
}

TEST_CASE("bridge: a device that went and came back as another root's is left alone", "[bridge]") {
  NETWORKS();
  const bool leased = GENERATE(false, true);  // still, by a container that nobody has deleted
  const Bundle first("hold"), second("serve tcp4 80");
  Container one(first), two(second);
  one.create(bridge());
  if (!leased) one.remove();
  REQUIRE(shell("ip link delete lodger0 && nft delete table inet lodger").status == 0);
  Running run = two.begin(two.making("run", bridge({"-p", "8080:80"})));
  run.wait_for("listening.tcp4");
  REQUIRE(inspect(two)["device"] == "lodger0");
  if (leased) {
    const Bundle third("hold");
    const Container other(third);
    const auto refused = run_command({runtime_path(), "--root", one.root(), "create", "--bundle",
                                      third.path(), "--network", "bridge", other.id()});
    CHECK(refused.status == 1);
    CHECK_THAT(refused.err, Catch::Contains("lodger0") && Catch::Contains("somebody else's by now"));
    one.remove();
  }
  CHECK(one.call({"network", "prune"}).out ==
        "bridge: removed; device lodger0 is somebody else's by now, and stays\n");
  one.create(bridge());
  CHECK(inspect(one)["device"] == "lodger1");
  one.remove();
  CHECK(ask_from_outside(net, "tcp4", "8080", "192.0.2.1") == "inside:hello");
  run.wait();
  prune(one);
  prune(two);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge: ports of a container whose device went and came back as another root's go with delete",
          "[bridge]") {
  NETWORKS();
  const bool forgotten = GENERATE(false, true);  // its folder is gone: that is for prune
  CAPTURE(forgotten);
  const Bundle first("hold"), second("serve tcp4 80"), third("hold");
  Container one(first), two(second), three(third, {"--root", two.root()});
  one.create(bridge({"-p", "8080:8080", "-p", "8081:80"}));
  REQUIRE(shell("ip link delete lodger0").status == 0);
  Running run = two.begin(two.making("run", bridge({"-p", "8082:80"})));
  run.wait_for("listening.tcp4");
  REQUIRE(inspect(two)["device"] == "lodger0");
  if (forgotten) {
    const auto id = "ghost-of-" + one.id();
    REQUIRE(shell("cd " + one.root() + "/@networks/bridge/leases && ln -s " + id +
                  " 10.61.0.9 && nft 'add "
                  "element inet lodger singles4 { 0.0.0.0 . tcp . 8083 comment \"" +
                  id + "\" : 10.61.0.9 . 80 }'")
                .status == 0);
    CHECK(one.call({"network", "prune"}).status == 0);
    CHECK_FALSE(traces().contains("8083"));
  }
  CHECK(one.remove().status == 0);
  three.create(bridge({"-p", "8080:80", "-p", "8081:81", "-p", "8083:83"}));
  CHECK(ask_from_outside(net, "tcp4", "8082", "192.0.2.1") == "inside:hello");  // at the address of the first
  three.remove();
  run.wait();
  CHECK(one.call({"network", "prune"}).status == 0);
  prune(two);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge: a device that somebody has removed and made something else keeps nothing behind prune",
          "[bridge]") {
  NETWORKS();
  const bool used = GENERATE(false, true);  // again, before prune, on another device
  CAPTURE(used);
  const auto forwards = [] {
    return shell("cd /proc/sys/net/ipv4/conf; cat all/forwarding lo/forwarding out/forwarding").out;
  };
  const auto before = forwards();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create(bridge());
  container.remove();
  REQUIRE(shell("ip link delete lodger0 && ip link add lodger0 type veth peer name peer0").status == 0);
  if (used) {
    container.create(bridge());
    CHECK(inspect(container)["device"] == "lodger1");
    container.remove();
  }
  prune(container);
  CHECK(shell("nft list tables").out == "");
  CHECK(forwards() == before);
  CHECK(shell("ip link show lodger0").status == 0);  // theirs
}

TEST_CASE("bridge: a device that is gone is taken out of the rules where others stay", "[bridge]") {
  NETWORKS();
  const Bundle first("hold"), second("hold");
  Container one(first), two(second);
  one.create(bridge());
  two.create(bridge());
  one.remove();
  REQUIRE(shell("ip link delete lodger0 && ip link add lodger0 type veth peer name peer0").status == 0);
  one.create(bridge());
  one.remove();
  prune(one);
  const auto left = shell("nft list set inet lodger bridges; nft list set inet lodger inside").out;
  CHECK_THAT(left, Catch::Contains("\"lodger1\"") && !Catch::Contains("\"lodger0\"") &&
                       !Catch::Contains("\"lodger2\""));
  two.remove();
  prune(two);
  CHECK(shell("nft list tables").out == "");
}

TEST_CASE("bridge: of two that want a port at the same time one has it, and the other is told whose it is",
          "[bridge]") {
  NETWORKS();
  const Bundle bundle("hold", without_cgroup);
  Container one(bundle), two(bundle);
  Container* const both[] = {&one, &two};
  // ranges and single ports stand in different maps: the kernel sees no conflict
  const std::string ports[] = {"9085-9095:9085-9095", "9090:80"};
  for (int round = 0; round < 12; ++round) {
    std::vector<Running> making;
    for (int i = 0; i < 2; ++i)
      making.push_back(both[i]->begin({"--cgroup-manager", "disabled", "create", "--bundle", bundle.path(),
                                       "--network", "bridge", "-p", ports[i], both[i]->id()}));
    const Finished done[] = {making[0].wait(), making[1].wait()};
    INFO(done[0].err << done[1].err);
    REQUIRE(done[0].status + done[1].status == 1);
    const int winner = done[0].status == 0 ? 0 : 1;
    CHECK_THAT(done[1 - winner].err,
               Catch::Contains("is published by container " + both[winner]->id() + " already"));
    CHECK(shell("nft list table inet lodger | grep -c ' comment '").out == "2\n");  // both families
    CHECK(both[1 - winner]->call({"state", both[1 - winner]->id()}).status == 1);
    both[winner]->remove();
  }
  prune(one);
  prune(two);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge: changes of others' rules meanwhile hinder no create", "[bridge]") {
  NETWORKS();
  Running others({"/bin/sh", "-c",
                  "nft add table ip other; echo begun; while :; do nft 'add set ip other s { type ipv4_addr; "
                  "}; delete set ip other s'; done"});
  others.wait_for("begun");
  const Bundle bundle("echo ran");
  for (int round = 0; round < 6; ++round) {
    Container container(bundle);
    const auto done = container.run(bridge({"-p", "8080:80", "-p", "9000-9100:9000-9100"}));
    INFO(done.err);
    CHECK(done.status == 0);
    prune(container);
  }
  others.kill(SIGKILL);
  CHECK(shell("nft list table inet lodger").status == 1);
}

TEST_CASE("bridge: changes of others' devices meanwhile hinder neither create nor prune", "[bridge]") {
  NETWORKS();
  // so many that the kernel lists them in several messages, between which the list changes
  REQUIRE(shell("for i in $(seq 400); do echo link add other$i type bridge; done | ip -batch -").status == 0);
  Running others({"/bin/sh", "-c",
                  "echo begun; while kill -0 $$ && echo 'link add also type veth peer name peer' && echo "
                  "'link delete also'; do :; "
                  "done | ip -batch -"});
  others.wait_for("begun");
  const Bundle bundle("echo ran");
  for (int round = 0; round < 8; ++round) {
    Container container(bundle);
    const auto done = container.run(bridge({"-p", "8080:80"}));
    INFO(done.err);
    CHECK(done.status == 0);
    prune(container);
  }
  others.kill(SIGKILL);
}

TEST_CASE("bridge: a host that is made a router meanwhile keeps none of the drops that guarded it before",
          "[bridge]") {
  NETWORKS();
  NEEDS(shell("sysctl -n net.ipv4.ip_forward").out == "0\n", "this network stack forwards from the start");
  const auto opened = [] { return shell("nft list set inet lodger opened4 | grep elements").out; };
  const Bundle bundle("hold"), other("hold");
  Container container(bundle), second(other);
  container.create(bridge());
  CHECK_THAT(opened(), Catch::Contains("\"out\""));
  REQUIRE(shell("sysctl -w net.ipv4.ip_forward=1").status == 0);
  const bool pruned = GENERATE(false, true);
  if (pruned) {
    REQUIRE(shell("sysctl -w net.ipv4.ip_forward=0 net.ipv4.conf.out.forwarding=1").status == 0);
    second.create(bridge());
    REQUIRE(shell("sysctl -w net.ipv4.ip_forward=1").status == 0);
    second.remove();
    prune(second);
  } else {
    second.create(bridge());
  }
  CHECK(opened() == "");
  if (!pruned) second.remove();
  container.remove();
  prune(second);
  prune(container);
  CHECK(shell("sysctl -n net.ipv4.ip_forward net.ipv4.conf.out.forwarding").out == "1\n1\n");
}

TEST_CASE(
    "bridge: a host that is made a router meanwhile loses what guarded its bridges, too; a device that has "
    "become one since hinders nothing",
    "[bridge]") {
  NETWORKS();
  NEEDS(shell("sysctl -n net.ipv4.ip_forward net.ipv6.conf.all.forwarding").out == "0\n0\n",
        "this network stack forwards from the start");
  const auto become = [](const std::string& device) {
    REQUIRE(shell("set -e; ip link add " + device + " type bridge; ip link set " + device +
                  " up; ip address add 198.51.100.1/24 dev " + device +
                  "; ip address add 2001:db8:2::1/64 dev " + device + " nodad")
                .status == 0);
  };
  const auto inside = [] { return shell("nft list set inet lodger inside").out; };
  const Bundle bundle("hold"), other("hold");
  Container container(bundle), second(other);
  become("wire");
  container.create(bridge());
  CHECK_THAT(inside(), Catch::Contains("\"wire\" . \"wire\"") && !Catch::Contains("\"out\""));
  REQUIRE(shell("ip link delete out").status == 0);
  become("out");
  const std::string families =
      GENERATE("ipv4.ip_forward=1", "ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
  CAPTURE(families);
  REQUIRE(shell("sysctl -w net." + families).status == 0);
  second.create(bridge());
  // before Linux 6.17 nobody can tell whose IPv6 forwarding it is
  const bool by_device = shell("sysctl -n net.ipv6.conf.lo.force_forwarding").status == 0;
  CHECK(inside().contains("\"wire\"") == (families == "ipv4.ip_forward=1" || !by_device));
  second.remove();
  container.remove();
  prune(second);
  prune(container);
}

TEST_CASE("bridge: a subnet that another routing table knows is not taken", "[bridge]") {
  NETWORKS();
  REQUIRE(shell("ip route add blackhole 10.61.7.0/24 table 100").status == 0);
  const Bundle bundle("echo ran");
  Container container(bundle);
  CHECK(container.run(bridge()).status == 0);
  CHECK(inspect(container)["subnet"] == "10.62.0.0/16");
  prune(container);
}

TEST_CASE("bridge: what is left of a network whose maker was killed goes with prune", "[bridge]") {
  NETWORKS();
  const Bundle bundle("echo ran");
  Container container(bundle);
  CHECK(container.run(bridge()).status == 0);
  REQUIRE(::mkdir((container.root() + "/@networks/half").c_str(), 0700) == 0);
  CHECK_THAT(container.call({"network", "ls"}).err, Catch::Contains("half"));
  const auto done = container.call({"network", "prune"});
  CHECK(done.err == "");
  CHECK_THAT(done.out, Catch::StartsWith("half: removed what was left of its making\n"));
  CHECK(container.call({"network", "ls"}).err == "");
}

TEST_CASE("bridge: a UDP client that goes on speaking reaches the successor of a deleted container",
          "[bridge]") {
  NETWORKS();
  const std::string stack = GENERATE("udp4", "udp6");
  const bool swept = GENERATE(false, true);  // by a delete that was killed before the kernel forgot
  CAPTURE(stack, swept);
  const std::string host = stack == "udp4" ? "192.0.2.1" : "2001:db8::1";
  // one socket all the while, as a resolver or a game has it
  const auto speak = [&](const char* message) {
    const std::string to = stack == "udp4" ? "UDP4:" + host : "UDP6:[" + host + "]";
    const auto once =
        "echo " + std::string(message) + " | timeout 1 socat -t1 - " + to + ":8080,sourceport=5353";
    return once + " | grep . || " + once + " | grep . || " + once;  // a datagram may get lost
  };
  NEEDS(shell("command -v socat").status == 0, "needs socat");
  const Bundle first("serve " + stack + " 80 ; hold"), second("serve " + stack + " 80");
  Container one(first), two(second);
  Running before = one.begin(one.making("run", bridge({"-p", "8080:80/udp"})));
  before.wait_for("listening." + stack);
  CHECK_THAT(net.out(speak("one")).out, Catch::Contains("inside:one"));
  if (swept)
    REQUIRE(shell("nft 'flush map inet lodger singles4; flush map inet lodger singles6'").status == 0);
  one.remove();
  before.wait();
  Running after = two.begin(two.making("run", bridge({"-p", "8080:80/udp"})));
  after.wait_for("listening." + stack);
  CHECK_THAT(net.out(speak("two")).out, Catch::Contains("inside:two"));
  after.kill(SIGKILL);
  after.wait();
  two.remove();
  prune(one);
  prune(two);
}

TEST_CASE("bridge: a UDP client that spoke before the container was there reaches it", "[bridge]") {
  NETWORKS();
  const std::string stack = GENERATE("udp4", "udp6");
  CAPTURE(stack);
  const std::string to = stack == "udp4" ? "UDP4:192.0.2.1" : "UDP6:[2001:db8::1]";
  NEEDS(shell("command -v socat").status == 0, "needs socat");
  const auto speak = [&] {
    const auto once = "echo hello | timeout 1 socat -t1 - " + to + ":8080,sourceport=5353";
    return net.out(once + " | grep . || " + once + " | grep . || " + once).out;
  };
  const Bundle serving("serve " + stack + " 80"), other("hold");
  Container server(serving), neighbour(other, {"--root", server.root()});
  neighbour.create(bridge());  // so that the kernel tracks connections
  CHECK(speak() == "");
  Running run = server.begin(server.making("run", bridge({"-p", "8080:80/udp"})));
  run.wait_for("listening." + stack);
  CHECK_THAT(speak(), Catch::Contains("inside:hello"));
  run.kill(SIGKILL);
  run.wait();
  server.remove();
  neighbour.remove();
  prune(server);
}

TEST_CASE("bridge: what nft lists of lodger's rules it can load again", "[bridge]") {
  NETWORKS();
  const Bundle bundle("serve tcp4 80");
  Container container(bundle);
  Running run =
      container.begin(container.making("run", bridge({"-p", "8080:80", "-p", "9000-9002:90-92/udp"})));
  run.wait_for("listening.tcp4");
  const auto saved = shell("nft list ruleset");
  const auto file = bundle.beside("saved.nft");
  write_file(file, "flush ruleset\n" + saved.out);
  const auto loaded = shell("nft -f " + file);
  INFO(loaded.summary());
  CHECK(loaded.status == 0);
  CHECK(shell("nft list ruleset").out == saved.out);
  CHECK(ask_from_outside(net, "tcp4", "8080", "192.0.2.1") == "inside:hello");
  run.wait();
  container.remove();
  prune(container);
}

TEST_CASE("bridge: rules of others stay as they are", "[bridge]") {
  NETWORKS();
  REQUIRE(shell("nft 'add table ip docker; add chain ip docker FORWARD { type filter hook forward priority "
                "0; policy accept; };"
                " add rule ip docker FORWARD iifname \"docker0\" accept'")
              .status == 0);
  const auto before = shell("nft list table ip docker").out;
  const Bundle bundle("echo ran");
  Container container(bundle);
  CHECK(container.run(bridge({"-p", "8080:80"})).status == 0);
  prune(container);
  CHECK(shell("nft list ruleset").out == before);
}

TEST_CASE("bridge: names that are none, and flags that need it, are refused", "[bridge]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  Container container(bundle);
  CHECK_THAT(container.run({"--network", "bridge:a/b"}).err, Catch::Contains("invalid network name \"a/b\""));
  CHECK_THAT(container.run({"--network", "host", "--userland-proxy"}).err,
             Catch::StartsWith("lodger: --userland-proxy: "));
  CHECK_THAT(container.run(bridge({"-p", "[::1]:8080:80"})).err,
             Catch::StartsWith("lodger: --publish [::1]:8080:80/tcp: [::1] leaves no host"));
}
