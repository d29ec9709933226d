#include "runtime/resctrl/schemata.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::resctrl;

using Texts = std::vector<std::string>;

TEST_CASE("schemata: what the kernel shows, with its blanks") {
  const auto list = parse_schemata("    MB:0= 100;1=  50\n    L3:0=7ff;1=0FF\nnonsense\nL2CODE:\n");
  REQUIRE(list.size() == 3);
  CHECK(list[0].resource == "MB");
  CHECK(list[0].shares == std::map<std::string, std::string>{{"0", "100"}, {"1", "50"}});
  CHECK(list[1].resource == "L3");
  CHECK(list[1].shares == std::map<std::string, std::string>{{"0", "7ff"}, {"1", "ff"}});
  CHECK(list[2].shares.empty());
  CHECK(parse_schemata("L3:0=000").front().shares.at("0") == "0");
}

TEST_CASE("schemata: written in the specification's order") {
  spec::IntelRdt rdt;
  CHECK(writes_for(rdt).empty());
  rdt.schemata.emplace();
  CHECK(writes_for(rdt).empty());
  rdt.schemata = {"L2:0=f", "L3:0=3"};
  rdt.mem_bw_schema = "MB:0=20";
  CHECK(writes_for(rdt) == Texts{"MB:0=20\n", "L2:0=f\nL3:0=3\n"});
  rdt.l3_cache_schema = "L3:0=f\n";
  CHECK(writes_for(rdt) == Texts{"L3:0=f\n", "MB:0=20\n", "L2:0=f\nL3:0=3\n"});
}

TEST_CASE("schemata: a class gives what is asked for, as far as it is asked") {
  const auto there = parse_schemata("MB:0=100;1=50\nL3:0=7ff;1=ff");
  const auto gives = [&](const char* wanted) { return matches(parse_schemata(wanted), there); };
  CHECK(gives("L3:0=7FF;1=0ff"));
  CHECK(gives("L3:1=ff"));
  CHECK(gives("MB:1=50\nL3:0=7ff"));
  CHECK_FALSE(gives("L3:0=7fe"));
  CHECK_FALSE(gives("L3:2=7ff"));
  CHECK_FALSE(gives("L2:0=7ff"));
  CHECK(unknown_resource(parse_schemata("L3:0=1\nL2:0=1"), there) == "L2");
  CHECK(unknown_resource(parse_schemata("L3:0=1"), there).empty());
}
