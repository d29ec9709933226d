#include <catch2/catch.hpp>

#include "runtime/rootfs/rootfs.hpp"

using namespace lodger;

TEST_CASE("plan of the root: what only init may copy has no tree, and is looked at all the same") {
  spec::Config config;
  config.root = spec::Root{"/etc", false};
  config.linux.emplace().namespaces = {{spec::NamespaceType::mount, ""}};
  plan::Wishes wishes;
  wishes.caller.privileged = wishes.caller.owns_mounts = false;
  auto memory = std::move(plan::Memory::make().value());
  plan::Row row;
  plan::Planning planning{config, wishes, memory, row};
  auto rootfs = rootfs::plan_rootfs(planning);
  REQUIRE(rootfs);
  CHECK(rootfs->tree == init::none);
  CHECK(rootfs->path == std::string_view("/etc"));
  CHECK(rootfs->inode != 0);
  config.mounts.push_back({.destination = "/x", .source = "/no/such", .options = {"bind"}});
  rootfs = rootfs::plan_rootfs(planning);
  REQUIRE_FALSE(rootfs);
  CHECK(rootfs.error().text == "mounts[0] /x: source /no/such: No such file or directory");

  config.linux->namespaces.clear();
  rootfs = rootfs::plan_rootfs(planning);
  REQUIRE_FALSE(rootfs);
  CHECK_THAT(rootfs.error().text,
             Catch::StartsWith("linux.namespaces: no entry of type \"mount\", and uid "));
}
