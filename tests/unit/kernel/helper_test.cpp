// kernel/helper: where a program beside lodger is looked for.
#include "kernel/helper.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "kernel/links.hpp"

using namespace lodger::kernel;

namespace {

std::string above(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string refusal(std::string_view installed) {
  const auto found = find_helper("no-such-program", installed, "a test needs", "go without");
  REQUIRE_FALSE(found);
  CHECK(found.error().code == ENOENT);
  return found.error().text;
}

}  // namespace

TEST_CASE("helper: the folder that it is installed in is seen from the running program's own", "[helper]") {
  const auto own = above(read_link(cwd, "/proc/self/exe").value());
  CHECK(refusal("../libexec") == "a test needs the program no-such-program, which is not there (" + own +
                                     "/no-such-program, " + above(own) +
                                     "/libexec/no-such-program): go without");
  std::string up;
  for (auto depth = std::ranges::count(own, '/'); depth > 0; --depth) up += "../";
  CHECK(find_helper("sh", up + "bin", "a test needs", "").value() == "/bin/sh");
}

TEST_CASE("helper: a place above the root is none", "[helper]") {
  std::string up;
  for (int i = 0; i < 100; ++i) up += "../";
  CHECK(refusal(up + "libexec").find("libexec") == std::string::npos);
}

TEST_CASE("helper: an absolute folder stands as it is", "[helper]") {
  CHECK(find_helper("sh", "/bin", "a test needs", "").value() == "/bin/sh");
}
