#include "cgroups/usable.hpp"

#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using tests::Scratch;

namespace {

/// Root may write anywhere, so what is closed here is a hierarchy that is not there at all.
Layout hybrid_in(const Scratch& scratch) {
  Layout layout{Kind::hybrid, scratch.path + "/closed-unified", {}};
  layout.hierarchies.push_back({scratch.folder("pids"), {"pids"}});
  layout.hierarchies.push_back({scratch.path + "/closed-cpu", {"cpu"}});
  layout.hierarchies.push_back({scratch.folder("memory"), {"memory"}});
  return layout;
}

}  // namespace

TEST_CASE("hierarchies where the cgroup cannot be made are left out, and the cgroup2 tree with them") {
  const Scratch scratch;
  auto layout = hybrid_in(scratch);
  leave_out_closed(layout, "/a/b");
  CHECK(layout.kind == Kind::v1);
  CHECK(layout.unified.empty());
  REQUIRE(layout.hierarchies.size() == 2);
  CHECK(layout.hierarchies[0].has("pids"));
  CHECK(layout.hierarchies[1].has("memory"));
}

TEST_CASE("the cgroup2 tree that is open stays") {
  const Scratch scratch;
  auto layout = hybrid_in(scratch);
  layout.unified = scratch.folder("unified");
  leave_out_closed(layout, "/a");
  CHECK(layout.kind == Kind::hybrid);
  CHECK(layout.unified == scratch.path + "/unified");
}

TEST_CASE("nothing is left out without a path, or where all is closed") {
  const Scratch scratch;
  auto layout = hybrid_in(scratch);
  leave_out_closed(layout, "");
  CHECK(layout.hierarchies.size() == 3);
  layout.hierarchies.erase(layout.hierarchies.begin());
  layout.hierarchies.pop_back();
  leave_out_closed(layout, "/a");
  CHECK(layout.kind == Kind::hybrid);
  CHECK(layout.hierarchies.size() == 1);
}

TEST_CASE("a container's layout has the hierarchies that it has a folder in") {
  REAL_LAYOUT(all);
  Record record{"/lodger-test/x", tests::everywhere(all, "/lodger-test/x"), {}, !all.unified.empty()};
  const auto whole = detect_for(record);
  REQUIRE(whole);
  CHECK(whole->kind == all.kind);
  CHECK(whole->hierarchies.size() == all.hierarchies.size());
  if (all.kind == Kind::v2) return;
  record.folders = {all.hierarchies.back().folder + "/lodger-test/x"};
  const auto part = detect_for(record);
  REQUIRE(part);
  CHECK(part->kind == Kind::v1);
  REQUIRE(part->hierarchies.size() == 1);
  CHECK(part->hierarchies[0].folder == all.hierarchies.back().folder);
}
