#include "runtime/shim/wire/codec.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::shim::wire;
using namespace std::string_literals;

namespace {

enum class Colour : std::int32_t { none = 0, red = 1 };

struct Inner {
  std::string name;
  std::int64_t number = 0;
  void fields(auto& visit) { visit(1, name), visit(2, number); }
};

struct Everything {
  std::string text;
  bool on = false;
  std::uint32_t small = 0;
  std::int32_t less = 0;
  Colour colour = Colour::none;
  std::optional<Inner> inner;
  std::vector<Inner> list;
  std::vector<std::string> words;
  std::map<std::string, std::string> pairs;
  double real = 0;
  void fields(auto& visit) {
    visit(1, text), visit(2, on), visit(3, small), visit(4, less), visit(5, colour), visit(6, inner),
        visit(7, list);
    visit(8, words), visit(9, pairs), visit(16, real);
  }
};

}  // namespace

// The bytes are what protoc --encode makes of the same message.
TEST_CASE("a message is encoded as protobuf has it") {
  Everything all;
  all.text = "id";
  all.on = true;
  all.small = 300;
  all.less = -1;
  all.colour = Colour::red;
  all.inner = Inner{"in", 7};
  all.list = {{"a", 1}, {"", 0}};
  all.words = {"x", ""};
  all.pairs = {{"k", "v"}};
  all.real = 1.5;
  CHECK(
      encode(all) ==
      "\x0a\x02id\x10\x01\x18\xac\x02\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x28\x01"
      "\x32\x06\x0a\x02in\x10\x07\x3a\x05\x0a\x01"
      "a\x10\x01\x3a\x00\x42\x01x\x42\x00\x4a\x06\x0a\x01k\x12\x01v\x81\x01\x00\x00\x00\x00\x00\x00\xf8\x3f"s);
}

TEST_CASE("what was encoded is decoded") {
  Everything all;
  all.text = "a\0b"s;
  all.less = -2147483647;
  all.inner = Inner{"in", -9};
  all.list = {{"a", 1}, {"b", 2}};
  all.words = {"x", "", "z"};
  all.pairs = {{"k", "v"}, {"", "w"}};
  all.real = -0.25;
  const auto back = decode<Everything>(encode(all));
  REQUIRE(back);
  CHECK(back->text == all.text);
  CHECK(back->less == all.less);
  CHECK(back->inner->number == -9);
  CHECK(back->list.size() == 2);
  CHECK(back->list[1].name == "b");
  CHECK(back->words == all.words);
  CHECK(back->pairs == all.pairs);
  CHECK(back->real == all.real);
  CHECK_FALSE(back->on);
}

TEST_CASE("defaults are not sent, and an empty message is one") {
  CHECK(encode(Everything{}).empty());
  CHECK(decode<Everything>(""));
}

TEST_CASE("unknown fields are passed over, of a repeated one the last counts, messages come together") {
  const auto unknown = decode<Inner>("\x0a\x01x\x98\x06\x05\xa2\x06\x02yz\x10\x03"s);
  REQUIRE(unknown);
  CHECK(unknown->name == "x");
  CHECK(unknown->number == 3);
  CHECK(decode<Inner>("\x0a\x01x\x0a\x01y"s)->name == "y");
  const auto together = decode<Everything>("\x32\x03\x0a\x01n\x32\x02\x10\x05"s);
  CHECK(together->inner->name == "n");
  CHECK(together->inner->number == 5);
}

TEST_CASE("every cut of a message is an error or a message, never a crash") {
  Everything all;
  all.text = "some text";
  all.inner = Inner{"in", 1L << 40};
  all.pairs = {{"key", "value"}};
  const auto bytes = encode(all);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto cut = decode<Everything>(std::string_view(bytes).substr(0, n));
    if (!cut) CHECK(cut.error().code == EBADMSG);
  }
  CHECK_FALSE(decode<Everything>("\x0a\x7fshort"s));
  CHECK_FALSE(decode<Everything>("\x0d"s));
  CHECK_FALSE(decode<Everything>("\x08\x01"s));  // a number where a text has to be
}
