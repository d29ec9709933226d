// config.md, "Root" and "Mounts": what the container's tree consists of, and that nothing of it shows
// outside.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json bind_mount(const std::string& from, const std::string& to, std::vector<std::string> options = {"bind"}) {
  return {{"destination", to}, {"source", from}, {"type", "bind"}, {"options", options}};
}

json tmpfs(const std::string& to, std::vector<std::string> options = {}) {
  return {{"destination", to}, {"source", "tmpfs"}, {"type", "tmpfs"}, {"options", options}};
}

}  // namespace

TEST_CASE("rootfs: the container sees its root and the mounts of its configuration, nothing else",
          "[rootfs]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("holding");
  std::vector<std::string> points;
  for (const auto& mount : mountinfo(container.pid())) points.push_back(mount.point);
  std::sort(points.begin(), points.end());
  CHECK(points == std::vector<std::string>{"/", "/dev", "/dev/pts", "/dev/shm", "/proc", "/sys"});
}

TEST_CASE("rootfs: no mount of a container shows in the host's mount namespace", "[rootfs]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  for (const auto& mount : mountinfo(getpid())) {
    CHECK_THAT(mount.point, !Catch::Contains(bundle.name()));
    CHECK_THAT(mount.point, !Catch::Contains(container.root()));
  }
}

TEST_CASE("rootfs: readonly makes the root read-only and not the mounts on it (config.md, Root)",
          "[rootfs]") {
  NEEDS_ROOT();
  const Facts facts = inside("create /tmp/x ; create /dev/shm/x ; remount-rw / ; create /tmp/y",
                             [](json& config) { config["root"]["readonly"] = true; });
  CHECK(facts["create:/tmp/x.errno"] == std::to_string(EROFS));
  CHECK(facts["create:/dev/shm/x.errno"] == "0");
  CHECK(facts["remount:/.errno"] == std::to_string(EPERM));
  CHECK(facts["create:/tmp/y.errno"] == std::to_string(EROFS));
  CHECK(inside("create /tmp/x")["create:/tmp/x.errno"] == "0");
}

TEST_CASE("rootfs: the path may be absolute, relative to the bundle, or a folder of another name",
          "[rootfs]") {
  NEEDS_ROOT();
  const Bundle bundle("echo here");
  Container container(bundle);
  bundle.write_config([&] {
    json config = json::parse(read_file(bundle.beside("config.json")));
    config["root"]["path"] = bundle.rootfs();
    return config.dump();
  }());
  CHECK(Facts(container.run().out)["echo"] == "here");
  REQUIRE(rename(bundle.rootfs().c_str(), bundle.beside("tree").c_str()) == 0);
  json config = json::parse(read_file(bundle.beside("config.json")));
  config["root"]["path"] = "./tree/";
  bundle.write_config(config.dump());
  CHECK(Facts(container.run().out)["echo"] == "here");
}

TEST_CASE("rootfs: rootfsPropagation is the root mount's (config-linux.md, Rootfs Mount Propagation)",
          "[rootfs]") {
  NEEDS_ROOT();
  const auto [value, tags] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                       {"private", ""},
                                                                       {"rprivate", ""},
                                                                       {"slave", ""},
                                                                       {"rslave", ""},
                                                                       {"shared", "shared:"},
                                                                       {"rshared", "shared:"},
                                                                       {"unbindable", "unbindable"},
                                                                       {"runbindable", "unbindable"}}));
  INFO(value);
  const Bundle bundle("hold", [&](json& config) {
    if (!value.empty()) config["linux"]["rootfsPropagation"] = value;
  });
  Container container(bundle);
  container.create();
  CHECK_THAT(mount_at(container.pid(), "/").tags, Catch::StartsWith(tags));
  if (tags.empty()) CHECK_THAT(mount_at(container.pid(), "/").tags, !Catch::Contains("shared"));
}

TEST_CASE("rootfs: an unknown rootfsPropagation is refused", "[rootfs]") {
  NEEDS_ROOT();
  refused([](json& config) { config["linux"]["rootfsPropagation"] = "viral"; }, {"viral"});
}

TEST_CASE("rootfs: --no-pivot gives the same view", "[rootfs]") {
  NEEDS_ROOT();
  const Facts facts = inside("list / ; stat /bin/probe ; ns", {}, {"--no-pivot"});
  CHECK_THAT(facts["list:/"], Catch::Equals("bin dev etc proc sys tmp"));
  CHECK(facts["stat:/bin/probe.type"] == "file");
  CHECK(facts["ns.mnt"] != ns_id(getpid(), "mnt"));
}

TEST_CASE("mounts: come in the order of the list (config.md, Mounts)", "[rootfs]") {
  NEEDS_ROOT();
  const Facts facts = inside("stat /tmp/a ; stat /tmp/a/b", [](json& config) {
    config["mounts"].push_back(tmpfs("/tmp/a", {"mode=0711"}));
    config["mounts"].push_back(tmpfs("/tmp/a/b", {"mode=0700"}));
  });
  CHECK(facts["stat:/tmp/a.mode"] == "0711");
  CHECK(facts["stat:/tmp/a/b.mode"] == "0700");
  const Facts reversed = inside("stat /tmp/a ; stat /tmp/a/b", [](json& config) {
    config["mounts"].push_back(tmpfs("/tmp/a/b", {"mode=0700"}));
    config["mounts"].push_back(tmpfs("/tmp/a", {"mode=0711"}));
  });
  CHECK(reversed["stat:/tmp/a/b.errno"] == std::to_string(ENOENT));
}

TEST_CASE("mounts: a bind shows the source, file or folder, and makes its mount point", "[rootfs]") {
  NEEDS_ROOT();
  const Bundle source("echo unused");
  write_file(source.beside("data"), "of the host");
  const Facts facts = inside("read /file ; list /deep/er/folder ; stat /deep/er", [&](json& config) {
    config["mounts"].push_back(bind_mount(source.beside("data"), "/file"));
    config["mounts"].push_back(bind_mount(source.rootfs(), "/deep/er/folder"));
  });
  CHECK(facts["read:/file.data"] == "of the host");
  CHECK_THAT(facts["list:/deep/er/folder"], Catch::Contains("bin dev etc"));
  CHECK(facts["stat:/deep/er.mode"] == "0755");
}

TEST_CASE("mounts: a relative bind source is taken from the bundle (config.md, Mounts)", "[rootfs]") {
  NEEDS_ROOT();
  const Bundle bundle("read /file",
                      [](json& config) { config["mounts"].push_back(bind_mount("data", "/file")); });
  write_file(bundle.beside("data"), "of the bundle");
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(Facts(done.out)["read:/file.data"] == "of the bundle");
}

TEST_CASE("mounts: a missing source is refused by its name", "[rootfs]") {
  NEEDS_ROOT();
  refused([](json& config) { config["mounts"].push_back(bind_mount("/no/such/source", "/tmp")); },
          {"/no/such/source", "o such file or directory"});
}

TEST_CASE("mounts: a folder cannot be bound onto a file", "[rootfs]") {
  NEEDS_ROOT();
  refused([](json& config) { config["mounts"].push_back(bind_mount("/proc", "/bin/probe")); },
          {"/bin/probe"});
}

TEST_CASE("mounts: an unknown file system is refused by its name", "[rootfs]") {
  NEEDS_ROOT();
  refused(
      [](json& config) {
        config["mounts"].push_back({{"destination", "/tmp"}, {"type", "floppyfs"}, {"source", "x"}});
      },
      {"floppyfs"});
}

TEST_CASE("mounts: tmpfs takes size, mode and inode limits as data", "[rootfs]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) {
    config["mounts"].push_back(tmpfs("/tmp", {"nosuid", "size=64k", "mode=1700", "nr_inodes=17"}));
  });
  Container container(bundle);
  container.create();
  const MountLine mount = mount_at(container.pid(), "/tmp");
  CHECK(mount.type == "tmpfs");
  CHECK(mount.has("nosuid"));
  CHECK_THAT(mount.super_options,
             Catch::Contains("size=64k") && Catch::Contains("mode=1700") && Catch::Contains("nr_inodes=17"));
}

TEST_CASE("mounts: tmpcopyup shows what the folder held before", "[rootfs]") {
  NEEDS_ROOT();
  const Bundle bundle("list /etc ; read /etc/passwd ; stat /etc/link ; stat /etc/sub",
                      [](json& config) { config["mounts"].push_back(tmpfs("/etc", {"tmpcopyup"})); });
  write_file(bundle.rootfs("/etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
  REQUIRE(symlink("passwd", bundle.rootfs("/etc/link").c_str()) == 0);
  REQUIRE(mkdir(bundle.rootfs("/etc/sub").c_str(), 0710) == 0);
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  const Facts facts(done.out);
  CHECK(facts["list:/etc"] == "link passwd sub");
  CHECK(facts["read:/etc/passwd.data"] == "root:x:0:0::/root:/bin/sh\\n");
  CHECK(facts["stat:/etc/link.target"] == "passwd");
  CHECK(facts["stat:/etc/sub.mode"] == "0710");
}

TEST_CASE("mounts: links in a destination are resolved inside of the root", "[rootfs]") {
  NEEDS_ROOT();
  const Bundle bundle("stat /real/point ; stat /real/other", [](json& config) {
    config["mounts"].push_back(tmpfs("/absolute/point", {"mode=0711"}));
    config["mounts"].push_back(tmpfs("/dotted/other", {"mode=0712"}));
  });
  REQUIRE(mkdir(bundle.rootfs("/real").c_str(), 0755) == 0);
  REQUIRE(symlink("/real", bundle.rootfs("/absolute").c_str()) == 0);
  REQUIRE(symlink("../../../../../../real", bundle.rootfs("/dotted").c_str()) == 0);
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(Facts(done.out)["stat:/real/point.mode"] == "0711");
  CHECK(Facts(done.out)["stat:/real/other.mode"] == "0712");
}

TEST_CASE("mounts: a mount over the root's own programs is seen by the payload", "[rootfs]") {
  NEEDS_ROOT();
  const Finished done = outcome("echo ran", [](json& config) { config["mounts"].push_back(tmpfs("/bin")); });
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/bin/probe"));
}

TEST_CASE("mounts: cgroup shows the container's own folders", "[rootfs]") {
  NEEDS_ROOT();
  const Facts facts =
      inside("list /sys/fs/cgroup ; mkdir /sys/fs/cgroup/x ; mkdir /sys/fs/cgroup/pids/x", [](json& config) {
        config["linux"]["namespaces"].push_back({{"type", "cgroup"}});
        config["mounts"].push_back({{"destination", "/sys/fs/cgroup"},
                                    {"type", "cgroup"},
                                    {"source", "cgroup"},
                                    {"options", {"nosuid", "noexec", "nodev", "relatime", "ro"}}});
      });
  CHECK(facts["list:/sys/fs/cgroup"] != "");
  if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0)
    CHECK(facts["mkdir:/sys/fs/cgroup/x.errno"] == std::to_string(EROFS));
  else
    CHECK(facts["mkdir:/sys/fs/cgroup/pids/x.errno"] == std::to_string(EROFS));
}

TEST_CASE("mounts: mqueue and a bind of /dev/shm work beside the usual ones", "[rootfs]") {
  NEEDS_ROOT();
  const Facts facts = inside("stat /dev/mqueue", [](json& config) {
    config["mounts"].push_back({{"destination", "/dev/mqueue"},
                                {"type", "mqueue"},
                                {"source", "mqueue"},
                                {"options", {"nosuid", "noexec", "nodev"}}});
  });
  CHECK(facts["stat:/dev/mqueue.type"] == "dir");
  CHECK(facts["stat:/dev/mqueue.fs"] == "0x19800202");
}

TEST_CASE("rootfs: read-only also where the runtime had to make mount points in it", "[rootfs]") {
  NEEDS_ROOT();
  Bundle bundle("echo ran ; mkdir /x", [](json& config) { config["root"]["readonly"] = true; });
  const std::string file = bundle.beside("file"), other = bundle.beside("other");
  for (const auto& name : {file, other}) std::ofstream(name) << "content";
  bundle.edit([&](json& config) {
    const auto bind = [&](const std::string& from, const char* to) {
      config["mounts"].push_back(
          {{"destination", to}, {"type", "bind"}, {"source", from}, {"options", {"bind", "ro"}}});
    };
    bind(file, "/made");
    bind(other, "/new/deeper/made");
    config["mounts"].push_back(
        {{"destination", "/etc"}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", {"ro", "tmpcopyup"}}});
  });
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  REQUIRE(done.status == 0);
  CHECK(Facts(done.out)["mkdir:/x.errno"] == std::to_string(EROFS));
}

TEST_CASE("rootfs: a missing working directory is made though the root is read-only", "[rootfs]") {
  NEEDS_ROOT();
  const Facts facts = inside("cwd", [](json& config) {
    config["root"]["readonly"] = true;
    config["process"]["cwd"] = "/fresh/folder";
  });
  CHECK(facts["cwd"] == "/fresh/folder");
}

TEST_CASE("rootfs: the path may be a symlink, and a folder of any depth behind one", "[rootfs]") {
  NEEDS_ROOT();
  Bundle bundle("echo here ; list /", [](json& config) { config["root"]["path"] = "link"; });
  REQUIRE(symlink("rootfs", bundle.beside("link").c_str()) == 0);
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(Facts(done.out)["list:/"] == "bin dev etc proc sys tmp");
}

TEST_CASE("rootfs: the path may be /, which stays as it is", "[rootfs]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"/bin/sh", "-c", "mount -t tmpfs x /mnt; echo ran"},
                      [](json& config) {
                        config["root"]["path"] = "/";
                        config["root"]["readonly"] = true;
                      });
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK_THAT(done.out, Catch::Contains("ran"));
}

TEST_CASE("mounts: over / itself, over a file, and at a destination that is relative or has dots",
          "[rootfs]") {
  NEEDS_ROOT();
  const Bundle source("echo unused");
  write_file(source.beside("data"), "of the host");
  const Bundle bundle("read /file ; stat /tmp/relative ; stat /tmp/dots", [&](json& config) {
    config["mounts"].push_back(bind_mount(source.beside("data"), "/file"));
    config["mounts"].push_back(tmpfs("tmp/relative", {"mode=0711"}));
    config["mounts"].push_back(tmpfs("/etc/.././tmp//x/../dots", {"mode=0712"}));
  });
  write_file(bundle.rootfs("/file"), "of the image");
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  const Facts facts(done.out);
  CHECK(facts["read:/file.data"] == "of the host");
  CHECK(facts["stat:/tmp/relative.mode"] == "0711");
  CHECK(facts["stat:/tmp/dots.mode"] == "0712");
  CHECK(read_file(bundle.rootfs("/file")) == "of the image");
}

TEST_CASE("mounts: a tree over / is the root that the payload and later mounts see", "[rootfs]") {
  NEEDS_ROOT();
  const auto flags = GENERATE(std::vector<std::string>{}, std::vector<std::string>{"--no-pivot"});
  const Bundle other("echo unused");
  write_file(other.rootfs("/mark"), "of the other");
  const Bundle bundle("read /mark ; stat /later ; create /x ; stat /dev/null", [&](json& config) {
    config["root"]["readonly"] = true;
    config["mounts"].insert(config["mounts"].begin(), bind_mount(other.rootfs(), "/"));
    config["mounts"].push_back(tmpfs("/later", {"mode=0711"}));
  });
  Container container(bundle);
  const Finished done = container.run(flags);
  INFO(done.err);
  REQUIRE(done.status == 0);
  const Facts facts(done.out);
  CHECK(facts["read:/mark.data"] == "of the other");
  CHECK(facts["stat:/later.mode"] == "0711");
  CHECK(facts["stat:/dev/null.rdev"] == "1:3");
  CHECK(facts["create:/x.errno"] == std::to_string(EROFS));
}
