#include "runtime/plan/caller.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace lodger;
using plan::Caller;
using spec::NamespaceType;

namespace {

Caller ordinary() {
  Caller caller;
  caller.uid = caller.gid = 1000;
  caller.privileged = caller.administrator = caller.owns_mounts = false;
  return caller;
}

spec::Config mapped(std::vector<spec::IdMapping> gids) {
  spec::Config config;
  config.linux.emplace();
  config.linux->namespaces.push_back({NamespaceType::user, ""});
  config.linux->uid_mappings = {{0, 1000, 1}};
  config.linux->gid_mappings = std::move(gids);
  return config;
}

std::string verdict(const spec::Config& config, const Caller& caller) {
  const auto checked = plan::check(config, caller);
  return checked ? "accepted" : checked.error().text;
}

}  // namespace

TEST_CASE("caller: which maps the kernel lets a user write") {
  CHECK(plan::maps_only({{0, 1000, 1}}, 1000));
  CHECK(plan::maps_only({{7, 1000, 1}}, 1000));
  CHECK_FALSE(plan::maps_only({{0, 1001, 1}}, 1000));
  CHECK_FALSE(plan::maps_only({{0, 1000, 2}}, 1000));
  CHECK_FALSE(plan::maps_only({{0, 1000, 1}, {1, 5000, 1}}, 1000));
  CHECK_FALSE(plan::maps_only({}, 1000));
}

TEST_CASE("caller: who keeps the groups that lodger was started with") {
  const auto own = mapped({{0, 1000, 1}}), more = mapped({{0, 1000, 1}, {1, 5000, 10}});
  CHECK(plan::keeps_groups(*own.linux, ordinary()));
  CHECK_FALSE(plan::keeps_groups(*more.linux, ordinary()));
  CHECK_FALSE(plan::keeps_groups(*own.linux, Caller{}));
  Caller nested;
  nested.privileged = false;
  nested.in_user_namespace = nested.groups_denied = true;
  CHECK(plan::keeps_groups(*more.linux, nested));
  spec::Linux none;
  CHECK_FALSE(plan::keeps_groups(none, Caller{}));
}

TEST_CASE("caller: what an ordinary user is refused") {
  auto config = mapped({{0, 1000, 1}});
  config.process.emplace();
  CHECK(verdict(config, ordinary()) == "accepted");
  config.process->user.additional_gids = {5};
  CHECK(verdict(config, ordinary()).starts_with("process.user.additionalGids: setgroups is denied"));
  CHECK(verdict(config, Caller{}) == "accepted");
  config.linux->namespaces.clear();
  CHECK(
      verdict(config, ordinary()).starts_with("linux.namespaces: no entry of type \"user\", which uid 1000"));
  CHECK(verdict(config, Caller{}) == "accepted");
}

TEST_CASE("caller: this process") {
  const auto caller = plan::look_at_caller();
  REQUIRE(caller);
  CHECK(caller->uid == ::geteuid());
  CHECK(caller->gid == ::getegid());
  CHECK(plan::check_not_elevated());
}
