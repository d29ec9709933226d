// config.md, "Linux mount options": each option as /proc/PID/mountinfo shows it.
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

using Options = std::vector<std::string>;

json tmpfs(const std::string& to, const Options& options) {
  return {{"destination", to}, {"source", "tmpfs"}, {"type", "tmpfs"}, {"options", options}};
}

json bind_mount(const std::string& from, const std::string& to, const Options& options) {
  return {{"destination", to}, {"source", from}, {"type", "bind"}, {"options", options}};
}

}  // namespace

TEST_CASE("mount options: per-mount flags of a file system", "[mount_options]") {
  NEEDS_ROOT();
  const auto [options, present, absent] = GENERATE(table<Options, Options, Options>({
      {{"ro"}, {"ro"}, {"rw"}},
      {{"rw"}, {"rw"}, {"ro"}},
      {{"ro", "rw"}, {"rw"}, {"ro"}},
      {{"nosuid", "nodev", "noexec"}, {"nosuid", "nodev", "noexec"}, {}},
      {{"nosuid", "suid"}, {}, {"nosuid"}},
      {{"nodev", "dev"}, {}, {"nodev"}},
      {{"noexec", "exec"}, {}, {"noexec"}},
      {{"noatime"}, {"noatime"}, {"relatime"}},
      {{"noatime", "atime"}, {}, {"noatime"}},
      {{"relatime"}, {"relatime"}, {}},
      {{"strictatime"}, {}, {"relatime", "noatime"}},
      {{"nodiratime"}, {"nodiratime"}, {}},
      {{"nodiratime", "diratime"}, {}, {"nodiratime"}},
      {{"defaults"}, {"rw"}, {"nosuid", "nodev", "noexec"}},
  }));
  const Options given = options;
  const Created it([&](json& config) { config["mounts"].push_back(tmpfs("/tmp", given)); });
  const auto mount =
      mount_at(it.bundle.name().empty() ? 0 : const_cast<Container&>(it.container).pid(), "/tmp");
  INFO(json(options).dump() << " came to " << mount.options << " - " << mount.super_options);
  for (const auto& option : present) CHECK(mount.has(option));
  for (const auto& option : absent) CHECK_FALSE(mount.has(option));
}

TEST_CASE("mount options: nosymfollow and symfollow", "[mount_options]") {
  NEEDS_ROOT();
  Created it([](json& config) {
    config["mounts"].push_back(tmpfs("/tmp", {"nosymfollow"}));
    config["mounts"].push_back(tmpfs("/etc", {"nosymfollow", "symfollow"}));
  });
  CHECK(mount_at(it.container.pid(), "/tmp").has("nosymfollow"));
  CHECK_FALSE(mount_at(it.container.pid(), "/etc").has("nosymfollow"));
}

TEST_CASE("mount options: flags of the superblock", "[mount_options]") {
  NEEDS_ROOT();
  Created it([](json& config) {
    config["mounts"].push_back(tmpfs("/tmp", {"sync", "dirsync", "lazytime"}));
    config["mounts"].push_back(tmpfs("/etc", {"sync", "async", "lazytime", "nolazytime", "loud", "silent"}));
    config["mounts"].push_back(tmpfs("/opt", {"noiversion", "nomand", "norelatime", "nostrictatime"}));
  });
  const std::string set = "," + mount_at(it.container.pid(), "/tmp").super_options + ",";
  CHECK_THAT(set, Catch::Contains(",sync,") && Catch::Contains(",dirsync,") && Catch::Contains(",lazytime,"));
  const std::string cleared = "," + mount_at(it.container.pid(), "/etc").super_options + ",";
  CHECK_THAT(cleared, !Catch::Contains(",sync,") && !Catch::Contains(",lazytime,"));
}

TEST_CASE("mount options: a bind takes the per-mount flags", "[mount_options]") {
  NEEDS_ROOT();
  const Bundle source("echo unused");
  Created it([&](json& config) {
    config["mounts"].push_back(
        bind_mount(source.rootfs(), "/tmp", {"bind", "ro", "nosuid", "nodev", "noexec", "noatime"}));
    config["mounts"].push_back(bind_mount(source.rootfs(), "/etc", {"bind"}));
  });
  const auto strict = mount_at(it.container.pid(), "/tmp");
  for (const char* option : {"ro", "nosuid", "nodev", "noexec", "noatime"}) CHECK(strict.has(option));
  const auto plain = mount_at(it.container.pid(), "/etc");
  CHECK(plain.has("rw"));
}

TEST_CASE("mount options: ro on a recursive bind covers the top, rro all of it", "[mount_options]") {
  NEEDS_ROOT();
  // /dev of a container has mounts below it; a host's /dev has, too
  NEEDS(access("/dev/shm", F_OK) == 0 && access("/dev/pts", F_OK) == 0,
        "the host's /dev has nothing below it");
  Created it([](json& config) {
    config["mounts"].push_back(bind_mount("/dev", "/one", {"rbind", "ro"}));
    config["mounts"].push_back(bind_mount("/dev", "/all", {"rbind", "rro", "rnosuid", "rnoexec"}));
    config["mounts"].push_back(bind_mount("/dev", "/flat", {"bind"}));
  });
  const pid_t pid = it.container.pid();
  CHECK(mount_at(pid, "/one").has("ro"));
  CHECK(mount_at(pid, "/one/pts").has("rw"));
  for (const char* point : {"/all", "/all/pts", "/all/shm"})
    for (const char* option : {"ro", "nosuid", "noexec"}) CHECK(mount_at(pid, point).has(option));
  for (const auto& mount : mountinfo(pid)) CHECK(mount.point != "/flat/pts");
}

TEST_CASE("mount options: propagation", "[mount_options]") {
  NEEDS_ROOT();
  const auto [option, tag] = GENERATE(table<std::string, std::string>({{"shared", "shared:"},
                                                                       {"rshared", "shared:"},
                                                                       {"private", ""},
                                                                       {"rprivate", ""},
                                                                       {"unbindable", "unbindable"}}));
  const std::string given = option;
  Created it([&](json& config) { config["mounts"].push_back(tmpfs("/tmp", {given})); });
  const std::string tags = mount_at(it.container.pid(), "/tmp").tags;
  INFO(option << " came to \"" << tags << "\"");
  CHECK((tag.empty() ? tags.empty() : tags.starts_with(tag)));
}

TEST_CASE("mount options: a slave bind follows its source and not the other way round", "[mount_options]") {
  NEEDS_ROOT();
  Created it([](json& config) {
    config["mounts"].push_back(tmpfs("/tmp", {"shared"}));
    config["mounts"].push_back(bind_mount("/dev/shm", "/slave", {"bind", "rslave"}));
  });
  CHECK_THAT(mount_at(it.container.pid(), "/slave").tags, !Catch::Contains("shared"));
}

TEST_CASE("mount options: what the table does not know goes to the file system, which may refuse",
          "[mount_options]") {
  NEEDS_ROOT();
  refused([](json& config) { config["mounts"].push_back(tmpfs("/tmp", {"sizzle=64k"})); }, {"/tmp"});
}

TEST_CASE("mount options: a bind has no file system to pass options to, and a warning says so",
          "[mount_options]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) {
    config["mounts"] = json::array({bind_mount("/dev/shm", "/tmp", {"bind", "mode=755", "sync", "ro"})});
  };
  const Finished done = outcome("stat /tmp", edit);
  CHECK(done.status == 0);
  CHECK_THAT(done.err, Catch::Contains("mounts[0] /tmp: option \"mode=755\" has no effect on a bind mount") &&
                           Catch::Contains("option \"sync\" has no effect"));
  CHECK_THAT(done.err, !Catch::Contains("\"ro\""));
  const Bundle bundle("stat /tmp", edit);
  const auto checked = run_command({runtime_path(), "check", "--bundle", bundle.path()});
  CHECK(checked.status == 0);
  CHECK_THAT(checked.out, Catch::Contains("\"mode=755\" has no effect"));
}

TEST_CASE("mount options: a misspelt flag of a bind is refused", "[mount_options]") {
  NEEDS_ROOT();
  refused(
      [](json& config) {
        config["mounts"] = json::array({bind_mount("/dev/shm", "/tmp", {"bind", "noxec"})});
      },
      {"mounts[0] /tmp: option \"noxec\" is unknown"});
}

TEST_CASE("mount options: noexec and nodev have their effect", "[mount_options]") {
  NEEDS_ROOT();
  const Bundle source("echo unused");
  const Facts facts = inside(
      "mknod /tmp/null c 1 3 ; read /tmp/null ; mknod /etc/null c 1 3 ; read /etc/null", [](json& config) {
        config["mounts"].push_back(tmpfs("/tmp", {"nodev"}));
        config["mounts"].push_back(tmpfs("/etc", {}));
      });
  CHECK(facts["mknod:/tmp/null.errno"] == "0");
  CHECK(facts["read:/tmp/null.errno"] == std::to_string(EACCES));
  CHECK(facts["read:/etc/null.errno"] == "0");
}

TEST_CASE("mount options: a value longer than fsconfig(2) takes works, or is told", "[mount_options]") {
  NEEDS_ROOT();
  if (read_file("/proc/filesystems").find("overlay") == std::string::npos) SKIP_TEST("needs overlay");
  const Bundle bundle("list /vol");
  std::string lower;
  for (const char* name : {"/one", "/two"}) {
    std::string folder = bundle.beside(std::string(150, *(name + 1)));
    lower += (lower.empty() ? "lowerdir=" : ":") + folder;
    REQUIRE(mkdir(folder.c_str(), 0755) == 0);
    write_file(folder + name, "");
  }
  const_cast<Bundle&>(bundle).edit([&](json& config) {
    config["mounts"].push_back(
        {{"destination", "/vol"}, {"source", "overlay"}, {"type", "overlay"}, {"options", {lower}}});
  });
  REQUIRE(lower.size() > 256);
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  REQUIRE(done.status == 0);
  CHECK_THAT(Facts(done.out)["list:/vol"], Catch::Contains("one") && Catch::Contains("two"));
  refused([](json& config) { config["mounts"].push_back(tmpfs("/tmp", {"size=" + std::string(300, 'x')})); },
          {"mounts[", "/tmp", "Invalid argument"});
}

TEST_CASE("mount options: copy-symlink makes the source's link, and binds what is none (crun's)",
          "[mount_options]") {
  NEEDS_ROOT();
  const Bundle bundle("stat /made/link ; read /made/file ; stat /there", [](json& config) {
    config["mounts"].push_back(bind_mount("link", "/made/link", {"bind", "copy-symlink"}));
    config["mounts"].push_back(bind_mount("file", "/made/file", {"bind", "copy-symlink"}));
    config["mounts"].push_back(bind_mount("link", "/there", {"bind", "copy-symlink"}));
  });
  write_file(bundle.beside("file"), "of the host");
  REQUIRE(symlink("/no/where", bundle.beside("link").c_str()) == 0);
  REQUIRE(symlink("/no/where", bundle.rootfs("/there").c_str()) == 0);
  {
    Container container(bundle);
    const Finished done = container.run();
    INFO(done.err);
    const Facts facts(done.out);
    CHECK(facts["stat:/made/link.target"] == "/no/where");
    CHECK(facts["read:/made/file.data"] == "of the host");
    CHECK(facts["stat:/there.target"] == "/no/where");
  }
  REQUIRE(unlink(bundle.rootfs("/there").c_str()) == 0);
  REQUIRE(symlink("/else/where", bundle.rootfs("/there").c_str()) == 0);
  Container container(bundle);
  const Finished done = container.run();
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/there") && Catch::Contains("File exists"));
}

TEST_CASE("mount options: src-nofollow and dest-nofollow mean the links themselves (crun's)",
          "[mount_options]") {
  NEEDS_ROOT();
  const auto run = [](const Options& options) {
    const Bundle bundle("stat /point ; read /kept", [&](json& config) {
      config["mounts"].push_back(bind_mount("link", "/point", options));
    });
    write_file(bundle.beside("file"), "of the host");
    write_file(bundle.rootfs("/kept"), "of the image");
    REQUIRE(symlink("file", bundle.beside("link").c_str()) == 0);
    REQUIRE(symlink("/kept", bundle.rootfs("/point").c_str()) == 0);
    Container container(bundle);
    const Finished done = container.run();
    INFO(done.err);
    REQUIRE(done.status == 0);
    return Facts(done.out);
  };
  const Facts follows = run({"bind"});
  CHECK(follows["stat:/point.target"] == "/kept");
  CHECK(follows["read:/kept.data"] == "of the host");
  const Facts over_link = run({"bind", "dest-nofollow"});
  CHECK(over_link["stat:/point.type"] == "file");
  CHECK(over_link["read:/kept.data"] == "of the image");
  const Facts link_over_link = run({"bind", "dest-nofollow", "src-nofollow"});
  CHECK(link_over_link["stat:/point.target"] == "file");
  CHECK(link_over_link["read:/kept.data"] == "of the image");
}

TEST_CASE("mount options: each recursive form reaches what is mounted below", "[mount_options]") {
  NEEDS_ROOT();
  const auto [given, present, absent] = GENERATE(table<Options, Options, Options>({
      {{"rro"}, {"ro"}, {"rw"}},
      {{"rnosuid", "rnodev", "rnoexec"}, {"nosuid", "nodev", "noexec"}, {}},
      {{"rnosuid", "rsuid", "rnodev", "rdev", "rnoexec", "rexec"}, {}, {"nosuid", "nodev", "noexec"}},
      {{"rro", "rrw"}, {"rw"}, {"ro"}},
      {{"rnoatime"}, {"noatime"}, {"relatime"}},
      {{"rnoatime", "ratime"}, {"relatime"}, {"noatime"}},
      {{"rstrictatime"}, {}, {"noatime", "relatime"}},
      {{"rstrictatime", "rnostrictatime"}, {"relatime"}, {}},
      {{"rrelatime"}, {"relatime"}, {}},
      {{"rnorelatime"}, {"relatime"}, {}},
      {{"rnodiratime"}, {"nodiratime"}, {}},
      {{"rnodiratime", "rdiratime"}, {}, {"nodiratime"}},
      {{"rnosymfollow"}, {"nosymfollow"}, {}},
      {{"rnosymfollow", "rsymfollow"}, {}, {"nosymfollow"}},
  }));
  Options options = given;
  options.insert(options.begin(), "rbind");
  const Bundle bundle(
      std::vector<std::string>{"/bin/busybox", "cat", "/proc/self/mountinfo"},
      [&](json& config) { config["mounts"].push_back(bind_mount("tree", "/data", options)); });
  REQUIRE(mkdir(bundle.beside("tree").c_str(), 0755) == 0);
  Container container(bundle);
  const Finished done = container.run_with_mounts(bundle.beside("tree"));
  INFO(json(options).dump() << done.err << done.out);
  REQUIRE(done.status == 0);
  for (const std::string point : {" /data ", " /data/below "}) {
    const auto at = done.out.find(point);
    REQUIRE(at != done.out.npos);
    const auto from = at + point.size();
    const std::string own = "," + done.out.substr(from, done.out.find(' ', from) - from) + ",";
    for (const auto& option : present) CHECK_THAT(own, Catch::Contains("," + option + ","));
    for (const auto& option : absent) CHECK_THAT(own, !Catch::Contains("," + option + ","));
  }
}
