// config-linux.md, "Masked Paths" and "Readonly Paths": hidden, and not to be had back.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

TEST_CASE("masked: a file reads as /dev/null, and reads as itself without the mask", "[masked]") {
  NEEDS_ROOT();
  const Facts masked = inside("read /proc/cmdline ; stat /proc/cmdline",
                              [](json& config) { config["linux"]["maskedPaths"] = {"/proc/cmdline"}; });
  CHECK(masked["read:/proc/cmdline.data"] == "");
  CHECK(masked["stat:/proc/cmdline.rdev"] == "1:3");
  CHECK(inside("read /proc/cmdline")["read:/proc/cmdline.data"] != "");
}

TEST_CASE("masked: a folder is empty and read-only", "[masked]") {
  NEEDS_ROOT();
  const Facts facts = inside("list /etc ; create /etc/new ; list /sys/firmware", [](json& config) {
    config["linux"]["maskedPaths"] = {"/etc", "/sys/firmware"};
  });
  CHECK(facts["list:/etc"] == "");
  CHECK(facts["create:/etc/new.errno"] == std::to_string(EROFS));
  CHECK(facts["list:/sys/firmware"] == "");
}

TEST_CASE("masked: a path that is not there is left out", "[masked]") {
  NEEDS_ROOT();
  const Facts facts = inside("echo ran ; stat /proc/no-such", [](json& config) {
    config["linux"]["maskedPaths"] = {"/proc/no-such", "/proc/no/such/deep", "/nowhere"};
  });
  CHECK(facts["echo"] == "ran");
}

TEST_CASE("masked: the container cannot take a mask off", "[masked]") {
  NEEDS_ROOT();
  const Facts facts =
      inside("umount /proc/cmdline ; unlink /proc/cmdline ; read /proc/cmdline ; umount /sys/firmware",
             [](json& config) {
               config["linux"]["maskedPaths"] = {"/proc/cmdline", "/sys/firmware"};
             });
  CHECK(facts["umount:/proc/cmdline.errno"] == std::to_string(EPERM));
  CHECK(facts["unlink:/proc/cmdline.errno"] != "0");
  CHECK(facts["read:/proc/cmdline.data"] == "");
  CHECK(facts["umount:/sys/firmware.errno"] == std::to_string(EPERM));
}

TEST_CASE("masked: what is masked is masked for the root's own files too", "[masked]") {
  NEEDS_ROOT();
  const Bundle bundle("read /etc/secret ; write /etc/secret x ; read /etc/secret",
                      [](json& config) { config["linux"]["maskedPaths"] = {"/etc/secret"}; });
  write_file(bundle.rootfs("/etc/secret"), "secret");
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK_THAT(done.out, !Catch::Contains("data=secret"));
  CHECK(read_file(bundle.rootfs("/etc/secret")) == "secret");
}

TEST_CASE("readonly: paths cannot be written, and can without the entry", "[masked]") {
  NEEDS_ROOT();
  const Edit edit = [](json& config) { config["linux"]["readonlyPaths"] = {"/tmp", "/etc/file"}; };
  const Bundle bundle(
      "create /tmp/x ; write /etc/file x ; remount-rw /tmp ; remount-rw /etc/file ; create /etc/y", edit);
  write_file(bundle.rootfs("/etc/file"), "text");
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  const Facts facts(done.out);
  CHECK(facts["create:/tmp/x.errno"] == std::to_string(EROFS));
  CHECK(facts["write:/etc/file.errno"] == std::to_string(EROFS));
  CHECK(facts["remount:/tmp.errno"] == std::to_string(EPERM));
  CHECK(facts["remount:/etc/file.errno"] == std::to_string(EPERM));
  CHECK(facts["create:/etc/y.errno"] == "0");
}

TEST_CASE("readonly: keeps the flags that the mount below has", "[masked]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) {
    config["linux"]["readonlyPaths"] = {"/proc/sys", "/dev/shm"};
  });
  Container container(bundle);
  container.create();
  const auto shm = mount_at(container.pid(), "/dev/shm");
  for (const char* option : {"ro", "nosuid", "nodev", "noexec"}) CHECK(shm.has(option));
  CHECK(mount_at(container.pid(), "/proc/sys").has("ro"));
}

TEST_CASE("readonly: a path that is not there is left out", "[masked]") {
  NEEDS_ROOT();
  CHECK(inside("echo ran", [](json& config) {
          config["linux"]["readonlyPaths"] = {"/proc/no-such", "/no/where"};
        })["echo"] == "ran");
}

TEST_CASE("masked: relative paths are refused (config-linux.md: absolute paths)", "[masked]") {
  NEEDS_ROOT();
  refused([](json& config) { config["linux"]["maskedPaths"] = {"proc/cmdline"}; }, {"proc/cmdline"});
  refused([](json& config) { config["linux"]["readonlyPaths"] = {"proc/sys"}; }, {"proc/sys"});
}
