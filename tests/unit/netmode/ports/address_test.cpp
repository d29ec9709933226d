#include "netmode/ports/address.hpp"

#include <catch2/catch.hpp>

using namespace lodger::netmode::ports;

namespace {

Address at(const char* text, bool v6only = false) {
  auto address = parse_address(text);
  REQUIRE(address);
  address->v6only = v6only;
  return *address;
}

}  // namespace

TEST_CASE("ports: addresses as texts") {
  for (const char* text : {"0.0.0.0", "127.0.0.53"}) CHECK(to_text(at(text)) == text);
  for (const char* text : {"::", "::1", "2001:db8::1", "::ffff:192.0.2.1"})
    CHECK(to_text(at(text)) == std::string("[") + text + "]");
  for (const char* text : {"", "localhost", "[::1]", "1.2.3", "1.2.3.4.5"}) CHECK_FALSE(parse_address(text));
}

TEST_CASE("ports: which bound addresses exclude which") {
  struct Case {
    const char *held, *wanted;
    bool excluded;
  };
  const Case cases[] = {
      {"0.0.0.0", "0.0.0.0", true},
      {"0.0.0.0", "192.0.2.1", true},
      {"192.0.2.1", "0.0.0.0", true},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"127.0.0.1", "::1", false},
      {"0.0.0.0", "::1", false},
      {"::", "192.0.2.1", true},  // it takes IPv4 as well
      {"::", "0.0.0.0", true},
      {"::", "::1", true},
      {"::1", "::", true},
      {"::1", "::1", true},
      {"::1", "::2", false},
      {"::1", "127.0.0.1", false},
      {"0.0.0.0", "::", false},  // meant for IPv6 alone
      {"::ffff:192.0.2.1", "192.0.2.1", true},
      {"::ffff:192.0.2.1", "192.0.2.2", false},
      {"::ffff:192.0.2.1", "0.0.0.0", true},
      {"::ffff:0.0.0.0", "192.0.2.2", true},
      {"::ffff:192.0.2.1", "::", false},
      {"192.0.2.1", "::ffff:192.0.2.1", true},
  };
  for (const auto& [held, wanted, excluded] : cases) {
    CAPTURE(held, wanted);
    CHECK(excludes(at(held), at(wanted)) == excluded);
    CHECK(excludes(at(held), std::nullopt));
  }
}

TEST_CASE("ports: a socket for IPv6 alone leaves IPv4 free") {
  CHECK_FALSE(excludes(at("::", true), at("192.0.2.1")));
  CHECK_FALSE(excludes(at("::", true), at("0.0.0.0")));
  CHECK(excludes(at("::", true), at("::1")));
  CHECK(excludes(at("::", true), std::nullopt));  // who wants all may mean IPv6
}
