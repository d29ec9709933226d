#include "cgroups/systemd/gvariant.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::cgroups::systemd;

namespace {

Outcome<Property> property(std::string name, std::string_view text) {
  return property_of_annotation("org.systemd.property." + name, name, text);
}

}  // namespace

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
  for (const char* text : {"", "'open", "[1", "[]", "()", "[1, 'a']", "byte 256", "byte -1", "int32 x",
                           "uint64 'a'", "true false", "@q", "@", "nonsense", "1e999", "@as ['a', 1]",
                           "@(s) ('a', 'b')", "boolean 1", "@aaaaaaaaaaaaaaaaaaaas []"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_gvariant(text));
  }
  CHECK_FALSE(parse_gvariant(std::string(100'000, '[')));
  CHECK_FALSE(parse_gvariant(std::string_view("'a\0b'", 5)));
}

TEST_CASE("systemd: a property in seconds is given in microseconds") {
  CHECK(property("TimeoutStopSec", "uint64 7") == Property{"TimeoutStopUSec", number(7'000'000)});
  CHECK(property("TimeoutStopSec", "1.5") == Property{"TimeoutStopUSec", number(1'500'000)});
  CHECK(property("TimeoutStopUSec", "uint64 7") == Property{"TimeoutStopUSec", number(7)});
  for (const char* text : {"'7'", "-1", "1e30", "true"}) CHECK_FALSE(property("TimeoutStopSec", text));
}

TEST_CASE("systemd: what is not the name of a property is refused") {
  for (const char* name : {"", "ab", "Two Words", "Dot.ted", "Line\n"}) CHECK_FALSE(property(name, "true"));
  CHECK(property("CollectMode", "inactive").error().text.find("GVariant's text format") != std::string::npos);
}
