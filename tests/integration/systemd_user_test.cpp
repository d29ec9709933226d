// --systemd-cgroup for an ordinary user, whose own systemd makes the scope. user@.service(5); loginctl(1),
// "enable-linger".
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <pwd.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>

#include "support/cgroups.hpp"
#include "support/systemd.hpp"
#include "tests/support/text.hpp"

using namespace lodger::test;
using nlohmann::json;
using Args = std::vector<std::string>;

namespace {

constexpr unsigned uid = 1000;

std::string runtime_folder() { return "/run/user/" + std::to_string(uid); }

/// As the user, in a session's environment.
Args as_user(const Args& command) {
  const auto id = std::to_string(uid);
  Args all = {"/usr/bin/setpriv",
              "--reuid",
              id,
              "--regid",
              id,
              "--clear-groups",
              "--inh-caps=-all",
              "/usr/bin/env",
              "XDG_RUNTIME_DIR=" + runtime_folder(),
              "USER=user"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

/// Keeps the user's systemd running without a login, where it is not kept already.
class Lingering {
 public:
  Lingering()
      : before_(run_command({"/usr/bin/loginctl", "show-user", "-P", "Linger", "1000"}).out == "yes\n") {
    if (!before_) run_command({"/usr/bin/loginctl", "enable-linger", "1000"});
  }
  Lingering(const Lingering&) = delete;
  Lingering& operator=(const Lingering&) = delete;
  ~Lingering() {
    // Without Catch2, which is gone by the end of the process.
    if (!before_ && std::system("/usr/bin/loginctl disable-linger 1000") != 0) std::perror("loginctl");
  }

 private:
  bool before_;
};

/// Why there is no such user with a systemd here; empty where there is.
std::string no_user_manager() {
  if (auto why = no_systemd(); !why.empty()) return why;
  if (!v2()) return "a user's systemd has controllers on cgroup2 alone";
  if (getpwuid(uid) == nullptr) return "there is no user 1000";
  static const Lingering lingering;  // for all tests of this process
  const bool up =
      eventually([] { return access((runtime_folder() + "/systemd/private").c_str(), F_OK) == 0; });
  return up ? "" : "the user's systemd does not start";
}

#define NEEDS_USER_MANAGER() \
  NEEDS_ROOT();              \
  if (const auto why = no_user_manager(); !why.empty()) SKIP_TEST(why)

/// A container of the user's, in the scope "lodger-test-NAME.scope" of his systemd.
class UserScope {
 public:
  explicit UserScope(const Edit& edit = {}) : bundle_(Args{}) {
    REQUIRE(unlink(bundle_.beside("config.json").c_str()) == 0);
    for (const char* program : {"lodger", "lodger-systemd"}) {
      const auto from = runtime_path().substr(0, runtime_path().rfind('/')) + "/" + program;
      REQUIRE(run_command({"/bin/cp", from, bundle_.beside(program)}).status == 0);
    }
    REQUIRE(mkdir(bundle_.beside("run").c_str(), 0755) == 0);
    REQUIRE(run_command({"/bin/chown", "-R", "1000:1000", bundle_.path()}).status == 0);
    const auto written =
        run_command(as_user({bundle_.beside("lodger"), "spec", "--rootless", "--bundle", bundle_.path()}));
    INFO(written.err);
    REQUIRE(written.status == 0);
    bundle_.edit([&](json& config) {
      config["process"]["terminal"] = false;
      config["process"]["args"] = {"/bin/probe", "hold"};
      config["linux"]["cgroupsPath"] = "user.slice:lodger-test:" + bundle_.name();
      if (edit) edit(config);
    });
  }
  UserScope(const UserScope&) = delete;
  UserScope& operator=(const UserScope&) = delete;
  ~UserScope() {
    const auto removed = call({"delete", "--force", "c"});
    CHECK(removed.err == "");
    CHECK(eventually([&] { return properties()["LoadState"] == "not-found"; }));
    CHECK(run_command({"/usr/bin/find", "/sys/fs/cgroup", "-name", "*" + bundle_.name() + "*"}).out == "");
  }

  Finished call(const Args& args) const {
    Args line = {bundle_.beside("lodger"), "--root", bundle_.beside("run"), "--systemd-cgroup"};
    line.insert(line.end(), args.begin(), args.end());
    return run_command(as_user(line));
  }
  Finished run() const {
    return call(
        {"run", "--detach", "--pid-file", bundle_.beside("run/pid"), "--bundle", bundle_.path(), "c"});
  }
  std::string unit() const { return "lodger-test-" + bundle_.name() + ".scope"; }
  std::map<std::string, std::string> properties() const { return unit_properties(unit(), as_user({})); }
  std::string folder() const { return unit_folder(unit(), as_user({})); }

 private:
  Bundle bundle_;
};

}  // namespace

TEST_CASE("systemd: a user's container is in a scope of the user's systemd, with its limits",
          "[systemd-user]") {
  NEEDS_USER_MANAGER();
  UserScope it([](json& config) {
    resources(config)["memory"] = {{"limit", 64 << 20}};
    resources(config)["pids"] = {{"limit", 32}};
  });
  const auto done = it.run();
  CHECK(done.err == "");
  REQUIRE(done.status == 0);
  auto unit = it.properties();
  CHECK(unit["ActiveState"] == "active");
  CHECK(unit["MemoryMax"] == "67108864");
  CHECK(it.folder() == "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/user.slice/" + it.unit());
  CHECK(read_file(it.folder() + "/memory.max") == "67108864\n");
  CHECK(read_file(it.folder() + "/pids.max") == "32\n");
}

TEST_CASE("systemd: exec and update reach a user's scope from outside of the user's cgroups",
          "[systemd-user]") {
  NEEDS_USER_MANAGER();
  UserScope it;
  REQUIRE(it.run().status == 0);
  const auto joined = it.call({"exec", "--detach", "c", "/bin/probe", "hold"});
  CHECK(joined.err == "");
  CHECK(processes_in(it.folder()) == 2);
  const auto updated = it.call({"update", "--pids-limit", "40", "c"});
  CHECK(updated.err == "");
  CHECK(read_file(it.folder() + "/pids.max") == "40\n");
  CHECK(it.properties()["TasksMax"] == "40");
}

TEST_CASE("systemd: exec reaches a user's container that manages cgroups of its own", "[systemd-user]") {
  NEEDS_USER_MANAGER();
  UserScope it([](json& config) { config["annotations"] = {{"run.oci.systemd.subgroup", "container"}}; });
  REQUIRE(it.run().status == 0);
  const auto own = it.folder() + "/container";
  CHECK(processes_in(own) == 1);
  CHECK(it.call({"exec", "--detach", "c", "/bin/probe", "hold"}).err == "");
  CHECK(processes_in(own) == 2);
  // As an init does that wants controllers for cgroups below: it and all others move one level down.
  REQUIRE(mkdir((own + "/init").c_str(), 0755) == 0);
  for (const auto& pid : support::lines(read_file(own + "/cgroup.procs")))
    write_file(own + "/init/cgroup.procs", pid);
  write_file(own + "/cgroup.subtree_control", "+pids");
  const auto joined = it.call({"exec", "--detach", "c", "/bin/probe", "hold"});
  CHECK(joined.err == "");
  CHECK(processes_in(own + "/init") == 3);
}
