#include "netmode/policy/fallback.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/skip.hpp"

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::netmode::policy;

namespace {

PortSet set(const char* text) { return port_set(*parse_ports(text, "test")); }

bool is_there() { return kernel::landlock_version().value_or(0) >= 4; }

}  // namespace

TEST_CASE("every port is told from many") {
  CHECK(is_everything(set("1-65535/udp").udp));
  CHECK(is_everything(set("1-100,101-65535").tcp));
  CHECK_FALSE(is_everything(set("1-65534").tcp));
  CHECK_FALSE(is_everything(set("80").udp));
}

TEST_CASE("Landlock is given no list for UDP") {
  for (const auto* list : {"80", "80,53/udp", "1-65535"})
    CHECK(check_fallback(set(list)).error().text.find("bind=1-65535/udp") != std::string::npos);
}

TEST_CASE("Landlock takes a rule for each port, as far as it goes") {
  if (!is_there()) SKIP_TEST("needs Linux 6.7 with Landlock");
  CHECK(check_fallback(set("1-65535,1-65535/udp")));
  CHECK(check_fallback(set("1-16384,1-65535/udp")));
  CHECK(check_fallback(set("1-16385,1-65535/udp")).error().code == E2BIG);
  CHECK(make_fallback(set("1-1000"), {}));
}
