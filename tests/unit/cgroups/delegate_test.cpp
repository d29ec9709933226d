#include "cgroups/delegate.hpp"

#include <sys/stat.h>

#include "spec/parse.hpp"
#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using tests::Scratch;

namespace {

/// A configuration that hands its cgroup over to user 7.
spec::Config delegating() {
  spec::Config config;
  config.process = spec::Process{};
  config.process->user.uid = 7;
  config.linux = spec::Linux{};
  config.linux->namespaces = {{spec::NamespaceType::cgroup, ""}};
  config.mounts = {
      {.destination = "/sys/fs/cgroup", .type = "cgroup", .source = "cgroup", .options = {"rw"}}};
  return config;
}

unsigned owner_of(const std::string& path) {
  struct stat what {};
  REQUIRE(::stat(path.c_str(), &what) == 0);
  CHECK(what.st_gid == 0);
  return what.st_uid;
}

}  // namespace

TEST_CASE("delegation: a new cgroup namespace and a writable mount hand the cgroup over") {
  CHECK(delegated_owner(delegating()) == 7U);
  auto changed = [](auto&& change) {
    auto config = delegating();
    change(config);
    return delegated_owner(config);
  };
  CHECK_FALSE(changed([](auto& c) { c.mounts.front().options = {"nosuid", "ro"}; }));
  CHECK_FALSE(changed([](auto& c) { c.mounts.front().source = "cgroup2"; }));
  CHECK_FALSE(changed([](auto& c) { c.mounts.front().destination = "/cgroup"; }));
  CHECK_FALSE(changed([](auto& c) { c.mounts.clear(); }));
  CHECK_FALSE(changed([](auto& c) { c.linux->namespaces.clear(); }));
  CHECK_FALSE(changed([](auto& c) { c.linux->namespaces.front().path = "/proc/1/ns/cgroup"; }));
  CHECK_FALSE(changed([](auto& c) { c.process->user.uid = 0; }));
  CHECK_FALSE(changed([](auto& c) { c.process.reset(); }));
}

TEST_CASE("delegation: a destination counts however it is written") {
  for (const char* written :
       {"/sys/fs/cgroup/", "/sys//fs/cgroup", "/sys/fs/../fs/./cgroup", "sys/fs/cgroup"}) {
    CAPTURE(written);
    const auto config = spec::parse(
        R"({"ociVersion": "1.0.0", "process": {"cwd": "/", "user": {"uid": 7, "gid": 0}},
            "linux": {"namespaces": [{"type": "cgroup"}]},
            "mounts": [{"type": "cgroup", "source": "cgroup", "destination": ")" +
        std::string(written) + "\"}]}");
    REQUIRE(config);
    CHECK(delegated_owner(*config) == 7U);
  }
}

TEST_CASE("delegation: the owner is the host's id of the container's user") {
  auto config = delegating();
  config.linux->namespaces.push_back({spec::NamespaceType::user, ""});
  config.linux->uid_mappings = {{0, 100'000, 5}, {5, 200'000, 10}};
  CHECK(delegated_owner(config) == 200'002U);
  config.process->user.uid = 0;
  CHECK(delegated_owner(config) == 100'000U);
  config.process->user.uid = 15;
  CHECK_FALSE(delegated_owner(config));
}

TEST_CASE("delegation: the folder and the listed files change their owner, and nothing else") {
  if (::geteuid() != 0) SKIP_TEST("needs root");
  const Scratch scratch;
  const auto path = scratch.folder("box");
  for (const char* name : {"cgroup.procs", "cgroup.threads", "memory.max", "memory.oom.group"})
    scratch.file("box/" + std::string(name), "");
  const auto list = scratch.file("delegate", "cgroup.procs\nmemory.oom.group\nnot.there\n");
  const auto folder = open_folder(path);
  REQUIRE(folder);
  REQUIRE(delegate(*folder, 7, list.c_str()));
  CHECK(owner_of(path) == 7);
  CHECK(owner_of(path + "/cgroup.procs") == 7);
  CHECK(owner_of(path + "/memory.oom.group") == 7);
  CHECK(owner_of(path + "/memory.max") == 0);
  CHECK(owner_of(path + "/cgroup.threads") == 0);
  REQUIRE(delegate(*folder, 8, "/no/such/list"));
  CHECK(owner_of(path + "/cgroup.threads") == 8);
  CHECK(owner_of(path + "/memory.oom.group") == 7);
}
