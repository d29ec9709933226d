// Published ports of bridge networks that several want at the same time, or nobody can have.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/resource.h>

#include <set>

#include "support/bridged.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

std::vector<std::string> making(const Bundle& bundle, const std::string& id, std::vector<std::string> flags) {
  std::vector<std::string> line{"--cgroup-manager", "disabled", "create", "--bundle", bundle.path()};
  flags.push_back(id);
  for (auto& word : bridge(std::move(flags))) line.push_back(std::move(word));
  return line;
}

std::vector<std::string> published(const std::string& ports, bool proxied) {
  auto flags = bridge({"-p", ports});
  if (proxied) flags.push_back("--userland-proxy");
  return flags;
}

}  // namespace

TEST_CASE("bridge ports: one that is taken is refused, and its owner named", "[bridge_ports]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "tcp6", "udp4", "udp6");
  const bool proxied = GENERATE(false, true);
  CAPTURE(stack, proxied);
  const auto protocol = stack.substr(0, 3);
  Running holder(probing("serve " + stack + " 8080"));
  holder.wait_for("listening." + stack);
  const Bundle bundle("echo ran");
  Container container(bundle);
  const auto done = container.run(published("8080:80/" + protocol, proxied));
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::StartsWith("lodger: --publish: ") &&
                           Catch::Contains(protocol + (stack.ends_with('6') ? " [::]" : " 0.0.0.0") +
                                           ":8080 by probe (pid " + std::to_string(holder.pid())));
  CHECK(traces() == "");
  holder.kill(SIGKILL);
}

TEST_CASE("bridge ports: one of another container is refused, and that one named", "[bridge_ports]") {
  NETWORKS();
  const std::string protocol = GENERATE("tcp", "udp");
  const bool proxied = GENERATE(false, true), by_proxy = GENERATE(false, true);
  CAPTURE(protocol, proxied, by_proxy);
  const Bundle first("hold"), second("echo ran");
  Container one(first), two(second, {"--root", one.root()});
  one.create(published("8000-8100:8000-8100/" + protocol, proxied));
  const auto done = two.run(published("8050:80/" + protocol, by_proxy));
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::StartsWith("lodger: --publish: ") && Catch::Contains("container " + one.id()));
  const auto required = two.run({"--network", "host,require-ports", "-p", "9000:8050/" + protocol});
  CHECK(required.status == 1);
  CHECK_THAT(required.err,
             Catch::Contains("by container " + one.id() + (proxied ? " (lodger-proxy, pid " : " (by NAT)")));
  one.remove();
  CHECK(two.run(published("8050:80/" + protocol, by_proxy)).status == 0);
  prune(one);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge ports: what NAT leads to a container of another state root is refused and told, too",
          "[bridge_ports]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "tcp6", "udp4", "udp6");
  CAPTURE(stack);
  const std::string protocol = stack.substr(0, 3), address = stack.ends_with('6') ? "[::]:" : "0.0.0.0:";
  const Bundle first("hold"), second("echo ran");
  Container one(first), two(second);
  one.create(bridge({"-p", address + "8000-8100:8000-8100/" + protocol}));
  const auto whose = "8050/" + protocol + " is published by container " + one.id() + " already";
  for (const bool by_proxy : {false, true}) {
    const auto done = two.run(published("8050:80/" + protocol, by_proxy));
    CHECK(done.status == 1);
    CHECK_THAT(done.err, Catch::Contains(whose));
  }
  const auto required = two.run({"--network", "host,require-ports", "-p", "9000:8050/" + protocol});
  CHECK(required.status == 1);
  CHECK_THAT(required.err, Catch::Contains("\nlodger: require-ports: ") && Catch::Contains(whose));
  const auto warned = two.run({"--network", "host", "-p", "9000:8050/" + protocol});
  CHECK(warned.status == 0);
  CHECK_THAT(warned.err, Catch::Contains(whose + "; what is bound there is not reached\n"));
  CHECK_FALSE(two.run({"--network", "host", "-p", "9000:8101/" + protocol}).err.contains("8101"));
  one.remove();
  CHECK(two.run(bridge({"-p", "8050:80/" + protocol})).status == 0);
  prune(two);
  prune(one);
  CHECK(soon_traces(""));
}

TEST_CASE(
    "bridge ports: what NAT leads to a container that has ended is told until prune or delete has closed it",
    "[bridge_ports]") {
  NETWORKS();
  const Bundle first("hold"), second("echo ran");
  Container one(first), two(second, {"--root", one.root()});
  one.create(bridge({"-p", "8080:80"}));
  REQUIRE(kill(one.pid(), SIGKILL) == 0);
  one.wait_for("stopped");
  const auto requiring = [&] { return two.run({"--network", "host,require-ports", "-p", "9000:8080"}); };
  const auto refused = requiring();
  CHECK(refused.status == 1);
  CHECK_THAT(refused.err, Catch::Contains("8080/tcp is published by container " + one.id() + " already"));
  prune(one);
  CHECK(requiring().status == 0);
  one.remove();
  prune(one);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge ports: a proxy of another state root is told with its container's cgroup",
          "[bridge_ports]") {
  NETWORKS();
  const std::string protocol = GENERATE("tcp", "udp");
  const bool by_proxy = GENERATE(false, true);
  CAPTURE(protocol, by_proxy);
  const Bundle first("hold"), second("echo ran");
  Container one(first), two(second);
  one.create(published("8080:80/" + protocol, true));
  const auto done = two.run(published("8080:80/" + protocol, by_proxy));
  CHECK(done.status == 1);
  CHECK_THAT(done.err,
             Catch::Contains(" by lodger-proxy (pid ") &&
                 Catch::Contains(", for the container in cgroup /lodger-test/" + first.name() + ")"));
  one.remove();
  prune(two);
  prune(one);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge ports: of NAT and a proxy that want one port at the same time one has it",
          "[bridge_ports]") {
  NETWORKS();
  const std::string protocol = GENERATE("tcp", "udp");
  const Bundle bundle("hold", without_cgroup);
  Container container(bundle);
  container.create(bridge());  // the network is there: the two meet in the taking of the port
  for (int round = 0; round < 12; ++round) {
    CAPTURE(protocol, round);
    const std::string port = "8080:80/" + protocol;
    const bool proxy_first = round % 2 == 0;
    auto first = container.begin(making(bundle, "a",
                                        proxy_first ? std::vector<std::string>{"-p", port, "--userland-proxy"}
                                                    : std::vector<std::string>{"-p", port}));
    auto second =
        container.begin(making(bundle, "b",
                               proxy_first ? std::vector<std::string>{"-p", port}
                                           : std::vector<std::string>{"-p", port, "--userland-proxy"}));
    const Finished done[] = {first.wait(), second.wait()};
    INFO(done[0].err << done[1].err);
    REQUIRE(done[0].status + done[1].status == 1);
    const int winner = done[0].status == 0 ? 0 : 1;
    const bool by_proxy = (winner == 0) == proxy_first;
    CHECK_THAT(done[1 - winner].err, Catch::StartsWith("lodger: --publish: ") &&
                                         Catch::Contains(winner == 0 ? "container a" : "container b"));
    CHECK(done[1 - winner].err.contains("lodger-proxy") == by_proxy);
    CHECK(shell("nft list table inet lodger | grep -c '8080 comment'").out == (by_proxy ? "0\n" : "2\n"));
    CHECK(shell("pgrep --ns $$ --nslist net -x lodger-proxy").status == (by_proxy ? 0 : 1));
    for (const char* id : {"a", "b"}) container.call({"delete", "--force", id});
  }
  container.remove();
  prune(container);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge ports: creates that choose at the same time all find a port, as long as there are some",
          "[bridge_ports]") {
  NETWORKS();
  const std::string ways = GENERATE("NAT", "proxy", "both");
  const Bundle bundle("hold", without_cgroup);
  Container container(bundle);
  container.create(bridge());
  constexpr int many = 5;
  for (int round = 0; round < 4; ++round) {
    CAPTURE(ways, round);
    std::vector<Running> all;
    for (int i = 0; i < many; ++i) {
      std::vector<std::string> flags{"-p", "8000-8006:80"};
      if (ways == "proxy" || (ways == "both" && i % 2)) flags.push_back("--userland-proxy");
      all.push_back(container.begin(making(bundle, "c" + std::to_string(i), flags)));
    }
    std::set<std::string> chosen;
    for (auto& each : all) {
      const auto done = each.wait();
      INFO(done.err);
      CHECK(done.status == 0);
      constexpr std::string_view told = "chosen for the container: ";
      const auto at = done.err.find(told);
      REQUIRE(at != std::string::npos);
      CHECK(done.err.find(told, at + 1) == std::string::npos);  // once, and of the one that it has
      chosen.insert(done.err.substr(at + told.size(), 4));
    }
    CHECK(chosen.size() == many);
    for (int i = 0; i < many; ++i) container.call({"delete", "--force", "c" + std::to_string(i)});
  }
  container.remove();
  prune(container);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge ports: one of IPv6 is refused before a network without it is made", "[bridge_ports]") {
  NETWORKS();
  const bool there = GENERATE(false, true);
  CAPTURE(there);
  REQUIRE(shell("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6").status == 0);
  const Bundle first("hold"), second("echo ran");
  Container one(first), two(second);
  if (there) one.create(bridge());
  const auto before = traces();
  const auto done = run_command({runtime_path(), "--root", one.root(), "run", "--bundle", second.path(),
                                 "--network", "bridge", "-p", "[::]:8080:80", two.id()});
  CHECK(done.status == 1);
  CHECK(done.err == "lodger: --publish [::]:8080:80/tcp: the network \"bridge\" has no IPv6\n");
  CHECK(traces() == before);
  CHECK(shell("ls " + one.root() + "/@networks").out == (there ? "bridge\n" : ""));
  if (there) one.remove();
  prune(one);
}

TEST_CASE("bridge ports: annotations publish as the flags do, by NAT or a proxy", "[bridge_ports]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp6");
  const bool proxied = GENERATE(false, true);
  CAPTURE(stack, proxied);
  const std::string protocol = stack.substr(0, 3);
  const Bundle bundle("serve " + stack + " 80", [&](json& config) {
    config["annotations"] = {{"org.lodger.network.mode", "bridge"},
                             {"org.lodger.network.publish", "8080:80/" + protocol},
                             {"org.lodger.network.userland-proxy", proxied ? "true" : "false"}};
  });
  Container container(bundle);
  Running run = container.begin(container.making("run", {}));
  run.wait_for("listening." + stack);
  CHECK(shell("pgrep --ns $$ --nslist net -x lodger-proxy").status == (proxied ? 0 : 1));
  CHECK(ask_from_outside(net, stack, "8080", stack == "udp6" ? "2001:db8::1" : "192.0.2.1") ==
        "inside:hello");
  run.wait();
  prune(container);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge ports: an annotation publishes what the image exposes", "[bridge_ports]") {
  NETWORKS();
  const bool wanted = GENERATE(true, false);
  CAPTURE(wanted);
  const Bundle bundle("serve tcp4 80", [&](json& config) {
    config["annotations"] = {{"org.opencontainers.image.exposedPorts", "80/tcp"},
                             {"org.lodger.network.publish-all", wanted ? "true" : "false"}};
  });
  Container container(bundle);
  Running run = container.begin(container.making("run", bridge()));
  run.wait_for("listening.tcp4");
  constexpr std::string_view told = "chosen for the container: ";
  const auto at = run.err().find(told);
  REQUIRE((at != std::string::npos) == wanted);
  const auto chosen = wanted ? run.err().substr(at + told.size(), 5) : "80";  // of the kernel's: five digits
  CHECK(ask_from_outside(net, "tcp4", chosen, "192.0.2.1") == (wanted ? "inside:hello" : ""));
  if (!wanted) container.remove();
  run.wait();
  prune(container);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge ports: an annotation that is neither yes nor no is refused, and nothing made",
          "[bridge_ports]") {
  NETWORKS();
  const std::string name = GENERATE("publish-all", "userland-proxy");
  const auto annotation = "org.lodger.network." + name;
  const Bundle bundle("echo ran", [&](json& config) { config["annotations"][annotation] = "yes"; });
  Container container(bundle);
  const auto done = container.run(bridge());
  CHECK(done.status == 1);
  CHECK(done.out == "");
  CHECK(done.err == "lodger: annotation " + annotation + ": \"yes\" is neither \"true\" nor \"false\"\n");
  CHECK(traces() == "");
}

TEST_CASE("bridge ports: ten thousand are published one by one, and gone with the container",
          "[bridge_ports]") {
  NETWORKS();
  const bool proxied = GENERATE(false, true);
  CAPTURE(proxied);
  constexpr int many = 10'000;
  rlimit descriptors{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &descriptors) == 0);
  NEEDS(!proxied || descriptors.rlim_max > many + 100, "needs a descriptor for each port (ulimit -Hn)");
  std::vector<std::string> flags;
  for (int i = 0; i < many; ++i) {  // none beside another, every second one on another port of the container
    const int port = 10'000 + 2 * i;
    flags.push_back("-p" + std::to_string(port) + ":" + std::to_string(i % 2 ? 80 : port));
  }
  if (proxied) flags.emplace_back("--userland-proxy");
  const Bundle bundle("serve tcp4 80");
  Container container(bundle);
  container.create(bridge(flags));
  container.start();
  container.wait_for_output("listening.tcp4");
  const std::string last = std::to_string(10'000 + 2 * (many - 1));
  CHECK(ask_from_outside(net, "tcp4", last, "192.0.2.1") == "inside:hello");
  const auto published = shell("nft list table inet lodger | grep -c comment").out;
  CHECK(published == (proxied ? "0\n" : std::to_string(2 * many) + "\n"));
  CHECK(container.state()["id"] == container.id());
  CHECK(inspect(container)["containers"][0][proxied ? "proxied" : "published"].size() == many);
  container.remove();
  CHECK(soon_traces("lodger0\n"));
  prune(container);
  CHECK(soon_traces(""));
}
