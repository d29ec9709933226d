#include "spec/json.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::spec;

static Document tree(std::string_view text) {
  auto document = Document::parse(text, "x");
  REQUIRE(document);
  return std::move(*document);
}

static std::string error(std::string_view text) {
  const auto document = Document::parse(text, "config.json");
  return document ? "accepted" : document.error().text;
}

TEST_CASE("json: every kind of value is told apart") {
  const Document document = tree(R"([null, true, 7, -7, 1.5, 18446744073709551616, 1e3, "s", [], {}])");
  const Kind kinds[] = {Kind::null,     Kind::boolean,  Kind::natural, Kind::negative, Kind::fraction,
                        Kind::fraction, Kind::fraction, Kind::string,  Kind::array,    Kind::object};
  REQUIRE(document.root().size() == std::size(kinds));
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    CAPTURE(i);
    CHECK(document.root().at(i).kind() == kinds[i]);
  }
}

TEST_CASE("json: integers keep all their 64 bits") {
  const Document document = tree("[18446744073709551615, -9223372036854775808]");
  CHECK(document.root().at(0).natural() == 18446744073709551615U);
  CHECK(document.root().at(1).negative() == INT64_MIN);
}

TEST_CASE("json: a null member is as if absent, and of two the last counts") {
  const Document document = tree(R"({"a": 1, "n": null, "a": 2})");
  CHECK(document.root().find("a").natural() == 2);
  CHECK_FALSE(document.root().find("n"));
  CHECK_FALSE(document.root().find("z"));
  CHECK_FALSE(tree(R"({"a": 1, "a": null})").root().find("a"));
}

TEST_CASE("json: of members that are the same but for case the last counts, and its name is told") {
  struct Row {
    const char *text, *written;
    std::uint64_t value;  // 0: none
  };
  for (const auto& [text, written, value] :
       {Row{R"({"name": 1, "Name": 2})", "Name", 2}, Row{R"({"Name": 1, "name": 2})", "name", 2},
        Row{R"({"name": 1, "NAME": 2, "name": 3})", "name", 3},
        Row{R"({"name": null, "NAME": 2})", "NAME", 2}, Row{R"({"name": 1, "NAME": null})", "NAME", 0},
        Row{R"({"name ": 1, "namf": 2})", "", 0}}) {
    CAPTURE(text);
    const Document document = tree(text);
    std::string_view found;
    const Value member = document.root().find("name", found);
    CHECK(found == written);
    CHECK((member ? member.natural() : 0) == value);
  }
}

TEST_CASE("json: members stand in the order of the text, doubles too") {
  const Document document = tree(R"({"z": 1, "a": 2, "z": 3, "Z": null})");
  const Value root = document.root();
  REQUIRE(root.size() == 4);
  std::string names;
  for (std::size_t i = 0; i < root.size(); ++i) names += root.member(i).name;
  CHECK(names == "zazZ");
  CHECK(root.member(2).value.natural() == 3);
  CHECK(root.member(3).value.kind() == Kind::null);
}

TEST_CASE("json: whether a text may have a member is never denied wrongly") {
  for (const char* text : {R"({"hooks":{"poststop":[]}})", R"({"hooks":{"postStop" : []}})",
                           R"({"POSTSTOP":1})", R"({"\u0070oststop":1})", R"({"p\u006Fststop":1})"}) {
    CAPTURE(text);
    CHECK(may_have_member(text, "poststop"));
  }
  for (const char* text :
       {"{}", "", "\"", R"({"poststo":1})", R"({"xpoststop":1})", R"({"args":"a poststop"})"}) {
    CAPTURE(text);
    CHECK_FALSE(may_have_member(text, "poststop"));
  }
}

TEST_CASE("json: a string is moved out, not copied") {
  const Document document = tree(R"(["some text that is longer than any short string"])");
  CHECK(document.root().at(0).take_string() == "some text that is longer than any short string");
  CHECK(document.root().at(0).take_string().empty());
}

TEST_CASE("json: malformed text is refused in one line, with line and column") {
  CHECK(error("{]") ==
        "config.json: line 1, column 2: syntax error while parsing object key - unexpected ']'; "
        "expected string literal");
  CHECK(error("[1,\n   2,]").starts_with("config.json: line 2, column 6: "));
  CHECK(error("").starts_with("config.json: line 1, column 1: "));
  for (const char* text : {"{", "[1", "{} {}", "{\"a\" 1}", "nul", "'a'", "[01]", "[1e999]", "// c\n{}",
                           "\"\\u12\"", "\"a\nb\"", "\"\xff\"", "\"\xed\xa0\x80\""}) {
    CAPTURE(text);
    const std::string said = error(text);
    CHECK(said.starts_with("config.json: "));
    CHECK(said.find('\n') == said.npos);
  }
}

TEST_CASE("json: an error does not repeat the whole file") {
  CHECK(error("\"" + std::string(1 << 20, 'x')).size() < 300);
  CHECK(error("[1" + std::string(1 << 20, '1') + "e9999999]").size() < 300);
}

TEST_CASE("json: depth is no danger") {
  const std::size_t deep = 200'000;
  CHECK(error(std::string(deep, '[') + std::string(deep, ']')) == "accepted");
  CHECK(error(std::string(deep, '[')) != "accepted");
}

TEST_CASE("json: quoted text is JSON again, whatever the bytes") {
  CHECK(quoted("plain") == "\"plain\"");
  CHECK(quoted("a\"b\\c\n\x01") == "\"a\\\"b\\\\c\\n\\u0001\"");
  CHECK(quoted("\xff"
               "a") ==
        "\"\xef\xbf\xbd"
        "a\"");
  CHECK(quoted("é") == "\"é\"");
}
