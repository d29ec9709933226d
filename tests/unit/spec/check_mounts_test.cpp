#include <fmt/core.h>

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string with(Mount mount) {
  return check_after([&](Config& c) {
    c.mounts = {{.destination = "/a", .type = "tmpfs"}, std::move(mount)};
  });
}

TEST_CASE("check mounts: a type, unless it is a bind mount or a change") {
  CHECK(with({.destination = "/x", .type = "tmpfs"}) == "accepted");
  CHECK(with({.destination = "/x", .source = "/y", .options = {"rbind"}}) == "accepted");
  CHECK(with({.destination = "/x", .type = "bind", .source = "/y"}) == "accepted");
  CHECK(with({.destination = "/x", .options = {"remount", "ro"}}) == "accepted");
  CHECK(with({.destination = "/x", .source = "/y", .options = {"ro"}}) ==
        "mounts[1].type: missing, and the options have neither \"bind\" nor \"rbind\"");
}

TEST_CASE("check mounts: what a bind mount needs and cannot have") {
  CHECK(with({.destination = "/x", .options = {"bind"}}) ==
        "mounts[1].source: missing, and a bind mount needs one");
  CHECK(
      with({.destination = "/x", .source = "/y", .options = {"bind", "ro", "rnosuid", "silent", "async"}}) ==
      "accepted");
  CHECK(with({.destination = "/x", .source = "/y", .options = {"bind", "size=1k"}}) == "accepted");
  for (const char* option : {"sync", "dirsync", "mand", "lazytime", "iversion"}) {
    CAPTURE(option);
    CHECK(with({.destination = "/x", .source = "/y", .options = {"rbind", option}}) == "accepted");
    CHECK(with({.destination = "/x", .type = "ext4", .source = "/y", .options = {option}}) == "accepted");
  }
}

TEST_CASE("check mounts: what is said about a source needs one") {
  for (const char* option : {"copy-symlink", "src-nofollow"}) {
    CHECK(with({.destination = "/x", .source = "/y", .options = {"bind", option}}) == "accepted");
    CHECK(with({.destination = "/x", .type = "tmpfs", .options = {option}}) ==
          fmt::format("mounts[1].options: {} is about the source of a bind mount, and this is none", option));
  }
}

TEST_CASE("check mounts: tmpcopyup is tmpfs's") {
  CHECK(with({.destination = "/x", .type = "tmpfs", .options = {"tmpcopyup"}}) == "accepted");
  CHECK(with({.destination = "/x", .type = "proc", .options = {"tmpcopyup"}}) ==
        "mounts[1].options: tmpcopyup fills a tmpfs, and the type is \"proc\"");
}

TEST_CASE("check mounts: mappings come in pairs") {
  const std::vector<IdMapping> one{{0, 1, 1}};
  CHECK(with({.destination = "/x", .type = "tmpfs", .uid_mappings = one}) ==
        "mounts[1].gidMappings: missing beside uidMappings");
  CHECK(with({.destination = "/x", .type = "tmpfs", .gid_mappings = one}) ==
        "mounts[1].uidMappings: missing beside gidMappings");
}
