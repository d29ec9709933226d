// Bridge networks with what else a container can have (a user namespace, a terminal, exec), and what outlives
// it.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "support/bridged.hpp"
#include "support/terminal.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

void with_user_namespace(json& config) {
  config["linux"]["namespaces"].push_back({{"type", "user"}});
  for (const char* ids : {"uidMappings", "gidMappings"})
    config["linux"][ids] = json::array({{{"containerID", 0}, {"hostID", 100'000}, {"size", 65'536}}});
}

/// The container's root, who is nobody on the host, may not make these in a root filesystem of somebody
/// else's.
void offer_mount_points(const Bundle& bundle) {
  for (const char* file : {"/etc/hosts", "/etc/resolv.conf"}) write_file(bundle.rootfs(file), "");
}

std::vector<std::string> published(const std::string& stack, bool proxied) {
  auto flags = bridge({"-p", "8080:80/" + stack.substr(0, 3)});
  if (proxied) flags.push_back("--userland-proxy");
  return flags;
}

/// Makes another container of this bundle in the same state root.
Finished create_another(Container& container, const Bundle& bundle, const std::string& id) {
  return run_command({runtime_path(), "--root", container.root(), "--cgroup-manager", "disabled", "create",
                      "--bundle", bundle.path(), "--network", "bridge", "-p", "8080:80", id});
}

}  // namespace

TEST_CASE("bridge life: a container with a user namespace is reached, and reaches out", "[bridge_life]") {
  NETWORKS();
  const std::string stack = GENERATE("tcp4", "udp4", "tcp6", "udp6");
  const bool proxied = GENERATE(false, true);
  CAPTURE(stack, proxied);
  const bool six = stack.ends_with('6');
  Running server = net.begin_out("serve " + stack + " 90");
  server.wait_for("listening." + stack);
  const Bundle bundle("cat /proc/self/uid_map ; ask " + stack + " 90 hello " +
                          (six ? "2001:db8::2" : "192.0.2.2") + " ; serve " + stack + " 80",
                      with_user_namespace);
  offer_mount_points(bundle);
  Container container(bundle);
  Running run = container.begin(container.making("run", published(stack, proxied)));
  run.wait_for("listening." + stack);
  CHECK(ask_from_outside(net, stack, "8080", six ? "2001:db8::1" : "192.0.2.1") == "inside:hello");
  const auto done = run.wait();
  const Facts facts(done.out);
  CHECK(words(facts["line:/proc/self/uid_map"]) == std::vector<std::string>{"0", "100000", "65536"});
  CHECK(facts["ask:" + stack] == "inside:hello");
  prune(container);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge life: with a user namespace its root may not change the addresses without the capability",
          "[bridge_life]") {
  NETWORKS();
  const bool granted = GENERATE(false, true);
  const Bundle bundle(
      std::vector<std::string>{"/bin/busybox", "ip", "address", "add", "10.61.0.99/16", "dev", "eth0"},
      [&](json& config) {
        with_user_namespace(config);
        if (!granted) return;
        for (const char* set : {"bounding", "effective", "permitted"})
          config["process"]["capabilities"][set].push_back("CAP_NET_ADMIN");
      });
  offer_mount_points(bundle);
  Container container(bundle);
  const auto done = container.run(bridge());
  INFO(done.out << done.err);
  CHECK((done.status == 0) == granted);
  prune(container);
}

TEST_CASE("bridge life: exec is in the container's network, and a terminal changes nothing",
          "[bridge_life]") {
  NETWORKS();
  const Bundle bundle("serve tcp4 81 ; serve tcp4 80",
                      [](json& config) { config["process"]["terminal"] = true; });
  Container container(bundle);
  const Terminal terminal(24, 80);
  Running run =
      container.begin(container.making("run", published("tcp4", false)),
                      {.fds = {{terminal.slave(), 0}, {terminal.slave(), 1}, {terminal.slave(), 2}}});
  read_until(terminal.master(), "listening.tcp4=81");
  const auto seen = container.call({"exec", container.id(), "/bin/probe", "addresses"});
  INFO(seen.err);
  CHECK(Facts(seen.out).all("address.inet") == std::vector<std::string>{"10.61.0.2"});
  const auto asked = container.call({"exec", container.id(), "/bin/probe", "ask", "tcp4", "81", "hello"});
  CHECK(Facts(asked.out)["ask:tcp4"] == "inside:hello");
  CHECK(run.wait().status == 0);
  prune(container);
  CHECK(soon_traces(""));
}

TEST_CASE("bridge life: behind a reboot prune makes nothing for a container that has ended",
          "[bridge_life]") {
  NETWORKS();
  const Bundle bundle("hold", without_cgroup);
  Container container(bundle);
  container.create(bridge({"-p", "8080:80", "-p", "8080:80/udp"}));
  CHECK_FALSE(inspect(container)["containers"][0].contains("ended"));
  REQUIRE(kill(container.pid(), SIGKILL) == 0);
  container.wait_for("stopped");
  const HostStack after;  // the state root is the same, the kernel's part is gone
  CHECK(inspect(container)["containers"][0]["ended"] == true);
  CHECK(container.call({"network", "ls"}).out.ends_with(" 1 (1 ended)\n"));
  const auto nothing = container.call({"network", "prune"});
  CHECK(nothing.status == 0);
  CHECK(nothing.out == "");
  CHECK(nothing.err == "");
  CHECK(traces() == "");
  CHECK(shell("nft list tables").out == "");

  const auto made = create_another(container, bundle, "other");
  INFO(made.err);
  REQUIRE(made.status == 0);
  prune(container);
  CHECK(shell("nft list table inet lodger").out.contains("10.61.0.3"));
  CHECK_FALSE(shell("nft list table inet lodger").out.contains("10.61.0.2"));
  CHECK(container.call({"delete", "--force", "other"}).status == 0);
  CHECK(container.remove().status == 0);
  prune(container);
  CHECK(soon_traces(""));
  CHECK(shell("nft list tables").out == "");
}

TEST_CASE("bridge life: prune removes a damaged definition that nobody has an address of", "[bridge_life]") {
  NETWORKS();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create(bridge());
  const auto folder = container.root() + "/@networks/bridge";
  REQUIRE(shell("truncate -s 20 " + folder + "/network").status == 0);
  const auto kept = container.call({"network", "prune"});
  CHECK(kept.out == "");
  CHECK(kept.err.contains("bridge network bridge: the definition is damaged"));
  CHECK(access(folder.c_str(), F_OK) == 0);
  CHECK(container.remove().status == 0);
  const auto done = container.call({"network", "prune"});
  CHECK(done.out == "bridge: removed: its definition was damaged; what its device was is not known\n");
  CHECK(done.err == "");
  CHECK(access(folder.c_str(), F_OK) != 0);
}
