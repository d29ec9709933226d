// cgroup2's controllers, where it has some: on v2.
#include "cgroups/controllers.hpp"

#include <sched.h>

#include "cgroups/files.hpp"
#include "kernel/process.hpp"
#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

#define V2_LAYOUT(layout) \
  REAL_LAYOUT(layout);    \
  if (layout.kind != Kind::v2) SKIP_TEST("needs cgroup2 with controllers")

TEST_CASE("all controllers of the tree reach a new cgroup, through all parents") {
  V2_LAYOUT(layout);
  auto cgroup = Cgroup::prepare(layout, {unique_cgroup() + "/deeper/still", {}}, nullptr);
  REQUIRE(cgroup);
  const auto all = slurp(layout.unified + "/cgroup.controllers");
  CHECK(all.find("memory") != std::string::npos);
  CHECK(slurp(cgroup->record().folders.front() + "/cgroup.controllers") == all);
  CHECK(slurp(cgroup->record().folders.front() + "/cgroup.subtree_control").empty());
}

TEST_CASE("a controller that is not there is an error only for what needs it") {
  V2_LAYOUT(layout);
  spec::Resources r;
  r.unified = {{"nosuch.max", "1"}};
  const auto path = unique_cgroup();
  const auto cgroup = Cgroup::prepare(layout, {path, {}}, &r);
  REQUIRE_FALSE(cgroup);
  CHECK(cgroup.error().text.starts_with(
      "cgroup " + path + ": nosuch.max: the nosuch controller is not available here (there are: "));
  CHECK(nothing_left(layout, path));
}

TEST_CASE("a parent with processes of its own is named, but hinders only what needs its controllers") {
  V2_LAYOUT(layout);
  auto parent = Cgroup::prepare(layout, {unique_cgroup(), {}}, nullptr);
  REQUIRE(parent);
  Sleeper sleeper(parent->record());
  REQUIRE(sleeper.entered);
  const auto path = parent->record().path + "/child";
  {
    const auto child = Cgroup::prepare(layout, {path, {}}, nullptr);
    REQUIRE(child);
    CHECK(slurp(child->record().folders.front() + "/cgroup.type") == "domain");  // and so fit for a process
  }
  spec::Resources r;
  r.pids = spec::Pids{5};
  const auto refused = Cgroup::prepare(layout, {path, {}}, &r);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text ==
        "cgroup " + path + ": pids.max: needs the pids controller: " + parent->record().folders.front() +
            "/cgroup.subtree_control: write \"+pids\": Device or resource busy (a cgroup with "
            "processes of its own cannot give controllers to children)");
}

TEST_CASE("a process is born in the cgroup, and counted against its limits") {
  V2_LAYOUT(layout);
  spec::Resources r;
  r.pids = spec::Pids{1};
  r.unified = {{"memory.high", "33554432"}};
  auto cgroup = Cgroup::prepare(layout, {unique_cgroup(), {}}, &r);
  REQUIRE(cgroup);
  REQUIRE(cgroup->complete(0));
  CHECK(slurp(cgroup->record().folders.front() + "/memory.high") == "33554432");
  clone_args how{};
  how.flags = CLONE_INTO_CGROUP;
  how.exit_signal = SIGCHLD;
  how.cgroup = static_cast<std::uint64_t>(cgroup->birthplace());
  const auto child = kernel::fork3(how);
  REQUIRE(child);
  if (*child == 0) {
    const auto second = kernel::fork3({.exit_signal = SIGCHLD});
    kernel::exit(!second && second.error().code == EAGAIN ? 0 : 1);
  }
  int status = 0;
  ::waitpid(*child, &status, 0);
  CHECK(status == 0);
}
