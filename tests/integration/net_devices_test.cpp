// config-linux.md, "Network Devices". Each test has a network namespace of its own in the host's place, with
// a pair of virtual devices in it.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <unistd.h>

#include <set>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

Finished ip(const std::string& line) {
  std::vector<std::string> argv{"/bin/ip"};
  for (const auto& word : words(line)) argv.push_back(word);
  return run_command(argv);
}

/// Stands for the host: devices "left", with addresses and up, and "right".
class Host {
 public:
  Host() : before_(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    if (unshare(CLONE_NEWNET) != 0) return;
    for (const char* line :
         {"link add left type veth peer name right", "link set left mtu 1400 alias somebody",
          "address add 10.1.2.3/24 dev left", "address add fd00::7/64 dev left nodad",
          "address add 169.254.1.1/16 scope link dev left", "link set left up", "link set lo up"})
      if (const Finished done = ip(line); done.status != 0) why += done.err;
  }
  ~Host() {
    if (setns(before_, CLONE_NEWNET) != 0) abort();
    close(before_);
  }
  Host(const Host&) = delete;

  std::string why;  // it could not be set up

 private:
  int before_;
};

#define HOST_WITH_DEVICES()                              \
  NEEDS_ROOT();                                          \
  NEEDS(access("/bin/ip", X_OK) == 0, "needs iproute2"); \
  const Host host_;                                      \
  NEEDS(host_.why.empty(), host_.why)

/// A network namespace of the container's own, and the devices that move there.
Edit moving(const json& devices) {
  return [=](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "network"}});
    config["linux"]["netDevices"] = devices;
  };
}

bool here(const std::string& name) { return ip("link show " + name).status == 0; }

/// "ip LINE" in the network namespace of a process.
std::string there(pid_t pid, const std::string& line) {
  std::vector<std::string> argv{"/usr/bin/nsenter", "-t", std::to_string(pid), "-n", "/bin/ip"};
  for (const auto& word : words(line)) argv.push_back(word);
  const Finished done = run_command(argv);
  return done.out + done.err;
}

/// Without carrier and operational state, which the kernel works out from the other end, and later.
std::string state_of_left() {
  std::string link = ip("-o link show dev left").out;
  const std::string up = link.find(",UP") == link.npos ? "down" : "up";
  for (const auto& [from, to] : {std::pair{"<", " mtu "}, {" state ", " mode "}})
    if (const auto begin = link.find(from); begin != link.npos) link.erase(begin, link.find(to) - begin);
  return ip("-o address show dev left").out + link + up;
}

}  // namespace

TEST_CASE("netDevices: a device moves with its attributes and permanent global addresses, and is up",
          "[net_devices]") {
  HOST_WITH_DEVICES();
  const Bundle bundle("interfaces ; addresses", moving({{"left", {{"name", "net0"}}}}));
  Container container(bundle);
  container.create();
  CHECK_FALSE(here("left"));
  CHECK(here("right"));
  const std::string seen = there(container.pid(), "-d address show dev net0");
  INFO(seen);
  for (const char* fact : {"mtu 1400", "alias somebody", "inet 10.1.2.3/24", "inet6 fd00::7/64", ",UP"})
    CHECK_THAT(seen, Catch::Contains(fact));
  CHECK_THAT(seen, !Catch::Contains("169.254."));
  container.start();
  container.wait_for("stopped");
  const Facts facts = container.facts();
  CHECK(facts["interfaces"] == "lo net0");
  CHECK(facts["address.inet"] == "10.1.2.3");
}

TEST_CASE("netDevices: without a name it keeps the host's", "[net_devices]") {
  HOST_WITH_DEVICES();
  CHECK(inside("interfaces", moving({{"left", json::object()}}))["interfaces"] == "lo left");
}

TEST_CASE("netDevices: a template is filled with the first number that is free", "[net_devices]") {
  HOST_WITH_DEVICES();
  const auto names = words(inside(
      "interfaces", moving({{"left", {{"name", "eth%d"}}}, {"right", {{"name", "eth%d"}}}}))["interfaces"]);
  CHECK(std::set(names.begin(), names.end()) == std::set<std::string>{"eth0", "eth1", "lo"});
}

TEST_CASE("netDevices: they are there for the createRuntime hooks and the container's sysctls",
          "[net_devices]") {
  HOST_WITH_DEVICES();
  const Bundle bundle("cat /proc/sys/net/ipv4/conf/net0/forwarding", [](json& config) {
    moving({{"left", {{"name", "net0"}}}})(config);
    config["linux"]["sysctl"]["net.ipv4.conf.net0.forwarding"] = "1";
    config["hooks"]["createRuntime"] = {{{"path", "/bin/sh"},
                                         {"args",
                                          {"sh", "-c",
                                           "exec nsenter -t $(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' | tr "
                                           "-d '\\n') -n ip link show net0"}}}};
  });
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK_THAT(done.out, Catch::Contains("1"));
}

TEST_CASE("netDevices: into a namespace that is joined, where they stay when the container goes",
          "[net_devices]") {
  HOST_WITH_DEVICES();
  Running holder({"/usr/bin/unshare", "-n", "/bin/sleep", "100"});
  REQUIRE(eventually([&] { return ns_id(holder.pid(), "net") != ns_id(getpid(), "net"); }));
  const std::string path = "/proc/" + std::to_string(holder.pid()) + "/ns/net";
  const auto joining = [&](const char* name) {
    return [=](json& config) {
      config["linux"]["namespaces"].push_back({{"type", "network"}, {"path", path}});
      config["linux"]["netDevices"] = {{"left", {{"name", name}}}};
    };
  };
  refused(joining("lo"), {"linux.netDevices[\"left\"]", "\"lo\""});
  there(holder.pid(), "link add taken type veth peer name other");
  refused(joining("taken"), {"linux.netDevices[\"left\"]", "has a device \"taken\" already", "%d"});
  CHECK(here("left"));
  CHECK_THAT(inside("interfaces", joining("mine"))["interfaces"], Catch::Contains("mine"));
  CHECK_THAT(there(holder.pid(), "link show mine"), Catch::Contains("mine@"));
  CHECK_FALSE(here("left"));
}

TEST_CASE("netDevices: a creation that fails later brings them back as they were", "[net_devices]") {
  HOST_WITH_DEVICES();
  const std::string before = state_of_left();
  refused(
      [](json& config) {
        moving({{"left", {{"name", "net0"}}}, {"right", json::object()}})(config);
        config["hooks"]["createRuntime"] = {{{"path", "/bin/false"}}};
      },
      {"/bin/false"});
  CHECK(here("right"));
  CHECK(eventually([&] { return state_of_left() == before; }));
  INFO(before);
  CHECK(state_of_left() == before);
}

TEST_CASE("netDevices: what cannot be is refused before anything is made", "[net_devices]") {
  HOST_WITH_DEVICES();
  refused(moving({{"nobody", json::object()}}), {"linux.netDevices[\"nobody\"]", "no such network device"});
  refused(moving({{"lo", {{"name", "x"}}}}), {"linux.netDevices[\"lo\"]", "loopback"});
  refused(moving({{"left", {{"name", "lo"}}}}), {"linux.netDevices[\"left\"]", "\"lo\""});
  refused(moving({{"left", {{"name", "a/b"}}}}), {"linux.netDevices[\"left\"].name"});
  refused(moving({{"left", {{"name", "x"}}}, {"right", {{"name", "x"}}}}), {"second device"});
  refused([](json& config) { config["linux"]["netDevices"]["left"] = json::object(); },
          {"linux.netDevices", "\"network\""});
  refused(
      [](json& config) {
        config["linux"]["namespaces"].push_back({{"type", "network"}, {"path", "/proc/self/ns/net"}});
        config["linux"]["netDevices"]["left"] = json::object();
      },
      {"linux.netDevices", "\"network\""});
  refused(moving({{"left", json::object()}}), {"linux.netDevices", "\"network\""}, {"--network", "host"});
  CHECK(here("left"));
}
