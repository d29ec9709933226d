// Mounts of type cgroup, by machine, namespaces and mode. config-linux.md, "Cgroup ownership";
// CVE-2023-25809: a container without a cgroup namespace must not be able to write to cgroups that are not
// its own.
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

bool is_v2() { return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0; }
/// Where a container finds folders of its cgroup: on v2 at the mount, on v1 in every hierarchy.
std::string own_folder() { return is_v2() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids"; }

struct Setup {
  bool user_namespace, cgroup_namespace, writable;
};

Edit with(const Setup& setup) {
  return [setup](json& config) {
    config["mounts"].push_back({{"destination", "/sys/fs/cgroup"},
                                {"type", "cgroup"},
                                {"source", "cgroup"},
                                {"options", {"nosuid", "noexec", "nodev", setup.writable ? "rw" : "ro"}}});
    if (setup.cgroup_namespace) config["linux"]["namespaces"].push_back({{"type", "cgroup"}});
    if (!setup.user_namespace) return;
    config["linux"]["namespaces"].push_back({{"type", "user"}});
    for (const char* kind : {"uidMappings", "gidMappings"})
      config["linux"][kind] = {{{"containerID", 0}, {"hostID", 100'000}, {"size", 65'536}}};
  };
}

int expected(const Setup& setup) {
  if (!setup.writable) return EROFS;
  const bool delegated = is_v2() && setup.cgroup_namespace;
  return !setup.user_namespace || delegated ? 0 : EACCES;
}

unsigned owner_of(const std::string& path) {
  struct stat what {};
  INFO(path);
  REQUIRE(stat(path.c_str(), &what) == 0);
  return what.st_uid;
}

}  // namespace

TEST_CASE("cgroup mounts: every namespace and mode shows the container's own cgroup and no other",
          "[cgroup_mount]") {
  NEEDS_ROOT();
  NEEDS(access((own_folder()).c_str(), F_OK) == 0, "no pids hierarchy and no cgroup2");
  const Setup setup{GENERATE(false, true), GENERATE(false, true), GENERATE(false, true)};
  INFO("user namespace " << setup.user_namespace << ", cgroup namespace " << setup.cgroup_namespace
                         << ", writable " << setup.writable);
  const Facts facts = inside("list " + own_folder() + " ; mkdir " + own_folder() + "/x", with(setup));
  CHECK_THAT(facts["list:" + own_folder()], Catch::Contains("cgroup.procs"));
  CHECK_THAT(facts["list:" + own_folder()], !Catch::Contains("lodger-test"));
  CHECK(facts["mkdir:" + own_folder() + "/x.errno"] == std::to_string(expected(setup)));
}

TEST_CASE("cgroup mounts: type cgroup2 is the cgroup2 tree, or is refused", "[cgroup_mount]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "cgroup"}});
    config["mounts"].push_back({{"destination", "/cgroup2"}, {"type", "cgroup2"}, {"source", "cgroup2"}});
  };
  const bool hybrid = access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0;
  if (!is_v2() && !hybrid) return refused(edit, {"/cgroup2", "no cgroup2 tree"});
  const Facts facts = inside("list /cgroup2 ; stat /cgroup2", edit);
  CHECK(facts["stat:/cgroup2.fs"] == "0x63677270");
  CHECK_THAT(facts["list:/cgroup2"], Catch::Contains("cgroup.events"));  // the root has none
}

TEST_CASE("cgroup mounts: a delegated cgroup belongs to the container's user, its limits do not",
          "[cgroup_mount]") {
  NEEDS_ROOT();
  NEEDS(is_v2(), "cgroups are delegated on pure v2 alone");
  const bool user_namespace = GENERATE(false, true), writable = GENERATE(false, true);
  const Bundle bundle("hold", [&](json& config) {
    with({user_namespace, true, writable})(config);
    config["process"]["user"] = {{"uid", 7}, {"gid", 7}};
  });
  Container container(bundle);
  container.create();
  const std::string folder = "/sys/fs/cgroup/lodger-test/" + bundle.name();
  const unsigned owner = !writable ? 0 : user_namespace ? 100'007 : 7;
  for (const char* file : {"", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"})
    CHECK(owner_of(folder + file) == owner);
  CHECK(owner_of(folder + "/pids.max") == 0);
  CHECK(owner_of("/sys/fs/cgroup/lodger-test") == 0);
}
