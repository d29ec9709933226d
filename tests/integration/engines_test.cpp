// What engines write into a bundle, and how they go on from a failure: each case is one that Docker,
// containerd or podman depends on.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json tmpfs(const std::string& to, const std::vector<std::string>& options) {
  return {{"destination", to}, {"source", "tmpfs"}, {"type", "tmpfs"}, {"options", options}};
}

Finished only_run(const Bundle& bundle) {
  Container container(bundle);
  return container.run();
}

void fresh_network(json& config) { config["linux"]["namespaces"].push_back({{"type", "network"}}); }

/// The whole test in a mount namespace of its own, where mounts may be shared. False where that may not be.
bool own_mounts() {
  return unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr) == 0;
}

/// A shared tmpfs with another one below it, at `path`.
struct SharedTree {
  std::string path;
  explicit SharedTree(const std::string& at) : path(at) {
    REQUIRE(mkdir(path.c_str(), 0755) == 0);
    REQUIRE(mount("outer", path.c_str(), "tmpfs", 0, nullptr) == 0);
    REQUIRE(mount(nullptr, path.c_str(), nullptr, MS_SHARED, nullptr) == 0);
    REQUIRE(mkdir((path + "/sub").c_str(), 0755) == 0);
    REQUIRE(mount("inner", (path + "/sub").c_str(), "tmpfs", 0, nullptr) == 0);
  }
  SharedTree(const SharedTree&) = delete;
  SharedTree& operator=(const SharedTree&) = delete;
  ~SharedTree() { umount2(path.c_str(), MNT_DETACH); }
};

}  // namespace

TEST_CASE("engines: the resources that Docker writes when the user asked for none", "[engines]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) {
    config["linux"]["resources"]["memory"] = {{"disableOOMKiller", false}};
    config["linux"]["resources"]["cpu"] = {{"shares", 0}};
    config["linux"]["resources"]["blockIO"] = {{"weight", 0}};
  };
  CHECK(inside("echo ran", edit)["echo"] == "ran");
}

TEST_CASE("engines: a pids.limit of 0 is none before 1.3, as podman writes it", "[engines]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) { config["linux"]["resources"]["pids"] = {{"limit", 0}}; };
  CHECK(inside("fork 2", edit)["fork.count"] == "2");
  NEEDS(is_lodger(), "others take it for none in every version");
  const Edit current = [&](json& config) {
    edit(config);
    config["ociVersion"] = "1.3.0";
  };
  CHECK(inside("fork 2", current)["fork.count"] == "0");
}

TEST_CASE("engines: a fresh network has its loopback interface up", "[engines]") {
  NEEDS_ROOT();
  const std::string script = "cat /proc/net/if_inet6 /proc/net/fib_trie";
  Bundle bundle(std::vector<std::string>{"/bin/sh", "-c", script}, fresh_network);
  const Finished done = only_run(bundle);
  INFO(done.err);
  CHECK_THAT(done.out, Catch::Contains("127.0.0.1"));
}

TEST_CASE("engines: a tmpfs over a folder of the image has that folder's mode, unless it names one",
          "[engines]") {
  NEEDS_ROOT();
  Bundle bundle("stat /etc ; stat /tmp ; stat /new", [](json& config) {
    config["mounts"].push_back(tmpfs("/etc", {"nosuid"}));
    config["mounts"].push_back(tmpfs("/tmp", {"mode=0711"}));
    config["mounts"].push_back(tmpfs("/new", {}));
  });
  REQUIRE(chmod(bundle.rootfs("/etc").c_str(), 0750) == 0);
  const Facts facts(only_run(bundle).out);
  CHECK(facts["stat:/etc.mode"] == "0750");
  CHECK(facts["stat:/tmp.mode"] == "0711");
  CHECK(facts["stat:/new.mode"] == "1777");
}

TEST_CASE("engines: a shared volume stays shared with the host, and the host keeps its mounts", "[engines]") {
  NEEDS_ROOT();
  NEEDS(own_mounts(), "no mount namespace");
  const Bundle place("echo unused");
  const SharedTree tree(place.beside("shared"));
  const std::string peers = mount_at(getpid(), tree.path).tags;
  REQUIRE_THAT(peers, Catch::StartsWith("shared:"));
  Bundle bundle("hold", [&](json& config) {
    config["linux"]["rootfsPropagation"] = "shared";  // Docker does so beside such a volume
    config["mounts"].push_back({{"destination", "/volume"},
                                {"source", tree.path},
                                {"type", "bind"},
                                {"options", {"rbind", "rshared"}}});
  });
  Container container(bundle);
  container.create();
  CHECK(mount_at(container.pid(), "/volume").tags == peers);
  CHECK(mount_at(container.pid(), "/volume/sub").source == "inner");
  CHECK(container.remove().status == 0);
  CHECK(mount_at(getpid(), tree.path + "/sub").source == "inner");
}

TEST_CASE("engines: a start that fails leaves a container that has stopped, to be deleted at once",
          "[engines]") {
  NEEDS_ROOT();
  Bundle bundle(std::vector<std::string>{"/bin/garbage"});
  write_file(bundle.rootfs("/bin/garbage"),
             "\x7f"
             "ELF of no machine",
             0755);
  Container container(bundle);
  container.create();
  const Finished started = container.call({"start", container.id()});
  NEEDS(started.status != 0, "it takes an exec that fails for the container's own failure");
  CHECK_THAT(started.err, Catch::Contains("exec format error"));
  CHECK(container.status() == "stopped");  // without waiting: engines do not
  CHECK(container.call({"delete", container.id()}).status == 0);
}

TEST_CASE("engines: a program without its interpreter says that this is what is missing", "[engines]") {
  NEEDS_ROOT();
  Bundle bundle(std::vector<std::string>{"/bin/script"});
  write_file(bundle.rootfs("/bin/script"), "#!/no/such/shell\n", 0755);
  const Finished done = only_run(bundle);
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("no such file or directory"));
  if (is_lodger()) CHECK_THAT(done.err, Catch::Contains("interpreter"));
}

TEST_CASE("engines: capabilities that the runtime lacks fail the creation, not the start", "[engines]") {
  NEEDS_ROOT();
  const std::string held = proc_status(getpid(), "CapEff");
  constexpr int admin = 12;  // CAP_NET_ADMIN, taken away from the runtime below
  NEEDS(std::stoull(held, nullptr, 16) >> admin & 1, "the test itself lacks the capability");
  NEEDS(access("/usr/bin/setpriv", X_OK) == 0, "no setpriv(1)");
  Bundle bundle("hold", [](json& config) {
    for (auto& [name, set] : config["process"]["capabilities"].items()) set.push_back("CAP_NET_ADMIN");
  });
  Container container(bundle);
  std::vector<std::string> line = {"/usr/bin/setpriv", "--bounding-set", "-net_admin",    "--",
                                   runtime_path(),     "--root",         container.root()};
  for (const auto& word : container.making("create")) line.push_back(word);
  const Finished done = run_command(line);
  CHECK(done.status != 0);
  if (is_lodger()) CHECK_THAT(done.err, Catch::Contains("process.capabilities"));
}
