#include "runtime/rootfs/binds.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using rootfs::path_below;

TEST_CASE("binds: a path below a folder, by the texts alone") {
  CHECK(path_below("/b/root", "/b/root/x/y") == "x/y");
  CHECK(path_below("/b/root", "/b/root//x/") == "x");
  CHECK(path_below("/b/root", "/b/root") == "");
  CHECK_FALSE(path_below("/b/root", "/b/roots/x"));
  CHECK_FALSE(path_below("/b/root", "/b"));
  CHECK_FALSE(path_below("/b/root", "/b/root/../x"));
  CHECK_FALSE(path_below("/b/root", "/b/root/x/.."));
  CHECK(path_below("/b/root", "/b/root/x..y") == "x..y");
  CHECK_FALSE(path_below("/", "/x"));  // everything lies there
}

namespace {

/// The mounts planned for a root at /etc, whose files are the host's.
Outcome<std::vector<init::Mount>> planned(plan::Memory& memory, plan::Row& row, spec::Config& config,
                                          std::vector<std::string>* warnings = nullptr) {
  config.root = spec::Root{"/etc", false};
  config.linux.emplace();
  plan::Wishes wishes;
  wishes.caller.privileged = wishes.caller.owns_mounts = false;
  plan::Planning planning{config, wishes, memory, row};
  init::Rootfs rootfs;
  rootfs.path = memory.text("/etc");
  auto mounts = rootfs::plan_mounts(planning, rootfs);
  if (warnings) *warnings = planning.warnings;
  return mounts;
}

spec::Mount bound(std::string source, std::string destination, std::vector<std::string> options = {"bind"}) {
  return {.destination = std::move(destination), .source = std::move(source), .options = std::move(options)};
}

}  // namespace

TEST_CASE("binds: only what an earlier mount shows is left to its turn") {
  auto memory = std::move(plan::Memory::make().value());
  plan::Row row;
  spec::Config config;
  config.mounts = {bound("/usr", "/made"), bound("/etc/made/lib", "/a"),   bound("/etc/passwd", "/b"),
                   bound("/etc", "/c"),    bound("/etc", "/d", {"rbind"}), bound("/etc/made", "/e")};
  const auto mounts = planned(memory, row, config);
  REQUIRE(mounts);
  const auto inner = [&](std::size_t i) { return (*mounts)[i].kind == init::MountKind::inner; };
  CHECK(inner(1));
  CHECK((*mounts)[1].source == std::string_view("made/lib"));
  CHECK_FALSE(inner(2));
  CHECK_FALSE(inner(3));
  CHECK(inner(4));
  CHECK((*mounts)[4].source == std::string_view(""));
  CHECK(inner(5));
}

TEST_CASE("binds: a source that only a later mount shows is missing") {
  auto memory = std::move(plan::Memory::make().value());
  plan::Row row;
  spec::Config config;
  config.mounts = {bound("/etc/no-such/x", "/x"), bound("/usr", "/no-such")};
  const auto mounts = planned(memory, row, config);
  REQUIRE_FALSE(mounts);
  CHECK(mounts.error().text == "mounts[0] /x: source /etc/no-such/x: No such file or directory");
}

TEST_CASE("binds: what is taken otherwise than it says is warned of") {
  auto memory = std::move(plan::Memory::make().value());
  plan::Row row;
  spec::Config config;
  config.mounts = {bound("/usr", "/etc/x", {"bind", "mode=755", "iversion", "nodev"})};
  std::vector<std::string> warnings;
  const auto mounts = planned(memory, row, config, &warnings);
  REQUIRE(mounts);
  CHECK(mounts->front().destination == std::string_view("x"));
  CHECK(warnings ==
        std::vector<std::string>{"mounts[0] /etc/x: taken as /x, since it begins with the root's path",
                                 "mounts[0] /etc/x: option \"iversion\" has no effect on a bind mount",
                                 "mounts[0] /etc/x: option \"mode=755\" has no effect on a bind mount"});
}
