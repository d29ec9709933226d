#include "cgroups/systemd/value.hpp"

#include <catch2/catch.hpp>

using namespace lodger::cgroups::systemd;

namespace {

std::optional<std::vector<Property>> there_and_back(const std::vector<Property>& properties) {
  Words words;
  append(words, properties);
  auto arrived = lodger::kernel::unpacked(lodger::kernel::packed(words));
  REQUIRE(arrived);
  auto taken = take_properties(*arrived);
  if (taken) CHECK(arrived->empty());
  return taken;
}

}  // namespace

TEST_CASE("systemd: properties of every form arrive as they were sent") {
  const std::vector<Property> properties{
      {"Delegate", flag(true)},
      {"TasksMax", number(~std::uint64_t{0})},
      {"Description", string("a text with blanks,\nlines and no end: ")},
      {"Empty", string("")},
      {"AllowedCPUs", bytes({0, 255, 7})},
      {"PIDs", array("u", {{"u", "12", {}}})},
      {"None", array("(ss)", {})},
      {"DeviceAllow", array("(ss)", {structure({string("/dev/char/1:3"), string("rw")})}), 250},
  };
  CHECK(there_and_back(properties) == properties);
  CHECK(there_and_back({}) == std::vector<Property>{});
}

TEST_CASE("systemd: the constructors name the types") {
  CHECK(flag(false) == Value{"b", "false", {}});
  CHECK(bytes({1}).type == "ay");
  CHECK(structure({string("a"), number(1)}).type == "(st)");
  CHECK(array("(ss)", {}).type == "a(ss)");
}

TEST_CASE("systemd: a message that is cut short is no message") {
  Words words;
  append(words, {{"PIDs", array("u", {{"u", "12", {}}, {"u", "13", {}}})}});
  for (std::size_t length = 0; length < words.size(); ++length) {
    Words part(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(length));
    CAPTURE(length);
    CHECK_FALSE(take_properties(part));
  }
  Words absurd{"1", "Name", "0", "au", "99999999999"};
  CHECK_FALSE(take_properties(absurd));
}
