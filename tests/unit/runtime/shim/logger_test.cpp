#include "runtime/shim/logger.hpp"

#include <catch2/catch.hpp>

using namespace lodger::shim;

TEST_CASE("logger: a program's name with its arguments") {
  const auto plain = parse_logger("binary:///usr/bin/log%20it?a=b%26c&d=e+f&g");
  REQUIRE(plain);
  CHECK(plain->path == "/usr/bin/log it");
  CHECK(plain->arguments == std::vector<std::string>{"a", "b&c", "d", "e f", "g", ""});
  CHECK(!plain->says_ready);
  CHECK(parse_logger("binary-v2:///x")->says_ready);
  CHECK(parse_logger("binary:///100%")->path == "/100%");
  CHECK(!parse_logger("binary://relative"));
}

TEST_CASE("logger: which names are programs") {
  CHECK(names_logger("binary:///x"));
  CHECK(names_logger("binary-v2:///x"));
  CHECK(!names_logger("/run/fifo"));
  CHECK(!names_logger("file:///x"));
}
