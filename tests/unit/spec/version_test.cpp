#include "spec/version.hpp"

#include <catch2/catch.hpp>

#include <string>

using lodger::spec::major_version;

TEST_CASE("version: what SemVer 2.0.0 takes") {
  struct Row {
    const char* text;
    unsigned major;
  };
  for (const auto& [text, major] :
       {Row{"1.0.0", 1}, Row{"0.5.0-dev", 0}, Row{"1.0.2-dev", 1}, Row{"1.1.0-rc.2", 1}, Row{"1.2.0+dev", 1},
        Row{"10.20.30", 10}, Row{"1.0.0-alpha-a.b-c.0+build.01", 1}, Row{"2.0.0-0", 2}, Row{"1.0.0--", 1}}) {
    CAPTURE(text);
    REQUIRE(major_version(text));
    CHECK(*major_version(text) == major);
  }
}

TEST_CASE("version: what it does not take") {
  for (const char* text :
       {"", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.x", "01.0.0", "1.00.0", "1.0.0-", "1.0.0-a..b", "1.0.0-01",
        "1.0.0+", "1.0.0-ä", " 1.0.0", "1.0.0 ", "-1.0.0", "1..0", "99999999999999999999.0.0", "1.0.0+a_b"}) {
    CAPTURE(text);
    CHECK_FALSE(major_version(text));
  }
}
