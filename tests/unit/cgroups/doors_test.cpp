#include "cgroups/doors.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using cgroups::parse_below;
using Names = std::vector<std::string>;

TEST_CASE("parse_below: a path for all hierarchies, clean") {
  const auto [text, path] = GENERATE(table<const char*, std::string>({{"a", "/a"},
                                                                      {"/a/b", "/a/b"},
                                                                      {"a//b/", "/a/b"},
                                                                      {"./a", "/a"},
                                                                      {"a..b", "/a..b"},
                                                                      {"/", ""},
                                                                      {"///", ""}}));
  INFO(text);
  const auto below = parse_below(text).value();
  CHECK(below.path == path);
  CHECK(below.controllers.empty());
}

TEST_CASE("parse_below: or for some controllers") {
  const auto one = parse_below("cpu:a").value();
  CHECK(one.controllers == Names{"cpu"});
  CHECK(one.path == "/a");
  const auto more = parse_below("cpu,cpuacct:/a:b").value();
  CHECK(more.controllers == Names{"cpu", "cpuacct"});
  CHECK(more.path == "/a:b");
}

TEST_CASE("parse_below: nothing that is empty, or leads out") {
  const auto* text =
      GENERATE("", ":", ":a", "cpu:", ",:a", "..", "../a", "a/..", "a/../..", "cpu:../a", "/..");
  INFO(text);
  const auto below = parse_below(text);
  REQUIRE_FALSE(below);
  CHECK(below.error().code == EINVAL);
  CHECK_THAT(below.error().text, Catch::StartsWith("--cgroup"));
}
