// config-linux.md, "Sysctl": only what a namespace of the container's own keeps apart.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

Edit sysctl(const std::string& key, const std::string& value, bool own_network = false) {
  return [=](json& config) {
    config["linux"]["sysctl"] = {{key, value}};
    if (own_network) config["linux"]["namespaces"].push_back({{"type", "network"}});
  };
}

/// Refused, and the host's value stays.
void refused_for_the_host(const std::string& key, const Edit& edit) {
  std::string path = "/proc/sys/" + key;
  for (std::size_t i = 10; i < path.size(); ++i)
    if (path[i] == '.') path[i] = '/';
  const std::string before = read_file(path);
  refused(edit, {key});
  CHECK(read_file(path) == before);
}

}  // namespace

TEST_CASE("sysctl: of the ipc namespace, in dots and in slashes", "[sysctl]") {
  NEEDS_ROOT();
  const std::string before = read_file("/proc/sys/kernel/msgmax");
  CHECK(inside("read /proc/sys/kernel/msgmax",
               sysctl("kernel.msgmax", "12345"))["read:/proc/sys/kernel/msgmax.data"] == "12345\\n");
  CHECK(inside("read /proc/sys/fs/mqueue/msg_max",
               sysctl("fs/mqueue/msg_max", "17"))["read:/proc/sys/fs/mqueue/msg_max.data"] == "17\\n");
  CHECK(read_file("/proc/sys/kernel/msgmax") == before);
}

TEST_CASE("sysctl: of the network namespace, when it is the container's own", "[sysctl]") {
  NEEDS_ROOT();
  const std::string path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
  const std::string before = read_file(path);
  CHECK(inside("read " + path, sysctl("net.ipv4.ip_unprivileged_port_start", "77",
                                      true))["read:" + path + ".data"] == "77\\n");
  CHECK(read_file(path) == before);
}

TEST_CASE("sysctl: net.* on the host's network is refused and nothing changes", "[sysctl]") {
  NEEDS_ROOT();
  refused_for_the_host("net.ipv4.ip_unprivileged_port_start",
                       sysctl("net.ipv4.ip_unprivileged_port_start", "77"));
}

TEST_CASE("sysctl: the ipc ones are refused without an ipc namespace", "[sysctl]") {
  NEEDS_ROOT();
  refused_for_the_host("kernel.msgmax", [](json& config) {
    config["linux"]["sysctl"] = {{"kernel.msgmax", "12345"}};
    config["linux"]["namespaces"].erase(1);
  });
}

TEST_CASE("sysctl: what no namespace keeps apart is refused", "[sysctl]") {
  NEEDS_ROOT();
  refused_for_the_host("kernel.core_pattern", sysctl("kernel.core_pattern", "|/tmp/x"));
  refused_for_the_host("vm.swappiness", sysctl("vm.swappiness", "17"));
  refused_for_the_host("kernel.panic", sysctl("kernel.panic", "7"));
}

TEST_CASE("sysctl: spellings that lead elsewhere are refused", "[sysctl]") {
  NEEDS_ROOT();
  for (const char* key :
       {"net/../kernel/panic", "kernel.msgmax/../../kernel/panic", "net.ipv4.../../x", "/net/x"}) {
    INFO(key);
    refused(sysctl(key, "7", true), {});
  }
  CHECK(read_file("/proc/sys/kernel/panic") != "7\n");
}

TEST_CASE("sysctl: an unknown one, and a value that the kernel does not take, are refused by name",
          "[sysctl]") {
  NEEDS_ROOT();
  refused(sysctl("net.ipv4.no_such_thing", "1", true), {"net.ipv4.no_such_thing"});
  refused(sysctl("kernel.msgmax", "many"), {"kernel.msgmax"});
}
