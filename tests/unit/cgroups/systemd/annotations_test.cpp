#include "cgroups/systemd/annotations.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::cgroups::systemd;

namespace {

Outcome<Property> property(std::string name, std::string_view text) {
  return property_of_annotation("org.systemd.property." + name, name, text);
}

}  // namespace

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
