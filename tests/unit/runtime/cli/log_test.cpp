#include "runtime/cli/log.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "../container/support.hpp"

using namespace lodger;
using namespace lodger::cli;
using lodger::test::TempFolder;

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    REQUIRE(end != text.npos);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

TEST_CASE("records as engines read them") {
  const char* time = "2026-11-24T23:34:56Z";
  CHECK(json_record(Level::error, "container does not exist", time) ==
        "{\"level\":\"error\",\"msg\":\"container does not exist\",\"time\":\"2026-11-24T23:34:56Z\"}\n");
  CHECK(text_record(Level::warning, "say \"hi\"", time) ==
        "time=\"2026-11-24T23:34:56Z\" level=warning msg=\"say \\\"hi\\\"\"\n");
}

TEST_CASE("no message breaks the line or the JSON") {
  const std::string nasty = "a\"b\\c\nd\te\x01\x7f\xc3\xa9";
  const auto record = json_record(Level::info, nasty, "t");
  CHECK(lines(record).size() == 1);
  const auto parsed = nlohmann::json::parse(record);
  CHECK(parsed["msg"] == nasty);
  CHECK(parsed["level"] == "info");
  CHECK(lines(text_record(Level::debug, nasty, "t")).size() == 1);
}

TEST_CASE("records are appended, and the file is made private to be written") {
  const TempFolder temp;
  const Log log{temp / "log", true, Level::info};
  REQUIRE(log.write(Level::error, "one"));
  REQUIRE(log.write(Level::warning, "two"));
  const auto written = lines(test::read_file(temp / "log"));
  REQUIRE(written.size() == 2);
  const auto last = nlohmann::json::parse(written[1]);
  CHECK(last["msg"] == "two");
  CHECK(last["level"] == "warning");
  const auto time = last["time"].get<std::string>();
  CHECK(time.size() == 20);
  CHECK(time[10] == 'T');
  CHECK(time.back() == 'Z');
}

TEST_CASE("what is less severe than asked for is dropped, and makes no file") {
  const TempFolder temp;
  const Log log{temp / "log", false, Level::error};
  REQUIRE(log.write(Level::warning, "w"));
  REQUIRE(log.write(Level::debug, "d"));
  CHECK_FALSE(test::exists(temp / "log"));
  REQUIRE(log.write(Level::error, "e"));
  CHECK(lines(test::read_file(temp / "log")).size() == 1);
}

TEST_CASE("a log that cannot be opened is told with its path") {
  const TempFolder temp;
  const Log log{temp / "no/log", false, Level::info};
  const auto written = log.write(Level::error, "e");
  REQUIRE_FALSE(written);
  CHECK(written.error().text == "opening the log " + temp / "no/log" + ": No such file or directory");
  CHECK_FALSE(log.check());
}
