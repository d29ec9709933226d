#include "spec/idmap.hpp"

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

namespace {

using Lines = std::vector<IdMapping>;

/// The mount among others in a configuration with a user namespace, or a joined one, or none.
Config with_user_namespace(const char* path = "") {
  Config config;
  config.linux = Linux{};
  config.linux->namespaces = {{NamespaceType::user, path}};
  config.linux->uid_mappings = {{0, 0, 1}, {1, 2, 1000}};
  config.linux->gid_mappings = {{0, 500, 2000}};
  return config;
}

Mount bind_with(std::string option, Lines uids = {}, Lines gids = {}) {
  return {.destination = "/x",
          .source = "/y",
          .options = {"rbind", std::move(option)},
          .uid_mappings = std::move(uids),
          .gid_mappings = std::move(gids)};
}

std::string text(const Mount& mount, const Config& config = with_user_namespace()) {
  const auto map = id_map(mount, config);
  if (!map) return map.error().text;
  if (!*map) return "none";
  return map_text((*map)->uids) + "/" + map_text((*map)->gids) + ((*map)->recursive ? "r" : "") +
         ((*map)->joined_namespace ? "j" : "");
}

}  // namespace

TEST_CASE("idmap: the mount's mappings, else those of the user namespace") {
  CHECK(text(bind_with("ro")) == "none");
  CHECK(text(bind_with("idmap", {{0, 7, 8}}, {{1, 2, 3}})) == "0 7 8\n/1 2 3\n");
  CHECK(text(bind_with("ro", {{0, 7, 8}}, {{1, 2, 3}})) == "0 7 8\n/1 2 3\n");
  CHECK(text(bind_with("ridmap")) == "0 0 1\n1 2 1000\n/0 500 2000\nr");
  CHECK(text(bind_with("ridmap"), with_user_namespace("/proc/1/ns/user")) == "/rj");
  CHECK(text(bind_with("idmap"), Config{}).ends_with("user namespace, and it has none"));
}

TEST_CASE("idmap: a map in the option's own text") {
  CHECK(text(bind_with("idmap=uids=0-1-10#10-11-10;gids=0-100-10")) == "0 1 10\n10 11 10\n/0 100 10\n");
  CHECK(text(bind_with("ridmap=gids=0-100-10;uids=0-1-10")) == "0 1 10\n/0 100 10\nr");
  CHECK(text(bind_with("idmap=uids=@1-3-10;gids=@0-1-1")) == "1 4 10\n/0 501 1\n");  // the manual's example
  CHECK(text(bind_with("idmap=uids=@7-0-3;gids=0-1-1")) == "7 0 1\n8 2 2\n/0 1 1\n");
}

TEST_CASE("idmap: a text that is no map is refused, and says where") {
  const auto refused = [](const char* option, const char* why) {
    CAPTURE(option);
    CHECK(text(bind_with(option)).starts_with(std::string(".options: idmap: ") + why));
  };
  refused("idmap=", "uids are missing");
  refused("idmap=uids=0-1-1", "gids are missing");
  refused("idmap=gids=0-1-1", "uids are missing");
  refused("idmap=uids=0-1-1;uids=0-1-1", "a second \"uids\"");
  refused("idmap=pids=0-1-1", "\"pids\": only");
  for (const char* line :
       {"", "0-1", "0-1-", "0-1-2-3", "0-1-0", "a-1-1", "0--1", "0-1-1 ", "-1-1-1", "0-1-4294967296", "@"})
    refused((std::string("idmap=gids=0-1-1;uids=") + line).c_str(),
            ("\"" + std::string(line) + "\" is no mapping").c_str());
  refused("idmap=uids=@0-999-5;gids=0-1-1", "\"@0-999-5\": id 1001 is not mapped");
  refused("idmap=uids=0-1-2#1-9-1;gids=0-1-1", "uids[1]: overlaps");
  CHECK(text(bind_with("idmap=uids=4294967295-0-2;gids=0-1-1")).find("beyond the last id") !=
        std::string::npos);
}

TEST_CASE("idmap: only bind mounts, and only one map") {
  CHECK(text({.destination = "/x", .type = "tmpfs", .options = {"idmap"}}) ==
        ".options: idmap: only bind mounts can be id-mapped");
  CHECK(text({.destination = "/x", .options = {"bind", "remount", "idmap"}}) ==
        ".options: idmap: what is mounted already cannot be mapped any more");
  CHECK(text(bind_with("idmap=uids=0-1-1;gids=0-1-1", {{0, 1, 1}}, {{0, 1, 1}})) ==
        ".options: idmap: has a map of its own beside uidMappings and gidMappings");
  CHECK(text(bind_with("idmap", {{0, 1, 0}}, {{0, 1, 1}})) == ".uidMappings[0].size: must not be 0");
}

TEST_CASE("idmap: a map in containerd's words") {
  const auto read = [](const char* given) {
    const auto lines = colon_map("uidmap", given);
    return lines ? map_text(*lines) : lines.error().text;
  };
  CHECK(read("0:100000:65536") == "0 100000 65536\n");
  CHECK(read("0:100000:10,10:7:1") == "0 100000 10\n10 7 1\n");
  for (const char* wrong : {"", "0:1", "0:1:2:3", "0:1:0", "-1:1:1", "0:+1:1", "0: 1:1", "a:1:1", "0-1-1",
                            "0:1:4294967296", ",0:1:1", "0:1:1,,7:8:1"}) {
    CAPTURE(wrong);
    CHECK_THAT(read(wrong), Catch::StartsWith("uidmap: \"") && Catch::Contains("is no mapping"));
  }
  CHECK(read("0:1:5,4:9:1") == "uidmap[1]: overlaps uidmap[0]");
  CHECK_THAT(read("1:4294967295:2"), Catch::Contains("beyond the last id"));
}
