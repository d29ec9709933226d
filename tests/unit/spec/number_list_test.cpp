#include "spec/number_list.hpp"

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static Mask mask(std::string_view text) {
  auto parsed = parse_number_list("p", text, 256);
  REQUIRE(verdict(parsed) == "accepted");
  return *parsed;
}

TEST_CASE("number list: numbers and ranges, in any order, over words") {
  CHECK(mask("").empty());
  CHECK(mask("0") == Mask{1});
  CHECK(mask("0-3,7") == Mask{0x8f});
  CHECK(mask("7,0-3,2") == Mask{0x8f});
  CHECK(mask("63-64") == Mask{std::uint64_t{1} << 63, 1});
  CHECK(mask("255") == Mask{0, 0, 0, std::uint64_t{1} << 63});
  CHECK(mask("0-255") == Mask(4, ~std::uint64_t{0}));
}

TEST_CASE("number list: anything else is refused as a whole") {
  for (const char* text : {",", "0,", ",0", "0,,1", "-", "-1", "1-", "2-1", "1-2-3", " 0", "0 ", "0, 1", "+1",
                           "0x1", "a", "4294967296", "0-4294967296"}) {
    CAPTURE(text);
    CHECK(verdict(parse_number_list("p", text, 256)) ==
          "p: expected a list such as \"0-3,7\", found \"" + std::string(text) + "\"");
  }
  CHECK(verdict(parse_number_list("p", "256", 256)) == "p: expected numbers from 0 to 255, found 256");
  CHECK(verdict(parse_number_list("p", "0-4294967295", 256)) ==
        "p: expected numbers from 0 to 255, found 4294967295");
}
