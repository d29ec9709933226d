// What an attack on the start path tried and did not get, kept as it was tried.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

constexpr const char* kept = "CAP_NET_BIND_SERVICE";
constexpr unsigned long kept_bit = 1UL << 10, sys_admin_bit = 1UL << 21;

/// A filter and no no_new_privs: init has to hold CAP_SYS_ADMIN when it sets the filter, whoever it is by
/// then.
Edit filtered(unsigned uid, const json& sets) {
  return [=](json& config) {
    config["process"]["noNewPrivileges"] = false;
    config["process"]["user"] = {{"uid", uid}, {"gid", uid}};
    config["process"]["capabilities"] = sets;
    config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"},
                                  {"syscalls", {{{"names", {"personality"}}, {"action", "SCMP_ACT_ERRNO"}}}}};
  };
}

/// CapPrm and its kin of the payload.
unsigned long set_of(const std::string& status, const std::string& name) {
  const auto at = status.find(name + ":\t");
  REQUIRE(at != status.npos);
  return std::stoul(status.substr(at + name.size() + 2), nullptr, 16);
}

std::string status_of_payload(const Edit& edit) {
  const Bundle bundle(std::vector<std::string>{"/bin/busybox", "cat", "/proc/self/status"}, edit);
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  REQUIRE(done.status == 0);
  CHECK_THAT(done.out, Catch::Contains("Seccomp:\t2"));
  return done.out;
}

/// Swaps pairs of names for as long as it lives (renameat2 RENAME_EXCHANGE).
class Swapper {
 public:
  explicit Swapper(const std::vector<std::string>& names) : pid_(fork()) {
    REQUIRE(pid_ >= 0);
    if (pid_ != 0) return;
    for (;;)
      for (const auto& name : names)
        renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, (name + ".link").c_str(), RENAME_EXCHANGE);
  }
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;
  ~Swapper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

std::string listing(const std::string& folder) {
  return run_command({"/bin/ls", "-lAR", "--time-style=+", folder}).out;
}

}  // namespace

TEST_CASE("attack: what init needs to set a filter is not handed on to the payload", "[attack]") {
  NEEDS_ROOT();
  const json wide = {kept, "CAP_SYS_ADMIN"}, narrow = json::array({kept}), empty = json::array();
  SECTION("root without the capability in its bounding set") {
    const auto status =
        status_of_payload(filtered(0, {{"bounding", narrow}, {"effective", narrow}, {"permitted", narrow}}));
    CHECK(set_of(status, "CapPrm") == kept_bit);
    CHECK(set_of(status, "CapBnd") == kept_bit);
  }
  SECTION("root without any") {
    const auto status =
        status_of_payload(filtered(0, {{"bounding", empty}, {"effective", empty}, {"permitted", empty}}));
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
      CHECK(set_of(status, set) == 0);
  }
  SECTION("a user, with the capability in the bounding set") {
    const auto status =
        status_of_payload(filtered(1000, {{"bounding", wide}, {"effective", narrow}, {"permitted", narrow}}));
    CHECK(set_of(status, "CapPrm") == 0);
    CHECK(set_of(status, "CapEff") == 0);
    CHECK(set_of(status, "CapBnd") == (kept_bit | sys_admin_bit));
  }
  SECTION("a user with ambient capabilities, and with the capability inheritable and asked for as ambient") {
    const auto status = status_of_payload(filtered(1000, {{"bounding", wide},
                                                          {"effective", narrow},
                                                          {"permitted", narrow},
                                                          {"inheritable", wide},
                                                          {"ambient", wide}}));
    CHECK(set_of(status, "CapPrm") == kept_bit);
    CHECK(set_of(status, "CapEff") == kept_bit);
    CHECK(set_of(status, "CapAmb") == kept_bit);
  }
}

// Beside security_test.cpp's case, every kind of place at once, and held to have met both sides of the swap.
TEST_CASE("attack: no place of any kind is made on the host while a shared volume is in motion", "[attack]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran", [](json& config) {
    const auto tmpfs = [](const std::string& to) {
      return json{{"destination", to}, {"source", "tmpfs"}, {"type", "tmpfs"}};
    };
    config["mounts"].push_back(
        {{"destination", "/volume"}, {"source", "volume"}, {"type", "bind"}, {"options", {"rbind"}}});
    config["mounts"].push_back(tmpfs("/volume/plain"));
    config["mounts"].push_back(tmpfs("/volume/new/deep/er"));
    config["mounts"].push_back({{"destination", "/volume/etc/resolv.conf"},
                                {"source", "/dev/null"},
                                {"type", "bind"},
                                {"options", {"bind"}}});
    config["linux"]["devices"] = {
        {{"path", "/volume/nodes/null"}, {"type", "c"}, {"major", 1}, {"minor", 3}, {"uid", 7}}};
    config["linux"]["maskedPaths"] = {"/volume/masked", "/volume/masked/kept"};
    config["linux"]["readonlyPaths"] = {"/volume/masked"};
    config["process"]["cwd"] = "/volume/work/deep";
  });
  const std::string victim = bundle.beside("victim"), volume = bundle.beside("volume");
  REQUIRE(mkdir(victim.c_str(), 0755) == 0);
  write_file(victim + "/kept", "untouched");
  REQUIRE(mkdir(volume.c_str(), 0755) == 0);
  std::vector<std::string> names;
  for (const char* name : {"plain", "new", "etc", "nodes", "masked", "work"}) {
    names.push_back(volume + "/" + name);
    REQUIRE(mkdir(names.back().c_str(), 0755) == 0);
    REQUIRE(symlink(("../../../../../../../.." + victim).c_str(), (names.back() + ".link").c_str()) == 0);
  }
  const std::string before = listing(victim);
  const Swapper swapper(names);
  int ran = 0, refused_ones = 0;
  for (int i = 0; i < 400 && (i < 40 || !ran || !refused_ones); ++i) {
    Container container(bundle);
    ++(container.run().status == 0 ? ran : refused_ones);
    REQUIRE(listing(victim) == before);
  }
  CHECK(ran > 0);
  CHECK(refused_ones > 0);
}

// A copy of a host's mount is the original's peer: what is mounted on the one comes to lie on the other.
TEST_CASE("attack: root of a user namespace mounts over its device nodes, and not over the host's",
          "[attack]") {
  NEEDS_ROOT();
  NEEDS(unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr) == 0 &&
            mount(nullptr, "/", nullptr, MS_SHARED | MS_REC, nullptr) == 0,
        "no mount namespace");
  const Bundle bundle(
      std::vector<std::string>{"/bin/busybox", "sh", "-c",
                               "/bin/busybox mount -o bind /bin/probe /dev/full && echo over"},
      [](json& config) {
        config["linux"]["namespaces"].push_back({{"type", "user"}});
        config["linux"]["uidMappings"] = {{{"containerID", 0}, {"hostID", 100'000}, {"size", 10}}};
        config["linux"]["gidMappings"] = config["linux"]["uidMappings"];
        for (const char* set : {"bounding", "effective", "permitted"})
          config["process"]["capabilities"][set].push_back("CAP_SYS_ADMIN");
      });
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(done.out == "over\n");
  struct stat host {};
  REQUIRE(stat("/dev/full", &host) == 0);
  CHECK(S_ISCHR(host.st_mode));
  umount2("/dev/full", MNT_DETACH);  // fails where there is nothing, as there should be
}
