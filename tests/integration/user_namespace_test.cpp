// config-linux.md, "User namespace mappings", and what host networking needs beside one.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json mapping(unsigned inside, unsigned outside, unsigned size) {
  return json::array({{{"containerID", inside}, {"hostID", outside}, {"size", size}}});
}

Edit mapped(const Edit& more = {}) {
  return [more](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "user"}});
    config["linux"]["uidMappings"] = mapping(0, 100'000, 65'536);
    config["linux"]["gidMappings"] = mapping(0, 200'000, 65'536);
    if (more) more(config);
  };
}

}  // namespace

TEST_CASE("user namespace: root inside is the mapped user outside", "[user_namespace]") {
  NEEDS_ROOT();
  const Bundle bundle("ids ; ns ; cat /proc/self/uid_map ; cat /proc/self/gid_map ; hold", mapped());
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("holding");
  const Facts facts = container.facts();
  CHECK(facts["uid"] == "0");
  CHECK(facts["gid"] == "0");
  CHECK(facts["ns.user"] != ns_id(getpid(), "user"));
  CHECK(words(facts["line:/proc/self/uid_map"]) == std::vector<std::string>{"0", "100000", "65536"});
  CHECK(words(facts["line:/proc/self/gid_map"]) == std::vector<std::string>{"0", "200000", "65536"});
  CHECK_THAT(proc_status(container.pid(), "Uid"), Catch::StartsWith("100000\t100000\t100000"));
  CHECK_THAT(proc_status(container.pid(), "Gid"), Catch::StartsWith("200000\t200000\t200000"));
}

TEST_CASE("user namespace: an ordinary user inside", "[user_namespace]") {
  NEEDS_ROOT();
  const Facts facts =
      inside("ids", mapped([](json& config) {
               config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}, {"additionalGids", {10}}};
             }));
  CHECK(facts["uid"] == "1000");
  CHECK(facts["groups"] == "10");
}

TEST_CASE("user namespace: its root owns the message queues", "[user_namespace]") {
  NEEDS_ROOT();
  const Facts facts =
      inside("stat /dev/mqueue ; ns", mapped([](json& config) {
               config["mounts"].push_back(
                   {{"destination", "/dev/mqueue"}, {"source", "mqueue"}, {"type", "mqueue"}});
             }));
  CHECK(facts["stat:/dev/mqueue.owner"] == "0:0");
  CHECK(facts["ns.ipc"] != ns_id(getpid(), "ipc"));
}

TEST_CASE("user namespace: the default devices work", "[user_namespace]") {
  NEEDS_ROOT();
  const Facts facts =
      inside("stat /dev/null ; write /dev/null x ; read /dev/urandom ; read /dev/zero", mapped());
  CHECK(facts["stat:/dev/null.rdev"] == "1:3");
  CHECK(facts["write:/dev/null.errno"] == "0");
  CHECK(facts["read:/dev/urandom.errno"] == "0");
  CHECK(facts["read:/dev/zero.errno"] == "0");
}

TEST_CASE("user namespace: with the host's network /sys is there, read-only", "[user_namespace]") {
  NEEDS_ROOT();
  const Facts facts =
      inside("ns ; stat /sys/class/net ; list /sys/class/net ; write /sys/kernel/mm/ksm/run 1", mapped());
  CHECK(facts["ns.net"] == ns_id(getpid(), "net"));
  CHECK(facts["stat:/sys/class/net.type"] == "dir");
  CHECK_THAT(facts["list:/sys/class/net"], Catch::Contains("lo"));
  CHECK(facts["write:/sys/kernel/mm/ksm/run.errno"] != "0");
}

TEST_CASE("user namespace: with a network of its own it owns that", "[user_namespace]") {
  NEEDS_ROOT();
  const Facts facts = inside("ns ; interfaces ; stat /sys/class/net", mapped([](json& config) {
                               config["linux"]["namespaces"].push_back({{"type", "network"}});
                             }));
  CHECK(facts["ns.net"] != ns_id(getpid(), "net"));
  CHECK_THAT(facts["interfaces"], Catch::StartsWith("lo"));
  CHECK(facts["stat:/sys/class/net.type"] == "dir");
}

TEST_CASE("user namespace: capabilities inside are none outside", "[user_namespace]") {
  NEEDS_ROOT();
  const std::string before = read_file("/proc/sys/kernel/core_pattern");
  const Facts facts = inside("status ; write /proc/sys/kernel/core_pattern x", mapped());
  CHECK(facts["status.CapEff"] == "00000000a80425fb");
  CHECK(facts["write:/proc/sys/kernel/core_pattern.errno"] != "0");
  CHECK(read_file("/proc/sys/kernel/core_pattern") == before);
}

TEST_CASE("user namespace: files of unmapped owners belong to nobody", "[user_namespace]") {
  NEEDS_ROOT();
  const Facts facts = inside("stat /bin/probe", mapped());
  CHECK(facts["stat:/bin/probe.owner"] == "65534:65534");
}

TEST_CASE("user namespace: joined by path, with the ids of its owner", "[user_namespace]") {
  NEEDS_ROOT();
  const Bundle first("hold", mapped());
  Container owner(first);
  owner.create();
  const Facts facts = inside("ns ; ids", [&](json& config) {
    config["linux"]["namespaces"].push_back(
        {{"type", "user"}, {"path", "/proc/" + std::to_string(owner.pid()) + "/ns/user"}});
  });
  CHECK(facts["ns.user"] == ns_id(owner.pid(), "user"));
  CHECK(facts["uid"] == "0");
}

TEST_CASE("user namespace: mappings without one, one without mappings, and overlaps are refused",
          "[user_namespace]") {
  NEEDS_ROOT();
  refused([](json& config) { config["linux"]["uidMappings"] = mapping(0, 100'000, 1); }, {"uidMappings"});
  refused([](json& config) { config["linux"]["namespaces"].push_back({{"type", "user"}}); }, {"uidMappings"});
  refused(mapped([](json& config) {
            config["linux"]["uidMappings"] = {{{"containerID", 0}, {"hostID", 100'000}, {"size", 10}},
                                              {{"containerID", 5}, {"hostID", 200'000}, {"size", 10}}};
          }),
          {"uid"});
}

TEST_CASE("user namespace: of the host's devices only the very one that is asked for is shown",
          "[user_namespace]") {
  NEEDS_ROOT();
  const auto device = [](const std::string& path, int minor) {
    return mapped([=](json& config) {
      config["linux"]["devices"] = {{{"path", path}, {"type", "c"}, {"major", 1}, {"minor", minor}}};
    });
  };
  const Bundle other("echo unused");
  write_file(other.beside("secret"), "of the host");
  refused(device(other.beside("secret"), 3), {"linux.devices[0]", "secret", "not that device"});
  refused(device("/dev/full", 3), {"linux.devices[0] /dev/full", "not that device"});
  CHECK(inside("stat /dev/full", device("/dev/full", 7))["stat:/dev/full.rdev"] == "1:7");
}

TEST_CASE("user namespace: sysctls are set where the bundle mounts no /proc", "[user_namespace]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", mapped([](json& config) {
                        config["linux"]["sysctl"] = {{"kernel.msgmax", "12345"}};
                        config["mounts"].erase(0);
                      }));
  Container container(bundle);
  container.create();
  const Facts facts = inside("read /proc/sys/kernel/msgmax", [&](json& config) {
    config["linux"]["namespaces"][1]["path"] = "/proc/" + std::to_string(container.pid()) + "/ns/ipc";
  });
  CHECK(facts["read:/proc/sys/kernel/msgmax.data"] == "12345\\n");
}

TEST_CASE("user namespace: works without pivot_root, and below an unbindable root", "[user_namespace]") {
  NEEDS_ROOT();
  CHECK(inside("ids", mapped(), {"--no-pivot"})["uid"] == "0");
  const std::string flag = GENERATE("", "--no-pivot");
  const std::vector<std::string> flags = flag.empty() ? std::vector<std::string>{} : std::vector{flag};
  const Facts facts =
      inside("ids", mapped([](json& config) {
               config["linux"]["rootfsPropagation"] = "unbindable";
               config["mounts"].push_back(
                   {{"destination", "/tmp"}, {"type", "bind"}, {"source", "/etc"}, {"options", {"bind"}}});
             }),
             flags);
  CHECK(facts["uid"] == "0");
}
