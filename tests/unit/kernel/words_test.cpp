#include "kernel/words.hpp"

#include <catch2/catch.hpp>

using namespace lodger::kernel;

TEST_CASE("words: they arrive as they were sent, empty ones too") {
  const Words words{"one", "", "two words\nin two lines", ""};
  CHECK(unpacked(packed(words)) == words);
}

TEST_CASE("words: a text that does not end in a zero byte is no message") {
  CHECK_FALSE(unpacked("no zero byte at its end"));
  CHECK_FALSE(unpacked(""));
  CHECK_FALSE(unpacked(std::string("one\0tw", 6)));
}
