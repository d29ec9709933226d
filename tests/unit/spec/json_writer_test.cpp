#include "spec/json_writer.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <vector>

using lodger::spec::JsonWriter;

static std::string sample(unsigned indent) {
  JsonWriter out(indent);
  out.open('{').key("a").number(-1).key("b").open('[').text("x").flag(true).open('{').close('}').close(']');
  return out.key("e").texts(std::vector<std::string>{}).close('}').str();
}

TEST_CASE("json writer: one line") { CHECK(sample(0) == R"({"a":-1,"b":["x",true,{}],"e":[]})"); }

TEST_CASE("json writer: indented") {
  CHECK(sample(2) == "{\n  \"a\": -1,\n  \"b\": [\n    \"x\",\n    true,\n    {}\n  ],\n  \"e\": []\n}");
}

TEST_CASE("json writer: keys and texts are escaped, numbers whole") {
  JsonWriter out;
  out.open('{').key("a\"").text("\t").key("n").number(std::numeric_limits<std::int64_t>::min()).close('}');
  CHECK(out.str() == R"({"a\"":"\t","n":-9223372036854775808})");
  JsonWriter list;
  list.open('[').count(std::numeric_limits<std::uint64_t>::max()).fraction(1.5).fraction(0).null().close(']');
  CHECK(list.str() == "[18446744073709551615,1.5,0,null]");
}
