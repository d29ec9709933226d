// config.md, "Root": what the container's tree consists of, and that nothing of it shows
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
