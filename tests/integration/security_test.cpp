// Each known class of container escape that create and run are open to, tried. The class is named by a CVE.
// Where a runtime may either refuse or stay inside, both pass; what counts is that the host is untouched.
// That the same configuration runs without the trap is seen each time, or a runtime that refuses all would
// pass.
#include <catch2/catch.hpp>
#include <dirent.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// A folder of the host, and what stands in it now.
struct Victim {
  std::string path;
  explicit Victim(const Bundle& bundle, const char* name = "victim") : path(bundle.beside(name)) {
    REQUIRE(mkdir(path.c_str(), 0755) == 0);
    write_file(path + "/kept", "untouched");
    REQUIRE(mkdir((path + "/sub").c_str(), 0755) == 0);
  }
  /// The names in it, with modes.
  std::string now() const { return run_command({"/bin/ls", "-lAR", "--time-style=+", path}).out; }
};

json tmpfs(const std::string& to) {
  return {{"destination", to}, {"source", "tmpfs"}, {"type", "tmpfs"}, {"options", {"nosuid"}}};
}

void replace_mount(json& config, const std::string& destination, const json& with) {
  for (auto& mount : config["mounts"])
    if (mount["destination"] == destination) mount = with;
}

/// Requires that the payload runs where no trap is laid.
void runs_without_trap(const Edit& edit, const std::vector<std::string>& flags = {}) {
  const Facts facts = inside("echo ran", edit, flags);
  CHECK(facts["echo"] == "ran");
}

/// Whether the payload ran; where it did not, that this was a refusal that says why.
bool ran(const Finished& done) {
  INFO("status " << done.status << ": " << done.out << done.err);
  if (done.status == 0) CHECK(Facts(done.out)["echo"] == "ran");
  if (done.status != 0) CHECK_FALSE(done.err.empty());
  CHECK(done.status < 128);
  return done.status == 0;
}

/// A copy of a program on the host, so that a successful attack spoils the copy alone.
std::string copy_of_runtime(const Bundle& bundle) {
  const std::string copy = bundle.beside("lodger");
  REQUIRE(run_command({"/bin/cp", runtime_path(), copy}).status == 0);
  return copy;
}

/// A process that swaps two names in a folder for as long as it lives (renameat2 RENAME_EXCHANGE).
class Flipper {
 public:
  Flipper(const std::string& one, const std::string& two) : pid_(fork()) {
    REQUIRE(pid_ >= 0);
    if (pid_ != 0) return;
    for (;;) renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, two.c_str(), RENAME_EXCHANGE);
  }
  Flipper(const Flipper&) = delete;
  Flipper& operator=(const Flipper&) = delete;
  ~Flipper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE("security: a payload of /proc/self/exe does not reach the runtime's binary (CVE-2019-5736)",
          "[security]") {
  NEEDS_ROOT();
  const bool by_script = GENERATE(false, true);
  runs_without_trap({});
  const Bundle bundle(std::vector<std::string>{by_script ? "/etc/script" : "/proc/self/exe", "state", "x"});
  write_file(bundle.rootfs("/etc/script"), "#!/proc/self/exe\n", 0755);
  const std::string lodger = copy_of_runtime(bundle), before = read_file(lodger);
  Container container(bundle);
  run_command({lodger, "--root", container.root(), "run", "--bundle", bundle.path(), container.id()});
  CHECK(read_file(lodger) == before);
  CHECK(container.leftovers() == std::vector<std::string>{});
}

TEST_CASE("security: a neighbour cannot write the program of a created container's init (CVE-2019-5736)",
          "[security]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  const std::string lodger = copy_of_runtime(bundle), before = read_file(lodger);
  Container container(bundle);
  REQUIRE(
      run_command({lodger, "--root", container.root(), "create", "--bundle", bundle.path(), container.id()})
          .status == 0);
  const pid_t pid = container.pid();
  const Facts facts =
      inside("stat /proc/1/exe ; write /proc/1/exe spoiled ; read /proc/1/exe", [&](json& config) {
        config["linux"]["namespaces"][0]["path"] = "/proc/" + std::to_string(pid) + "/ns/pid";
        for (const char* set : {"bounding", "effective", "permitted"}) {
          config["process"]["capabilities"][set].push_back("CAP_SYS_PTRACE");
          config["process"]["capabilities"][set].push_back("CAP_SYS_ADMIN");
        }
      });
  CHECK(facts["write:/proc/1/exe.errno"] != "0");
  CHECK(read_file(lodger) == before);
}

TEST_CASE("security: cwd through a descriptor does not leave the root (CVE-2024-21626)", "[security]") {
  NEEDS_ROOT();
  CHECK(inside("read ../../etc/nothing")["read:../../etc/nothing.errno"] == std::to_string(ENOENT));
  for (int fd = 3; fd < 24; ++fd) {
    const Bundle bundle("echo unused");
    write_file(bundle.beside("marker"), "of the host");
    const std::string up = "../../../../../../../.." + bundle.beside("marker");
    bundle.write_config([&] {
      json config = json::parse(read_file(bundle.beside("config.json")));
      config["process"]["args"] = {"/bin/probe", "read", up};
      config["process"]["cwd"] = "/proc/self/fd/" + std::to_string(fd);
      return config.dump();
    }());
    Container container(bundle);
    const Finished done = container.run();
    INFO("descriptor " << fd << ": " << done.out << done.err);
    CHECK_THAT(done.out, !Catch::Contains("of the host"));
    if (done.status == 0)
      CHECK(Facts(done.out)["read:" + up + ".errno"] == std::to_string(ENOENT));
    else
      CHECK_THAT(done.err, Catch::Contains("cwd"));
  }
}

TEST_CASE("security: a created container's init holds no descriptor of the host's tree (CVE-2024-21626)",
          "[security]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  const std::string folder = "/proc/" + std::to_string(container.pid()) + "/fd";
  const Finished list = run_command({"/bin/ls", "-l", folder});
  std::istringstream lines(list.out);
  for (std::string line; std::getline(lines, line);) {
    const auto arrow = line.find(" -> ");
    if (arrow == std::string::npos) continue;
    const std::string target = line.substr(arrow + 4);
    INFO(line);
    const bool harmless = target[0] != '/' || target.starts_with("/memfd:") || target == "/dev/null";
    CHECK(harmless);
  }
}

TEST_CASE("security: a link in place of /proc or /sys is refused (CVE-2019-19921, CVE-2023-27561)",
          "[security]") {
  NEEDS_ROOT();
  const std::string name = GENERATE("proc", "sys");
  const Bundle bundle("echo ran");
  REQUIRE(rmdir(bundle.rootfs("/" + name).c_str()) == 0);
  REQUIRE(mkdir(bundle.rootfs("/elsewhere").c_str(), 0755) == 0);
  REQUIRE(symlink("elsewhere", bundle.rootfs("/" + name).c_str()) == 0);
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(done.status != 0);
  CHECK(done.out == "");
  CHECK_THAT(done.err, Catch::Contains("/" + name));
}

TEST_CASE("security: a link in place of /dev leaves the host's folder alone (CVE-2026-41579)", "[security]") {
  NEEDS_ROOT();
  const bool with_mount = GENERATE(true, false);
  const Edit edit = [&](json& config) {
    if (with_mount) return;
    json kept = json::array();
    for (const auto& mount : config["mounts"])
      if (!mount["destination"].get<std::string>().starts_with("/dev")) kept.push_back(mount);
    config["mounts"] = kept;
  };
  runs_without_trap(edit);
  const Bundle bundle("echo ran", edit);
  const Victim victim(bundle);
  write_file(victim.path + "/ptmx", "kept");
  const std::string before = victim.now();
  REQUIRE(rmdir(bundle.rootfs("/dev").c_str()) == 0);
  REQUIRE(symlink(victim.path.c_str(), bundle.rootfs("/dev").c_str()) == 0);
  Container container(bundle);
  ran(container.run());
  CHECK(victim.now() == before);
}

TEST_CASE("security: a mount through a link does not reach the host (CVE-2019-18837, CVE-2021-30465)",
          "[security]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) {
    config["mounts"].push_back(tmpfs("/absolute/new/folder"));
    config["mounts"].push_back(tmpfs("/absolute/sub"));
    config["mounts"].push_back(tmpfs("/relative/new/folder"));
    config["mounts"].push_back({{"destination", "/absolute/new-file"},
                                {"source", "/dev/null"},
                                {"type", "bind"},
                                {"options", {"bind"}}});
  };
  runs_without_trap(edit);
  const Bundle bundle("echo ran", edit);
  const Victim victim(bundle);
  const std::string before = victim.now();
  REQUIRE(symlink(victim.path.c_str(), bundle.rootfs("/absolute").c_str()) == 0);
  REQUIRE(symlink(("../../../../../../.." + victim.path).c_str(), bundle.rootfs("/relative").c_str()) == 0);
  Container container(bundle);
  ran(container.run());
  CHECK(victim.now() == before);
}

TEST_CASE(
    "security: swapping a folder for a link while mounting wins nothing (CVE-2021-30465, CVE-2024-45310)",
    "[security]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran", [](json& config) {
    config["mounts"].push_back(
        {{"destination", "/volume"}, {"source", "volume"}, {"type", "bind"}, {"options", {"bind"}}});
    config["mounts"].push_back(tmpfs("/volume/flip/inner"));
    config["mounts"].push_back({{"destination", "/volume/flip/file"},
                                {"source", "/dev/null"},
                                {"type", "bind"},
                                {"options", {"bind"}}});
  });
  const Victim victim(bundle);
  const std::string before = victim.now(), volume = bundle.beside("volume");
  REQUIRE(mkdir(volume.c_str(), 0755) == 0);
  REQUIRE(mkdir((volume + "/flip").c_str(), 0755) == 0);
  REQUIRE(symlink(("../../../../../../../.." + victim.path).c_str(), (volume + "/flop").c_str()) == 0);
  const Flipper flipper(volume + "/flip", volume + "/flop");
  int started = 0, refused = 0;
  for (int i = 0; i < 40; ++i) {
    Container container(bundle);
    ran(container.run()) ? ++started : ++refused;
    REQUIRE(victim.now() == before);
  }
  CAPTURE(started, refused);
  CHECK(started > 0);
  // Else the link was never met: what leads through it is made at the same path, but inside of the root.
  const bool through_link = access(bundle.rootfs(victim.path).c_str(), F_OK) == 0;
  CHECK((refused > 0 || through_link));
}

TEST_CASE("security: devices, links and cwd are made inside of the root only (CVE-2025-24965)",
          "[security]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) {
    config["process"]["cwd"] = "/work/deep/er";
    config["linux"]["devices"] = {{{"path", "/nodes/null"}, {"type", "c"}, {"major", 1}, {"minor", 3}}};
  };
  runs_without_trap(edit);
  const Bundle bundle("echo ran", edit);
  const Victim victim(bundle);
  const std::string before = victim.now();
  REQUIRE(symlink(victim.path.c_str(), bundle.rootfs("/work").c_str()) == 0);
  REQUIRE(symlink(victim.path.c_str(), bundle.rootfs("/nodes").c_str()) == 0);
  Container container(bundle);
  ran(container.run());
  CHECK(victim.now() == before);
}

TEST_CASE("security: name resolution files in host mode are never written through a link", "[security]") {
  NEEDS_ROOT();
  runs_without_trap({}, {"--network", "host"});
  const Bundle bundle("echo ran");
  const Victim victim(bundle);
  const std::string before = victim.now();
  for (const char* file : {"resolv.conf", "hosts", "hostname"})
    REQUIRE(symlink(("../../../../../../.." + victim.path + "/" + file).c_str(),
                    bundle.rootfs(std::string("/etc/") + file).c_str()) == 0);
  Container container(bundle);
  ran(container.run({"--network", "host"}));
  CHECK(victim.now() == before);
}

TEST_CASE("security: a mask does not follow a link that stands for /dev/null (CVE-2025-31133)",
          "[security]") {
  NEEDS_ROOT();
  const Edit masked = [](json& config) { config["linux"]["maskedPaths"] = {"/proc/cmdline"}; };
  const Facts without_trap = inside("read /proc/cmdline", masked);
  CHECK(without_trap["read:/proc/cmdline.data"] == "");
  const Bundle bundle("read /proc/cmdline ; write /proc/cmdline x ; read /etc/target", [&](json& config) {
    masked(config);
    replace_mount(config, "/dev",
                  {{"destination", "/dev"}, {"source", "dev"}, {"type", "bind"}, {"options", {"bind"}}});
  });
  REQUIRE(mkdir(bundle.beside("dev").c_str(), 0755) == 0);
  for (const char* folder : {"/pts", "/shm"})
    REQUIRE(mkdir(bundle.beside("dev" + std::string(folder)).c_str(), 0755) == 0);
  REQUIRE(symlink("/etc/target", bundle.beside("dev/null").c_str()) == 0);
  write_file(bundle.rootfs("/etc/target"), "attacker's");
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.out << done.err);
  if (done.status == 0) CHECK(Facts(done.out)["read:/proc/cmdline.data"] == "");
  CHECK(read_file(bundle.rootfs("/etc/target")) == "attacker's");
}

TEST_CASE("security: a faked /proc takes no sysctl in silence (CVE-2019-16884, CVE-2025-52881)",
          "[security]") {
  NEEDS_ROOT();
  const Edit set = [](json& config) { config["linux"]["sysctl"] = {{"kernel.msgmax", "12345"}}; };
  const Facts without_trap = inside("read /proc/sys/kernel/msgmax", set);
  CHECK(without_trap["read:/proc/sys/kernel/msgmax.data"] == "12345\\n");
  const Bundle bundle("hold", [&](json& config) {
    set(config);
    replace_mount(config, "/proc",
                  {{"destination", "/proc"}, {"source", "fake"}, {"type", "bind"}, {"options", {"bind"}}});
  });
  REQUIRE(run_command({"/bin/mkdir", "-p", bundle.beside("fake/sys/kernel"), bundle.beside("fake/self/attr")})
              .status == 0);
  write_file(bundle.beside("fake/sys/kernel/msgmax"), "fake");
  Container container(bundle);
  const Finished created = container.call(container.making("create"));
  CHECK(read_file(bundle.beside("fake/sys/kernel/msgmax")) == "fake");
  if (created.status == 0) {
    const pid_t pid = container.pid();
    const Facts facts = inside("read /proc/sys/kernel/msgmax", [&](json& config) {
      config["linux"]["namespaces"][1]["path"] = "/proc/" + std::to_string(pid) + "/ns/ipc";
    });
    CHECK(facts["read:/proc/sys/kernel/msgmax.data"] == "12345\\n");
  }
}

TEST_CASE("security: odd files in the root neither hang nor exhaust the runtime (CVE-2026-47262)",
          "[security]") {
  NEEDS_ROOT();
  const std::string kind = GENERATE("fifo", "endless", "folder", "huge line");
  INFO(kind);
  const Bundle bundle("env", [](json& config) {
    config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
  });
  const std::string passwd = bundle.rootfs("/etc/passwd");
  if (kind == "fifo") REQUIRE(mkfifo(passwd.c_str(), 0644) == 0);
  if (kind == "endless") REQUIRE(symlink("/dev/zero", passwd.c_str()) == 0);
  if (kind == "folder") REQUIRE(mkdir(passwd.c_str(), 0755) == 0);
  if (kind == "huge line") {
    write_file(passwd, "x");
    REQUIRE(truncate(passwd.c_str(), 1LL << 34) == 0);
  }
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  if (done.status == 0)
    CHECK(Facts(done.out)["env.HOME"] == "/");
  else
    CHECK_THAT(done.err, Catch::Contains("passwd"));
}

TEST_CASE("security: what waits for the start is reachable by no abstract socket (CVE-2020-15257)",
          "[security]") {
  NEEDS_ROOT();
  const Bundle bundle("cat /proc/net/unix ; echo over ; hold");
  Container container(bundle);
  container.create({"--network", "host"});
  // The sockets of the init that waits; each has a line in the table, whose last field is its name.
  const std::string fds = "/proc/" + std::to_string(container.pid()) + "/fd";
  const std::string held = run_command({"/bin/ls", "-l", fds}).out;
  std::istringstream table(read_file("/proc/net/unix"));
  int named = 0;
  for (std::string line; std::getline(table, line);) {
    const auto fields = words(line);
    if (fields.size() < 7 || held.find("socket:[" + fields[6] + "]") == std::string::npos) continue;
    INFO(line);
    if (fields.size() == 8) CHECK(fields[7].front() == '/');
    named += fields.size() == 8 ? 1 : 0;
  }
  if (is_lodger()) CHECK(named == 1);  // its gate
  container.start();
  container.wait_for_output("echo=over");
  for (const auto& line : container.facts().all("line:/proc/net/unix"))
    CHECK_THAT(line, !Catch::Contains("@lodger") && !Catch::Contains("@" + container.id()));
}

TEST_CASE("security: a very long configuration is read whole or refused, never cut (CVE-2021-43784)",
          "[security]") {
  NEEDS_ROOT();
  const Facts facts = inside("env", [](json& config) {
    config["process"]["env"] = {"PATH=/bin"};
    for (int i = 0; i < 100; ++i)
      config["process"]["env"].push_back("BIG" + std::to_string(i) + "=" + std::string(1000, 'x'));
    config["annotations"] = {{"long", std::string(200'000, 'y')}};
  });
  CHECK(facts["env.BIG99"] == std::string(1000, 'x'));
  CHECK(facts["env.count"] == "102");
}

TEST_CASE("security: the container cannot mount, or make devices beyond its list", "[security]") {
  NEEDS_ROOT();
  const Facts facts = inside(
      "mount tmpfs /tmp ; mknod /tmp/disk b 254 0 ; read /tmp/disk ; remount-rw /sys ; "
      "write /sys/kernel/mm/ksm/run 1");
  CHECK(facts["mount:/tmp.errno"] == std::to_string(EPERM));
  CHECK(facts["read:/tmp/disk.errno"] != "0");
  CHECK(facts["remount:/sys.errno"] == std::to_string(EPERM));
  CHECK(facts["write:/sys/kernel/mm/ksm/run.errno"] != "0");
}
