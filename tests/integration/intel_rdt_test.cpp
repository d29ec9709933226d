// config-linux.md, "IntelRdt". Few machines have a resctrl filesystem: what lodger does with one is tested on
// a tree of files (tests/unit/runtime/resctrl); here, that it is needed, and what no machine would take.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

Edit with(const json& rdt) {
  return [=](json& config) { config["linux"]["intelRdt"] = rdt; };
}

bool mounted() { return access("/sys/fs/resctrl/schemata", F_OK) == 0; }

}  // namespace

TEST_CASE("intelRdt: without a mounted resctrl filesystem it is refused, empty as it may be", "[intel_rdt]") {
  NEEDS_ROOT();
  NEEDS(!mounted(), "resctrl is mounted");
  refused(with(json::object()), {"linux.intelRdt", "resctrl"});
  refused(with({{"closID", "gold"}, {"l3CacheSchema", "L3:0=f"}}), {"linux.intelRdt", "resctrl"});
}

TEST_CASE("intelRdt: a container is in its own class, which goes with it", "[intel_rdt]") {
  NEEDS_ROOT();
  NEEDS(mounted(), "no resctrl filesystem is mounted");
  const Bundle bundle("hold", with(json::object()));
  Container container(bundle);
  container.create();
  const std::string group = "/sys/fs/resctrl/" + container.id();
  CHECK_THAT(read_file(group + "/tasks"), Catch::Contains(std::to_string(container.pid())));
  CHECK(container.remove().status == 0);
  CHECK(access(group.c_str(), F_OK) != 0);
}

TEST_CASE("intelRdt: what no machine would take is refused by name", "[intel_rdt]") {
  NEEDS_ROOT();
  refused(with({{"closID", "a/b"}}), {"linux.intelRdt.closID", "a/b"});
  refused(with({{"memBwSchema", "L3:0=f"}}), {"linux.intelRdt.memBwSchema"});
  refused(with({{"schemata", {"L3:0=f\nMB:0=10"}}}), {"linux.intelRdt.schemata[0]"});
}
