// config-linux.md, "Devices", "Default Devices" and "Default Filesystems".
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json device(const char* path, const char* type, int major, int minor) {
  return {{"path", path}, {"type", type}, {"major", major}, {"minor", minor}};
}

json rule(bool allow, const char* type, int major, int minor, const char* access) {
  return {{"allow", allow}, {"type", type}, {"major", major}, {"minor", minor}, {"access", access}};
}

}  // namespace

TEST_CASE("devices: the default devices exist and work (config-linux.md, Default Devices)", "[devices]") {
  NEEDS_ROOT();
  const Facts facts = inside(
      "stat /dev/null ; stat /dev/zero ; stat /dev/full ; stat /dev/random ; stat /dev/urandom ; stat "
      "/dev/tty ; "
      "read /dev/null ; write /dev/null x ; write /dev/full x ; read /dev/urandom ; write /dev/zero x");
  const std::pair<const char*, const char*> wanted[] = {{"null", "1:3"},    {"zero", "1:5"},
                                                        {"full", "1:7"},    {"random", "1:8"},
                                                        {"urandom", "1:9"}, {"tty", "5:0"}};
  for (const auto& [name, number] : wanted) {
    const std::string key = std::string("stat:/dev/") + name;
    CHECK(facts[key + ".type"] == "char");
    CHECK(facts[key + ".rdev"] == number);
    CHECK(facts[key + ".mode"] == "0666");
    CHECK(facts[key + ".owner"].starts_with("0:"));
  }
  CHECK(facts["read:/dev/null.data"] == "");
  CHECK(facts["write:/dev/null.errno"] == "0");
  CHECK(facts["write:/dev/full.errno"] == std::to_string(ENOSPC));
  CHECK(facts["read:/dev/urandom.data"].size() > 1000);
  CHECK(facts["write:/dev/zero.errno"] == "0");
}

TEST_CASE("devices: the default links (runtime-linux.md, Dev symbolic links)", "[devices]") {
  NEEDS_ROOT();
  const Facts facts = inside(
      "stat /dev/fd ; stat /dev/stdin ; stat /dev/stdout ; stat /dev/stderr ; stat /dev/ptmx ; list /dev");
  CHECK(facts["stat:/dev/fd.target"] == "/proc/self/fd");
  CHECK(facts["stat:/dev/stdin.target"] == "/proc/self/fd/0");
  CHECK(facts["stat:/dev/stdout.target"] == "/proc/self/fd/1");
  CHECK(facts["stat:/dev/stderr.target"] == "/proc/self/fd/2");
  CHECK_THAT(facts["stat:/dev/ptmx.target"], Catch::EndsWith("pts/ptmx"));
  CHECK_THAT(facts["list:/dev"], !Catch::Contains("mem") && !Catch::Contains("kmsg"));
}

TEST_CASE("devices: without a mount of /dev they are made in the root's own", "[devices]") {
  NEEDS_ROOT();
  const Facts facts = inside("stat /dev/null", [](json& config) {
    json kept = json::array();
    for (const auto& mount : config["mounts"])
      if (!mount["destination"].get<std::string>().starts_with("/dev")) kept.push_back(mount);
    config["mounts"] = kept;
  });
  CHECK(facts["stat:/dev/null.rdev"] == "1:3");
}

TEST_CASE("devices: a read-only /dev has them all, and the mounts below it", "[devices]") {
  NEEDS_ROOT();
  const Edit readonly = [](json& config) {
    for (auto& mount : config["mounts"])
      if (mount["destination"] == "/dev") mount["options"].push_back("ro");
    config["linux"]["devices"] = {{{"path", "/dev/in/fuse"}, {"type", "c"}, {"major", 10}, {"minor", 229}}};
  };
  const Facts facts =
      inside("stat /dev/null ; stat /dev/in/fuse ; stat /dev/ptmx ; create /dev/new ; create /dev/shm/new",
             readonly);
  CHECK(facts["stat:/dev/null.rdev"] == "1:3");
  CHECK(facts["stat:/dev/in/fuse.rdev"] == "10:229");
  CHECK_THAT(facts["stat:/dev/ptmx.target"], Catch::EndsWith("pts/ptmx"));
  CHECK(facts["create:/dev/new.errno"] == std::to_string(EROFS));
  CHECK(facts["create:/dev/shm/new.errno"] == "0");
}

TEST_CASE("devices: those of the configuration with mode and owner, in folders made for them", "[devices]") {
  NEEDS_ROOT();
  const Facts facts =
      inside("stat /dev/deep/char ; stat /dev/block ; stat /dev/pipe ; stat /dev/deep", [](json& config) {
        json character = device("/dev/deep/char", "c", 1, 5);
        character["fileMode"] = 0640;
        character["uid"] = 12;
        character["gid"] = 34;
        config["linux"]["devices"] = {
            character, device("/dev/block", "b", 7, 250), {{"path", "/dev/pipe"}, {"type", "p"}}};
      });
  CHECK(facts["stat:/dev/deep/char.type"] == "char");
  CHECK(facts["stat:/dev/deep/char.rdev"] == "1:5");
  CHECK(facts["stat:/dev/deep/char.mode"] == "0640");
  CHECK(facts["stat:/dev/deep/char.owner"] == "12:34");
  CHECK(facts["stat:/dev/block.type"] == "block");
  CHECK(facts["stat:/dev/block.rdev"] == "7:250");
  CHECK(facts["stat:/dev/pipe.type"] == "fifo");
}

TEST_CASE("devices: a mode is not cut by the caller's umask", "[devices]") {
  NEEDS_ROOT();
  const Bundle bundle("stat /dev/odd ; stat /dev/null", [](json& config) {
    json odd = device("/dev/odd", "c", 1, 3);
    odd["fileMode"] = 0666;
    config["linux"]["devices"] = {odd};
  });
  Container container(bundle);
  const std::string lodger = runtime_path();
  const Finished done =
      run_command({"/bin/sh", "-c", "umask 077; exec \"$0\" --root \"$1\" run --bundle \"$2\" \"$3\"", lodger,
                   container.root(), bundle.path(), container.id()});
  INFO(done.err);
  CHECK(Facts(done.out)["stat:/dev/odd.mode"] == "0666");
  CHECK(Facts(done.out)["stat:/dev/null.mode"] == "0666");
}

TEST_CASE("devices: an unknown type, or one without numbers, is refused", "[devices]") {
  NEEDS_ROOT();
  refused([](json& config) { config["linux"]["devices"] = {device("/dev/x", "q", 1, 3)}; },
          {"linux.devices[0]"});
}

TEST_CASE("devices: the cgroup denies what no rule allows (config-linux.md, Allowed Device list)",
          "[devices]") {
  NEEDS_ROOT();
  const auto edit = [](bool allow) {
    return [allow](json& config) {
      config["linux"]["devices"] = {device("/dev/odd", "c", 240, 7)};
      config["linux"]["resources"]["devices"] = {{{"allow", false}, {"access", "rwm"}}};
      if (allow) config["linux"]["resources"]["devices"].push_back(rule(true, "c", 240, 7, "r"));
    };
  };
  CHECK(inside("read /dev/odd", edit(false))["read:/dev/odd.errno"] == std::to_string(EPERM));
  const Facts allowed = inside("read /dev/odd ; write /dev/odd x", edit(true));
  CHECK(allowed["read:/dev/odd.errno"] == std::to_string(ENXIO));
  CHECK(allowed["write:/dev/odd.errno"] == std::to_string(EPERM));
}

TEST_CASE("devices: of an access the letters r, w and m count, and a warning names others", "[devices]") {
  NEEDS_ROOT();
  const Finished done = outcome("read /dev/odd ; write /dev/odd x", [](json& config) {
    config["linux"]["devices"] = {device("/dev/odd", "c", 240, 7)};
    config["linux"]["resources"]["devices"] = {{{"allow", false}, {"access", "rwm"}},
                                               rule(true, "c", 240, 7, "ra")};
  });
  CHECK(done.status == 0);
  const Facts facts(done.out);
  CHECK(facts["read:/dev/odd.errno"] == std::to_string(ENXIO));
  CHECK(facts["write:/dev/odd.errno"] == std::to_string(EPERM));
  CHECK_THAT(done.err, Catch::Contains("linux.resources.devices[1].access: \"ra\""));
  refused([](json& config) { config["linux"]["resources"]["devices"] = {rule(true, "c", 1, 3, "a")}; },
          {"linux.resources.devices[0].access"});
}

TEST_CASE("devices: a denied default device stays usable, as engines expect", "[devices]") {
  NEEDS_ROOT();
  const Facts facts = inside("read /dev/null ; read /dev/zero ; write /dev/null x", [](json& config) {
    config["linux"]["resources"]["devices"] = {{{"allow", false}, {"access", "rwm"}}};
  });
  CHECK(facts["read:/dev/null.errno"] == "0");
  CHECK(facts["read:/dev/zero.errno"] == "0");
  CHECK(facts["write:/dev/null.errno"] == "0");
}

TEST_CASE("devices: later rules win over earlier ones", "[devices]") {
  NEEDS_ROOT();
  const Facts facts = inside("read /dev/odd", [](json& config) {
    config["linux"]["devices"] = {device("/dev/odd", "c", 240, 7)};
    config["linux"]["resources"]["devices"] = {{{"allow", false}, {"access", "rwm"}},
                                               rule(true, "c", 240, 7, "rwm"),
                                               rule(false, "c", 240, 7, "rwm")};
  });
  CHECK(facts["read:/dev/odd.errno"] == std::to_string(EPERM));
}

TEST_CASE("devices: a volume that an image's link lays over /dev gets none of them", "[devices]") {
  NEEDS_ROOT();
  Bundle bundle("echo ran");
  const std::string volume = bundle.beside("volume");
  REQUIRE(mkdir(volume.c_str(), 0755) == 0);
  std::ofstream(volume + "/ptmx") << "the host's";
  REQUIRE(symlink("/dev", bundle.rootfs("volume").c_str()) == 0);
  bundle.edit([&](json& config) {
    config["mounts"].push_back(
        {{"destination", "/volume"}, {"type", "bind"}, {"source", volume}, {"options", {"bind", "rw"}}});
  });
  Container container(bundle);
  REQUIRE(container.run().status == 0);
  CHECK(read_file(volume + "/ptmx") == "the host's");
  CHECK(access((volume + "/null").c_str(), F_OK) != 0);
  CHECK(access((volume + "/fd").c_str(), F_OK) != 0);
}
