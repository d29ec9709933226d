#include <algorithm>

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static void drop(Config& config, NamespaceType type) {
  std::erase_if(config.linux->namespaces, [&](const Namespace& entry) { return entry.type == type; });
}
static void add(Config& config, NamespaceType type, std::string path = "") {
  config.linux->namespaces.push_back({type, std::move(path)});
}
static std::string sysctl(const char* key, std::initializer_list<NamespaceType> without = {}) {
  return check_after([&](Config& c) {
    c.linux->sysctl[key] = "1";
    c.hostname.clear();
    for (const auto type : without) drop(c, type);
  });
}

TEST_CASE("check namespaces: each type once, paths absolute") {
  CHECK(check_after([](Config& c) { add(c, NamespaceType::pid); }) ==
        "linux.namespaces[5].type: a second entry of type \"pid\"");
  CHECK(check_after([](Config& c) { add(c, NamespaceType::cgroup, "/proc/1/ns/cgroup"); }) == "accepted");
  CHECK(check_after([](Config& c) { add(c, NamespaceType::cgroup, "ns"); }) ==
        "linux.namespaces[5].path: must be an absolute path, found \"ns\"");
}

TEST_CASE("check namespaces: the runtime's mount namespace serves, but not beside a user namespace") {
  CHECK(check_after([](Config& c) { drop(c, NamespaceType::mount); }) == "accepted");
  CHECK(check_after([](Config& c) { drop(c, NamespaceType::mount), add(c, NamespaceType::mount, "/ns"); }) ==
        "accepted");
  CHECK(check_after([](Config& c) {
          drop(c, NamespaceType::mount);
          add(c, NamespaceType::user);
          c.linux->uid_mappings = c.linux->gid_mappings = {{0, 1000, 1}};
        }) ==
        "linux.namespaces: no entry of type \"mount\" beside one of type \"user\": a user namespace may not "
        "mount anything in the mount namespace that lodger runs in");
}

TEST_CASE("check namespaces: names of its own need a uts namespace") {
  CHECK(check_after([](Config& c) {
          drop(c, NamespaceType::uts);
        }).starts_with("hostname: needs an entry of type \"uts\""));
  CHECK(check_after([](Config& c) {
          drop(c, NamespaceType::uts);
          c.hostname.clear();
          c.domainname = "d";
        }).starts_with("domainname: needs an entry of type \"uts\""));
  CHECK(check_after([](Config& c) {
          drop(c, NamespaceType::uts);
          c.hostname.clear();
        }) == "accepted");
  CHECK(check_after([](Config& c) { c.domainname = "d"; }) == "accepted");
}

TEST_CASE("check namespaces: host names fit into the kernel's") {
  CHECK(check_after([](Config& c) { c.hostname = c.domainname = std::string(64, 'a'); }) == "accepted");
  CHECK(check_after([](Config& c) { c.hostname = std::string(65, 'a'); }) ==
        "hostname: 65 bytes long, and the kernel takes 64 at most");
  CHECK(check_after([](Config& c) { c.domainname = std::string(65, 'a'); }) ==
        "domainname: 65 bytes long, and the kernel takes 64 at most");
}

TEST_CASE("check namespaces: id mappings and the user namespace belong together") {
  const std::vector<IdMapping> one{{0, 1000, 1}};
  CHECK(check_after([&](Config& c) { c.linux->uid_mappings = one; }) ==
        "linux.uidMappings: needs an entry of type \"user\" in linux.namespaces");
  CHECK(check_after([&](Config& c) { c.linux->gid_mappings = one; }) ==
        "linux.gidMappings: needs an entry of type \"user\" in linux.namespaces");
  CHECK(check_after([&](Config& c) { add(c, NamespaceType::user); }) ==
        "linux.uidMappings: missing, and a new user namespace is nothing without");
  CHECK(check_after([&](Config& c) { add(c, NamespaceType::user), c.linux->uid_mappings = one; }) ==
        "linux.gidMappings: missing, and a new user namespace is nothing without");
  CHECK(check_after([&](Config& c) {
          add(c, NamespaceType::user);
          c.linux->uid_mappings = c.linux->gid_mappings = one;
        }) == "accepted");
  CHECK(check_after([&](Config& c) { add(c, NamespaceType::user, "/proc/1/ns/user"); }) == "accepted");
  CHECK(check_after([&](Config& c) {
          add(c, NamespaceType::user, "/proc/1/ns/user");
          c.linux->uid_mappings = c.linux->gid_mappings = one;
        }) == "accepted");
}

TEST_CASE("check namespaces: clocks are set in a new time namespace only") {
  const auto offset = [](Config& c) { c.linux->time_offsets["monotonic"] = {1, 0}; };
  CHECK(check_after(offset) == "linux.timeOffsets: needs an entry of type \"time\" in linux.namespaces");
  CHECK(check_after([&](Config& c) { offset(c), add(c, NamespaceType::time); }) == "accepted");
  CHECK(check_after([&](Config& c) { offset(c), add(c, NamespaceType::time, "/proc/1/ns/time"); }) ==
        "linux.timeOffsets: cannot be set in a time namespace that is joined by its path");
  CHECK(check_after([&](Config& c) { add(c, NamespaceType::time, "/proc/1/ns/time"); }) == "accepted");
}

TEST_CASE("check namespaces: kernel parameters of the container's own namespaces") {
  for (const char* key :
       {"net.core.somaxconn", "net/core/somaxconn", "net.ipv4.conf.eth0/1.forwarding", "kernel.shmmax",
        "kernel.msgmax", "kernel.sem", "fs.mqueue.msg_max", "kernel.domainname", "kernel.hostname"}) {
    CAPTURE(key);
    CHECK(sysctl(key) == "accepted");
  }
  CHECK(check_after([](Config& c) {
          add(c, NamespaceType::user, "/proc/1/ns/user");
          c.linux->sysctl["user.max_net_namespaces"] = "1";
        }) == "accepted");
}

TEST_CASE("check namespaces: kernel parameters of a namespace that is the host's") {
  const std::string rest = "\" in linux.namespaces, else it would change the host";
  CHECK(sysctl("net.core.somaxconn", {NamespaceType::network}) ==
        "linux.sysctl[\"net.core.somaxconn\"]: needs an entry of type \"network" + rest);
  CHECK(sysctl("kernel.shmmax", {NamespaceType::ipc}) ==
        "linux.sysctl[\"kernel.shmmax\"]: needs an entry of type \"ipc" + rest);
  CHECK(sysctl("fs.mqueue.msg_max", {NamespaceType::ipc}).ends_with("\"ipc" + rest));
  CHECK(sysctl("kernel.domainname", {NamespaceType::uts}).ends_with("\"uts" + rest));
  CHECK(sysctl("user.max_net_namespaces").ends_with("\"user" + rest));
}

TEST_CASE("check namespaces: kernel parameters of the whole machine, and no parameters") {
  for (const char* key : {"kernel.core_pattern", "vm.swappiness", "fs.file-max", "kernel", "x"}) {
    CAPTURE(key);
    CHECK(sysctl(key).find("belongs to the whole machine") != std::string::npos);
  }
  for (const char* key :
       {"", "net/../kernel/core_pattern", "net/./x", "net//x", "net.", "net..x", "/net/x", "net/x/"}) {
    CAPTURE(key);
    CHECK(sysctl(key).ends_with(": no name of a kernel parameter"));
  }
}

TEST_CASE("check namespaces: a name and its kernel parameter agree") {
  CHECK(check_after([](Config& c) { c.linux->sysctl["kernel.hostname"] = "other"; }) ==
        "linux.sysctl[\"kernel.hostname\"]: contradicts the property of the same name");
  CHECK(check_after([](Config& c) { c.linux->sysctl["kernel.hostname"] = c.hostname; }) == "accepted");
  CHECK(check_after([](Config& c) {
          c.domainname = "d";
          c.linux->sysctl["kernel.domainname"] = "e";
        }).ends_with("contradicts the property of the same name"));
}
