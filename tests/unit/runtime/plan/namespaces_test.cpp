#include <catch2/catch.hpp>

#include "../../own_stack.hpp"
#include "../container/support.hpp"
#include "runtime/plan/build.hpp"

using namespace lodger;

namespace {

/// What becomes of an entry with this path, where this namespace is the one that was judged.
Outcome<std::size_t> joins_of(const std::string& path, std::optional<netmode::Identity> judged) {
  spec::Config config;
  config.linux.emplace().namespaces = {{spec::NamespaceType::network, path}};
  plan::Wishes wishes;
  wishes.network = judged;
  auto memory = plan::Memory::make().value();
  plan::Row row;
  plan::Planning planning{config, wishes, memory, row};
  plan::Built built;
  built.plan = &memory.one<init::Plan>();
  TRY(plan_namespaces(planning, built));
  return built.plan->joins.size();
}

netmode::Identity identity_of(const std::string& path) {
  return netmode::look_at_stack("test", path, "/proc/self/ns/net").value().identity;
}

}  // namespace

TEST_CASE("plan_namespaces: a path swapped since the network was judged is refused, whatever it leads to") {
  if (geteuid() != 0) SKIP_TEST("needs root, for network namespaces");
  const tests::Elsewhere judged, other;
  const test::TempFolder temp;
  const auto link = temp / "net";
  REQUIRE(symlink(judged.path().c_str(), link.c_str()) == 0);
  const auto identity = identity_of(link);
  CHECK(joins_of(link, identity) == 1U);

  for (const auto& swapped : {other.path(), std::string("/proc/self/ns/net")}) {
    INFO(swapped);
    REQUIRE(unlink(link.c_str()) == 0);
    REQUIRE(symlink(swapped.c_str(), link.c_str()) == 0);
    const auto refused = joins_of(link, identity);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().text,
               Catch::StartsWith("linux.namespaces[0].path " + link + ": leads to another network "));
    CHECK(refused.error().code == ESTALE);
  }
}
