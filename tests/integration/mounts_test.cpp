// config.md, "Mounts": order, sources, destinations, filesystems.
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

TEST_CASE("mounts: come in the order of the list (config.md, Mounts)", "[mounts]") {
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

TEST_CASE("mounts: a bind shows the source, file or folder, and makes its mount point", "[mounts]") {
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

TEST_CASE("mounts: a relative bind source is taken from the bundle (config.md, Mounts)", "[mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("read /file",
                      [](json& config) { config["mounts"].push_back(bind_mount("data", "/file")); });
  write_file(bundle.beside("data"), "of the bundle");
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(Facts(done.out)["read:/file.data"] == "of the bundle");
}

TEST_CASE("mounts: a missing source is refused by its name", "[mounts]") {
  NEEDS_ROOT();
  refused([](json& config) { config["mounts"].push_back(bind_mount("/no/such/source", "/tmp")); },
          {"/no/such/source", "o such file or directory"});
}

TEST_CASE("mounts: a folder cannot be bound onto a file", "[mounts]") {
  NEEDS_ROOT();
  refused([](json& config) { config["mounts"].push_back(bind_mount("/proc", "/bin/probe")); },
          {"/bin/probe"});
}

TEST_CASE("mounts: an unknown file system is refused by its name", "[mounts]") {
  NEEDS_ROOT();
  refused(
      [](json& config) {
        config["mounts"].push_back({{"destination", "/tmp"}, {"type", "floppyfs"}, {"source", "x"}});
      },
      {"floppyfs"});
}

TEST_CASE("mounts: tmpfs takes size, mode and inode limits as data", "[mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) {
    config["mounts"].push_back(tmpfs("/tmp", {"nosuid", "size=64k", "mode=1700", "nr_inodes=17"}));
  });
  Container container(bundle);
  container.create();
  const auto mount = mount_at(container.pid(), "/tmp");
  CHECK(mount.type == "tmpfs");
  CHECK(mount.has("nosuid"));
  CHECK_THAT(mount.super_options,
             Catch::Contains("size=64k") && Catch::Contains("mode=1700") && Catch::Contains("nr_inodes=17"));
}

TEST_CASE("mounts: tmpcopyup shows what the folder held before", "[mounts]") {
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

TEST_CASE("mounts: links in a destination are resolved inside of the root", "[mounts]") {
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

TEST_CASE("mounts: a mount over the root's own programs is seen by the payload", "[mounts]") {
  NEEDS_ROOT();
  const Finished done = outcome("echo ran", [](json& config) { config["mounts"].push_back(tmpfs("/bin")); });
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/bin/probe"));
}

TEST_CASE("mounts: cgroup shows the container's own folders", "[mounts]") {
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

TEST_CASE("mounts: mqueue and a bind of /dev/shm work beside the usual ones", "[mounts]") {
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

TEST_CASE("mounts: over / itself, over a file, and at a destination that is relative or has dots",
          "[mounts]") {
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

TEST_CASE("mounts: a tree over / is the root that the payload and later mounts see", "[mounts]") {
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
