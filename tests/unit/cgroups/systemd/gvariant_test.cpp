#include "cgroups/systemd/gvariant.hpp"

#include <catch2/catch.hpp>

using namespace lodger::cgroups::systemd;

TEST_CASE("GVariant: what has no type before it has the one it looks like") {
  CHECK(parse_gvariant("true") == flag(true));
  CHECK(parse_gvariant(" 'it''") == std::nullopt);
  CHECK(parse_gvariant(R"('it\'s')") == string("it's"));
  CHECK(parse_gvariant(R"("two\nlines")") == string("two\nlines"));
  CHECK(parse_gvariant("-5") == Value{"i", "-5", {}});
  CHECK(parse_gvariant("1.5") == Value{"d", "1.5", {}});
  CHECK(parse_gvariant("['a', 'b']") == array("s", {string("a"), string("b")}));
  CHECK(parse_gvariant("('a', true)") == structure({string("a"), flag(true)}));
  CHECK(parse_gvariant("[('a', 1), ('b', 2)]")->type == "a(si)");
}

TEST_CASE("GVariant: a type before the value is the value's") {
  CHECK(parse_gvariant("uint64 18446744073709551615") == number(~std::uint64_t{0}));
  CHECK(parse_gvariant("byte 255") == Value{"y", "255", {}});
  CHECK(parse_gvariant("@t 7") == number(7));
  CHECK(parse_gvariant("@as []") == array("s", {}));
  CHECK(parse_gvariant("@at [1, 2]") == array("t", {number(1), number(2)}));
  CHECK(parse_gvariant("[uint64 1, uint64 2]") == array("t", {number(1), number(2)}));
  CHECK(parse_gvariant("@(st) ('a', 2)") == structure({string("a"), number(2)}));
  CHECK(parse_gvariant("double 1") == Value{"d", "1", {}});
}

TEST_CASE("GVariant: what is none is refused") {
  for (const char* text : {"",
                           "'open",
                           "[1",
                           "[]",
                           "()",
                           "[1, 'a']",
                           "byte 256",
                           "byte -1",
                           "int32 x",
                           "uint64 'a'",
                           "true false",
                           "@q",
                           "@",
                           "@5",
                           "@ 5",
                           "[@5]",
                           "nonsense",
                           "1e999",
                           "@as ['a', 1]",
                           "@(s) ('a', 'b')",
                           "boolean 1",
                           "@aaaaaaaaaaaaaaaaaaaas []"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_gvariant(text));
  }
  CHECK_FALSE(parse_gvariant(std::string(100'000, '[')));
  CHECK_FALSE(parse_gvariant(std::string_view("'a\0b'", 5)));
}
