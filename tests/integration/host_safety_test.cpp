// What must never happen to the host, whatever a bundle says: each of these once did.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "support/census.hpp"
#include "support/congested.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/orphanage.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {
/// In a mount and uts namespace of its own, whose "/" is shared as systemd has it.
Finished on_a_host(const std::string& script, const Container& container, const Bundle& bundle,
                   const std::string& flags = "") {
  const std::string lodger = runtime_path() + " --root " + container.root() + " run --bundle " +
                             bundle.path() + " " + flags + " " + container.id();
  return run_command({"/usr/bin/unshare", "-m", "-u", "--propagation", "private", "/bin/sh", "-c",
                      "mount --make-rshared / ; lodger='" + lodger + "'; " + script});
}

void capable_of_mounting(json& config) {
  for (const char* set : {"bounding", "effective", "permitted"})
    config["process"]["capabilities"][set].push_back("CAP_SYS_ADMIN");
}

void in_user_namespace(json& config) {
  config["linux"]["namespaces"].push_back({{"type", "user"}});
  for (const char* map : {"uidMappings", "gidMappings"})
    config["linux"][map] = {{{"containerID", 0}, {"hostID", 100'000}, {"size", 65'536}}};
}

}  // namespace

TEST_CASE("host safety: no rootfsPropagation takes a mount from the host", "[host_safety]") {
  NEEDS_ROOT();
  const std::string value =
      GENERATE("", "shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate");
  const std::string flags = GENERATE("", "--no-pivot");
  INFO(value << " " << flags);
  const Bundle bundle("echo ran", [&](json& c) {
    if (!value.empty()) c["linux"]["rootfsPropagation"] = value;
  });
  Container container(bundle);
  const auto done = on_a_host(
      "mkdir -p " + bundle.beside("h") + "; mount -t tmpfs t " + bundle.beside("h") + "; mkdir " +
          bundle.beside("h/in") + "; mount -t tmpfs t " + bundle.beside("h/in") +
          "; cut -d' ' -f5 /proc/self/mountinfo > " + bundle.beside("before") +
          "; $lodger >/dev/null 2>&1; cut -d' ' -f5 /proc/self/mountinfo > " + bundle.beside("after"),
      container, bundle, flags);
  CHECK(done.status == 0);
  const auto before = read_file(bundle.beside("before"));
  CHECK(before != "");
  CHECK(read_file(bundle.beside("after")) == before);
}

TEST_CASE("host safety: a joined namespace that is the runtime's own is not the container's to name",
          "[host_safety]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran", [](json& c) {
    for (auto& n : c["linux"]["namespaces"])
      if (n["type"] == "uts") n["path"] = "/proc/self/ns/uts";
    c["hostname"] = "spoiled";
  });
  Container container(bundle);
  const auto done = on_a_host("$lodger >/dev/null 2>&1; cat /proc/sys/kernel/hostname", container, bundle);
  CHECK(done.out != "spoiled\n");
  CHECK(done.out != "");
}

TEST_CASE("host safety: the whole root can be asked for as a masked or read-only path", "[host_safety]") {
  NEEDS_ROOT();
  const std::string key = GENERATE("maskedPaths", "readonlyPaths"), path = GENERATE("/", "//");
  const Finished done = outcome("echo ran", [&](json& c) { c["linux"][key] = {path}; });
  INFO(key << " " << path << ": " << done.err);
  CHECK(done.status < 128);
  CHECK_THAT(done.err, !Catch::Contains("terminate"));
}

TEST_CASE("host safety: a hook has all of its time", "[host_safety]") {
  NEEDS_ROOT();
  const auto done = outcome("echo ran", [](json& c) {
    c["hooks"]["createContainer"] = {
        {{"path", "/bin/sleep"}, {"args", {"sleep", "2"}}, {"timeout", 4294968}}};
  });
  INFO(done.err);
  CHECK(done.status == 0);
}

TEST_CASE("host safety: a hook of the container's namespace has the caller's umask", "[host_safety]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  const std::string file = bundle.beside("made");
  const_cast<Bundle&>(bundle).edit([&](json& c) {
    c["hooks"]["createContainer"] = {{{"path", "/bin/sh"}, {"args", {"sh", "-c", "echo > " + file}}}};
  });
  umask(022);
  Container container(bundle);
  REQUIRE(container.run().status == 0);
  struct stat s {};
  REQUIRE(stat(file.c_str(), &s) == 0);
  CHECK((s.st_mode & 0777) == 0644);
}

TEST_CASE("host safety: closed streams lead to the null device in the container", "[host_safety]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"/bin/busybox", "sh", "-c", "readlink /proc/1/fd/0 > /o"});
  Container container(bundle);
  run_command({"/bin/sh", "-c",
               runtime_path() + " --root " + container.root() + " run --bundle " + bundle.path() + " " +
                   container.id() + " <&- >&- 2>&-"});
  CHECK(read_file(bundle.rootfs("/o")) == "/dev/null\n");
}

TEST_CASE("host safety: a device passed as stdin keeps its owner", "[host_safety]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran", [](json& c) { c["process"]["user"] = {{"uid", 1234}, {"gid", 1234}}; });
  const std::string node = bundle.beside("zero");
  REQUIRE(mknod(node.c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0);
  const int fd = open(node.c_str(), O_RDONLY | O_CLOEXEC);
  Container container(bundle);
  Setting setting;
  setting.fds = {{fd, 0}};
  CHECK(container.run({}, setting).status == 0);
  struct stat s {};
  REQUIRE(stat(node.c_str(), &s) == 0);
  CHECK(s.st_uid == 0);
  close(fd);
}

TEST_CASE("host safety: a file or folder that is only read stays its owner's, and is not written to",
          "[host_safety]") {
  NEEDS_ROOT();
  const bool by_exec = GENERATE(false, true), folder = GENERATE(false, true);
  INFO("exec " << by_exec << ", folder " << folder);
  const std::string attempt = "echo written >> /proc/self/fd/0; echo ran";
  const Bundle bundle(by_exec ? std::vector<std::string>{"/bin/probe", "hold"}
                              : std::vector<std::string>{"/bin/sh", "-c", attempt},
                      [](json& c) {
                        c["process"]["user"] = {{"uid", 1234}, {"gid", 1234}};
                      });
  const std::string path = bundle.beside("input");
  folder ? static_cast<void>(mkdir(path.c_str(), 0755)) : write_file(path, "the host's\n");
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  Container container(bundle);
  Setting setting;
  setting.fds = {{fd, 0}};
  if (by_exec) {
    container.create();
    CHECK_THAT(container.call({"exec", container.id(), "/bin/sh", "-c", attempt}, setting).out,
               Catch::Contains("ran"));
  } else {
    CHECK_THAT(container.run({}, setting).out, Catch::Contains("ran"));
  }
  struct stat s {};
  REQUIRE(stat(path.c_str(), &s) == 0);
  CHECK(s.st_uid == 0);
  if (!folder) CHECK(read_file(path) == "the host's\n");
  close(fd);
}

TEST_CASE("host safety: a file that is written to becomes the process's user's", "[host_safety]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"/bin/sh", "-c", "echo more > /proc/self/fd/1"}, [](json& c) {
    c["process"]["user"] = {{"uid", 1234}, {"gid", 1234}};
  });
  const std::string path = bundle.beside("output");
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  Container container(bundle);
  Setting setting;
  setting.fds = {{fd, 1}};
  CHECK(container.run({}, setting).status == 0);
  CHECK(read_file(path) == "more\n");
  close(fd);
}

TEST_CASE("host safety: a user namespace can undo neither flags nor covers of the host's mounts",
          "[host_safety]") {
  NEEDS_ROOT();
  const std::string said =
      "busybox mount -t tmpfs own /tmp && echo CAN MOUNT; echo a > /vol/x && echo WROTE; "
      "busybox mount -o remount,bind,rw /vol && echo REMOUNTED; echo b > /vol/x && echo WROTE; "
      "busybox umount /vol/sub && echo UNCOVERED; cat /vol/sub/underneath; "
      "busybox umount /data && echo UNCOVERED; cat /data/underneath; echo over";
  const Bundle bundle(std::vector<std::string>{"/bin/sh", "-c", said}, [](json& c) {
    capable_of_mounting(c);
    in_user_namespace(c);
    c["mounts"].push_back(
        {{"destination", "/vol"}, {"type", "bind"}, {"source", "vol"}, {"options", {"rbind"}}});
  });
  Container container(bundle);
  const std::string vol = bundle.beside("vol"), data = bundle.rootfs("/data");
  for (const auto& folder : {vol, data, bundle.rootfs("/vol")}) REQUIRE(mkdir(folder.c_str(), 0755) == 0);
  const auto done =
      on_a_host("for d in " + vol + " " + data +
                    "; do mount -t tmpfs -o mode=777 t $d; echo hidden > $d/underneath; done; mkdir " + vol +
                    "/sub; echo hidden > " + vol + "/sub/underneath; mount -t tmpfs cover " + vol +
                    "/sub; mount -o remount,bind,ro " + vol + "; mount -t tmpfs cover " + data +
                    "; $lodger 2>/dev/null; ls " + vol,
                container, bundle);
  INFO(done.err);
  CHECK(done.out == "CAN MOUNT\nover\nsub\nunderneath\n");
}

TEST_CASE("host safety: a runtime that is killed leaves nothing that delete does not find", "[host_safety]") {
  NEEDS_ROOT();
  const Orphanage orphans;
  std::minstd_rand random(20'210'521);
  std::uniform_int_distribution<useconds_t> moment(0, 6000);
  int killed = 0;
  for (int i = 0; i < 40; ++i) {
    const Bundle bundle("hold");
    Container container(bundle);
    auto command = i % 2 ? container.making("create") : container.making("run", {"--detach"});
    Running making = container.begin(command);
    usleep(moment(random));
    making.kill(SIGKILL);
    killed += making.wait().status == 128 + SIGKILL ? 1 : 0;
    INFO("round " << i << ", " << command[0]);
    CHECK(container.remove().status == 0);
    CHECK(container.leftovers() == std::vector<std::string>{});
    CHECK(orphans.empty());
  }
  CHECK(killed > 0);
}

TEST_CASE("host safety: init does not outlive a create that is killed before the state is on disk",
          "[host_safety]") {
  NEEDS_ROOT();
  const Orphanage orphans;
  const Bundle bundle("hold");
  const Congested socket(bundle.beside("pidfd.sock"));
  Container container(bundle);
  Running creating = container.begin(container.making("create", {"--pidfd-socket", socket.path()}));
  // It waits for the socket once init is ready and waits in its turn.
  const std::string where = "/proc/" + std::to_string(creating.pid()) + "/syscall";
  REQUIRE(eventually([&] { return read_file(where).starts_with(std::to_string(SYS_connect) + " "); }));
  REQUIRE_FALSE(cgroup_folders(bundle.name()).empty());
  creating.kill(SIGKILL);
  creating.wait();
  CHECK(orphans.empty());
  CHECK(container.remove().status == 0);
  CHECK(container.leftovers() == std::vector<std::string>{});
}

// Seen by who owns its files in /proc (proc(5)): root where the process must not be traced. By the group,
// since a change of user takes the right to trace by itself.
TEST_CASE("host safety: init cannot be traced by its neighbours while it waits for its start",
          "[host_safety]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& c) { c["process"]["user"] = {{"uid", 0}, {"gid", 1234}}; });
  Container container(bundle);
  const auto created =
      run_command({"/usr/bin/setpriv", "--regid", "1234", "--clear-groups", runtime_path(), "--root",
                   container.root(), "create", "--bundle", bundle.path(), container.id()});
  INFO(created.err);
  REQUIRE(created.status == 0);
  const pid_t pid = container.pid();
  const std::string fds = "/proc/" + std::to_string(pid) + "/fd";
  const auto owning_group = [&] {
    struct stat s {};
    REQUIRE(stat(fds.c_str(), &s) == 0);
    return s.st_gid;
  };
  CHECK(proc_status(pid, "Gid") == "1234\t1234\t1234\t1234");
  CHECK(owning_group() == 0);
  container.start();
  CHECK(eventually([&] { return owning_group() == 1234; }));  // the payload is the container's own affair
}
