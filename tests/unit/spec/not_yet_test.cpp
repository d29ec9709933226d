#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string said(const char* property) {
  return std::string(property) + ": not supported by this version of lodger";
}

TEST_CASE("not yet: each property is refused by its name") {
  CHECK(check_after([](Config& c) { c.linux->intel_rdt.emplace(); }) == said("linux.intelRdt"));
}
