#include "runtime/shim/leavings.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/runtime/container/support.hpp"

using namespace lodger;
using namespace lodger::shim;
using lodger::test::TempFolder;

TEST_CASE("leavings: what is left in a bundle is found again, an end only of the process whose it is") {
  const TempFolder bundle;
  CHECK(!read_leavings(bundle.path)->has_value());
  REQUIRE(leave_state_root(bundle.path, "/run/somewhere"));
  CHECK((*read_leavings(bundle.path))->state_root == "/run/somewhere");
  CHECK((*read_leavings(bundle.path))->pid == 0);
  (void)kernel::write_file(kernel::cwd, pid_file(bundle.path).c_str(), std::string_view("77"));
  REQUIRE(leave_exit(bundle.path, 77, {3, {5, 6}}));
  const auto left = *read_leavings(bundle.path);
  CHECK(left->pid == 77);
  REQUIRE(left->exit);
  CHECK(left->exit->status == 3);
  CHECK(left->exit->at.seconds == 5);
  CHECK(left->exit->at.nanos == 6);
  (void)kernel::write_file(kernel::cwd, pid_file(bundle.path).c_str(), std::string_view("78"));
  CHECK(!(*read_leavings(bundle.path))->exit);
}
