#include "spec/json.hpp"
#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

TEST_CASE("defaults: the text is indented with tabs and ends in a newline") {
  const std::string text = default_config();
  CHECK(text.starts_with("{\n\t\"ociVersion\": \"1.3.0\",\n"));
  CHECK(text.ends_with("}\n"));
  CHECK(text.find("\n  ") == text.npos);
}

TEST_CASE("defaults: the process") {
  const Process process = *sound().process;
  CHECK(process.terminal);
  CHECK(process.user.uid == 0);
  CHECK(process.args == std::vector<std::string>{"sh"});
  CHECK(process.env ==
        std::vector<std::string>{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                 "TERM=xterm"});
  CHECK(process.cwd == "/");
  CHECK(process.no_new_privileges);
  const std::vector<std::string> few{"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  CHECK(process.capabilities->bounding == few);
  CHECK(process.capabilities->effective == few);
  CHECK(process.capabilities->permitted == few);
  CHECK(process.capabilities->ambient.empty());      // the kernel would not have them: none is inheritable
  CHECK(process.capabilities->inheritable.empty());  // CVE-2022-29162
  REQUIRE(process.rlimits.size() == 1);
  CHECK(process.rlimits[0].soft == 1024);
}

TEST_CASE("defaults: a cgroup namespace where it is asked for, and nothing else") {
  CHECK_FALSE(parse(default_config())->linux->find(NamespaceType::cgroup));
  const auto parsed = parse(default_config(true));
  REQUIRE(verdict(parsed) == "accepted");
  CHECK(parsed->linux->find(NamespaceType::cgroup));
  CHECK(parsed->linux->namespaces.size() == parse(default_config())->linux->namespaces.size() + 1);
}

TEST_CASE("defaults: an ordinary user's") {
  const auto parsed = parse(rootless_config(1000, 100));
  REQUIRE(verdict(parsed) == "accepted");
  const Config& config = *parsed;
  CHECK(verdict(check(config)) == "accepted");
  REQUIRE(config.linux->uid_mappings.size() == 1);
  CHECK(config.linux->uid_mappings[0].container_id == 0);
  CHECK(config.linux->uid_mappings[0].host_id == 1000);
  CHECK(config.linux->uid_mappings[0].size == 1);
  REQUIRE(config.linux->gid_mappings.size() == 1);
  CHECK(config.linux->gid_mappings[0].host_id == 100);
  CHECK_FALSE(config.linux->resources);
  CHECK_FALSE(config.linux->find(NamespaceType::network));
  for (const auto type : {NamespaceType::pid, NamespaceType::ipc, NamespaceType::uts, NamespaceType::mount,
                          NamespaceType::cgroup, NamespaceType::user})
    CHECK(config.linux->find(type));
  CHECK(config.mounts[2].options ==
        std::vector<std::string>{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"});
  CHECK(config.mounts[5].type == "none");
  CHECK(config.mounts[5].source == "/sys");
  CHECK(config.mounts[5].options == std::vector<std::string>{"rbind", "nosuid", "noexec", "nodev", "rro"});
  CHECK(rootless_config(1000, 100).ends_with("}\n"));
}

TEST_CASE("defaults: the rest") {
  const Config config = sound();
  CHECK(config.root->path == "rootfs");
  CHECK(config.root->readonly);
  CHECK(config.hostname == "lodger");
  std::vector<std::string> destinations;
  for (const auto& mount : config.mounts) destinations.push_back(mount.destination);
  CHECK(destinations == std::vector<std::string>{"/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue",
                                                 "/sys", "/sys/fs/cgroup"});
  REQUIRE(config.linux->namespaces.size() == 5);
  for (const auto type : {NamespaceType::pid, NamespaceType::network, NamespaceType::ipc, NamespaceType::uts,
                          NamespaceType::mount})
    CHECK(config.linux->find(type));
  REQUIRE(config.linux->resources->devices.size() == 1);
  CHECK_FALSE(config.linux->resources->devices[0].allow);
  CHECK(config.linux->masked_paths.size() == 10);
  CHECK(config.linux->readonly_paths.size() == 5);
}
