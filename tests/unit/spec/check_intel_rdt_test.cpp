#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string with(IntelRdt rdt) {
  const std::string alone = verdict(check(rdt));
  CHECK(check_after([&](Config& c) { c.linux->intel_rdt = rdt; }) == alone);
  return alone;
}

TEST_CASE("check intelRdt: the class is a name, or the root") {
  for (const char* good : {"", "/", "guaranteed", "a.b-c", "..x"})
    CHECK(with({.clos_id = good}) == "accepted");
  for (const char* bad : {".", "..", "a/b", "/a", "info", "mon_groups", "mon_data", "a\nb"}) {
    CAPTURE(bad);
    CHECK(with({.clos_id = bad}).starts_with("linux.intelRdt.closID: "));
  }
}

TEST_CASE("check intelRdt: shares are lines") {
  CHECK(with({.schemata = {{"L3:0=f", "MB:0=20"}},
              .l3_cache_schema = "L3:0=f\nL3CODE:0=f",
              .mem_bw_schema = "MB:0=20;1=70"}) == "accepted");
  CHECK(with({.schemata = std::vector<std::string>{}}) == "accepted");
  CHECK(with({.mem_bw_schema = "L3:0=f"}).starts_with("linux.intelRdt.memBwSchema: "));
  CHECK(with({.mem_bw_schema = "MB:0=20\nMB:1=20"}).starts_with("linux.intelRdt.memBwSchema: "));
  for (const char* bad : {"", "L3", ":0=f", "L3:0=f\n"}) {
    CAPTURE(bad);
    CHECK(with({.schemata = {{"L3:0=f", bad}}}).starts_with("linux.intelRdt.schemata[1]: "));
  }
}
