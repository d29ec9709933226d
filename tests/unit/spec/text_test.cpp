#include "spec/text.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

using namespace lodger::spec;

TEST_CASE("text: a whole number is all of the text") {
  CHECK(whole_number<int>("-7") == -7);
  CHECK(whole_number<std::uint16_t>("65535") == std::uint16_t{65535});
  CHECK(whole_number<unsigned>("007") == 7U);
  for (const char* bad : {"", "-", "+1", " 1", "1 ", "1k", "0x10", "1.0", "-1", "65536"}) {
    INFO(bad);
    CHECK_FALSE(whole_number<std::uint16_t>(bad));
  }
}

TEST_CASE("text: parts are cut off the front") {
  std::string_view text = "a--b";
  CHECK(cut(text, '-') == "a");
  CHECK(cut(text, '-') == "");
  CHECK(cut(text, '-') == "b");
  CHECK(text.empty());
  CHECK(cut(text, '-') == "");
}

TEST_CASE("text: the case of ASCII letters aside") {
  CHECK(same_but_for_case("postStop", "POSTstop"));
  CHECK(same_but_for_case("", ""));
  CHECK_FALSE(same_but_for_case("post", "poststop"));
  CHECK_FALSE(same_but_for_case("a[", "a{"));  // 0x20 apart, as letters are
  CHECK_FALSE(same_but_for_case("\xC3\x84", "\xC3\xA4"));
}

TEST_CASE("a path is within a folder by its parts, not by its letters") {
  CHECK(is_within("/a/b", "/a"));
  CHECK(is_within("/a", "/a"));
  CHECK(is_within("/a", "/"));
  CHECK(is_within("/", "/"));
  CHECK_FALSE(is_within("/ab", "/a"));
  CHECK_FALSE(is_within("/a", "/a/b"));
  CHECK_FALSE(is_within("/", "/a"));
}
