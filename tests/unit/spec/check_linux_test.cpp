#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string with(std::vector<IdMapping> uids, std::vector<IdMapping> gids = {{0, 0, 1}}) {
  return check_after([&](Config& c) {
    c.linux->namespaces.push_back({NamespaceType::user, ""});
    c.linux->uid_mappings = std::move(uids);
    c.linux->gid_mappings = std::move(gids);
  });
}

static std::string with(Device device) {
  return check_after([&](Config& c) {
    c.linux->devices = {{.path = "/dev/a", .major = 1, .minor = 1}, std::move(device)};
  });
}

TEST_CASE("check linux: mappings neither overlap nor run over") {
  CHECK(with({{0, 1000, 1}, {1, 100000, 65536}}) == "accepted");
  CHECK(with({{0, 0, 4294967295}}) == "accepted");
  CHECK(with({{0, 1000, 0}}) == "linux.uidMappings[0].size: must not be 0");
  CHECK(with({{1, 0, 4294967295}}) == "accepted");
  CHECK(with({{2, 0, 4294967295}}) == "linux.uidMappings[0].size: 4294967295 ids go beyond the last id");
  CHECK(with({{0, 2, 4294967295}}) == "linux.uidMappings[0].size: 4294967295 ids go beyond the last id");
  CHECK(with({{0, 1000, 10}, {9, 5000, 1}}) == "linux.uidMappings[1]: overlaps linux.uidMappings[0]");
  CHECK(with({{0, 1000, 10}, {10, 1009, 1}}) == "linux.uidMappings[1]: overlaps linux.uidMappings[0]");
  CHECK(with({{10, 1010, 1}, {0, 1000, 10}}) == "accepted");
  CHECK(with({{0, 0, 1}}, {{0, 0, 2}, {1, 5, 1}}) == "linux.gidMappings[1]: overlaps linux.gidMappings[0]");
}

TEST_CASE("check linux: clocks and their offsets") {
  const auto offset = [](const char* clock, TimeOffset value) {
    return check_after([&](Config& c) {
      c.linux->namespaces.push_back({NamespaceType::time, ""});
      c.linux->time_offsets[clock] = value;
    });
  };
  CHECK(offset("boottime", {-1, 999999999}) == "accepted");
  CHECK(offset("realtime", {1, 0}) ==
        "linux.timeOffsets: unknown clock \"realtime\": there are \"monotonic\" and \"boottime\"");
  CHECK(offset("monotonic", {0, 1000000000}) ==
        "linux.timeOffsets.monotonic.nanosecs: expected 0 to 999999999, found 1000000000");
}

TEST_CASE("check linux: devices") {
  CHECK(with({.path = "/dev/b", .major = 4095, .minor = 1048575, .file_mode = 07777}) == "accepted");
  CHECK(with({.type = 'p', .path = "/dev/b"}) == "accepted");
  CHECK(with({.path = "dev/b"}) == "linux.devices[1].path: must be an absolute path, found \"dev/b\"");
  CHECK(with({.path = "/dev/a"}) == "linux.devices[1].path: a second device at \"/dev/a\"");
  CHECK(with({.path = "/dev/b", .major = 4096}) == "linux.devices[1].major: expected 0 to 4095, found 4096");
  CHECK(with({.path = "/dev/b", .major = -1}).starts_with("linux.devices[1].major: "));
  CHECK(with({.path = "/dev/b", .minor = 1048576}).starts_with("linux.devices[1].minor: "));
  CHECK(with({.path = "/dev/b", .minor = -1}).starts_with("linux.devices[1].minor: "));
  CHECK(with({.path = "/dev/b", .file_mode = 010000}).starts_with("linux.devices[1].fileMode: "));
}

TEST_CASE("check linux: hidden paths are absolute") {
  CHECK(check_after([](Config& c) {
          c.linux->masked_paths = {"/a", "b"};
        }) == "linux.maskedPaths[1]: must be an absolute path, found \"b\"");
  CHECK(check_after([](Config& c) { c.linux->readonly_paths = {""}; }) ==
        "linux.readonlyPaths[0]: must be an absolute path, found \"\"");
}

TEST_CASE("check linux: propagation of the root") {
  for (const char* good :
       {"", "shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable"}) {
    CAPTURE(good);
    CHECK(check_after([&](Config& c) { c.linux->rootfs_propagation = good; }) == "accepted");
  }
  for (const char* bad : {"Shared", "r", "rrshared", "none"}) {
    CAPTURE(bad);
    CHECK(check_after([&](Config& c) {
            c.linux->rootfs_propagation = bad;
          }).starts_with("linux.rootfsPropagation: expected shared, slave, private or unbindable, found "));
  }
}

TEST_CASE("check linux: personality") {
  CHECK(check_after([](Config& c) { c.linux->personality = Personality{"LINUX32", {}}; }) == "accepted");
  CHECK(check_after([](Config& c) {
          c.linux->personality = Personality{"LINUX", {"X"}};
        }) == "linux.personality.flags[0]: unknown flag \"X\": the specification has none yet");
}
