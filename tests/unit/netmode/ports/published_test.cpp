#include "netmode/ports/published.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::netmode::ports;

namespace {

Decision bridged(std::initializer_list<const char*> published) {
  Decision decision;
  decision.bridge = "bridge";
  for (const char* text : published) decision.publications.push_back(parse_publish(text).value());
  return decision;
}

std::string refusal(std::initializer_list<const char*> published) {
  const auto checked = check_published(bridged(published));
  return checked ? "" : checked.error().text;
}

}  // namespace

TEST_CASE("published: two that want one port of the host are refused, and both named") {
  constexpr const char* twice = ": a port of the host is published twice";
  CHECK(refusal({"8181:81", "8181:8181"}) == std::string("--publish: 8181:81/tcp and 8181:8181/tcp") + twice);
  CHECK(refusal({"80:80", "127.0.0.1:80:81"}) ==
        std::string("--publish: 80:80/tcp and 127.0.0.1:80:81/tcp") + twice);
  CHECK(refusal({"127.0.0.1:80:80", "7:7", "0.0.0.0:80:81"}) ==
        std::string("--publish: 127.0.0.1:80:80/tcp and 0.0.0.0:80:81/tcp") + twice);
  CHECK(refusal({"9005-9015:5-15/udp", "1:1", "9000-9005:9000-9005/udp"}) ==
        std::string("--publish: 9005-9015:5-15/udp and 9000-9005:9000-9005/udp") + twice);
  CHECK(refusal({"80:80", "[::1]:80:80"}).ends_with(twice));
  CHECK(refusal({"[::]:80:80", "[::1]:80:80"}).ends_with(twice));
  CHECK(refusal({"8000-8100:8000-8100", "8001:1", "8050:2"}).ends_with(twice));
}

TEST_CASE("published: another protocol, address, family or port is in nobody's way") {
  CHECK(refusal({"80:80", "80:80/udp", "81:80"}).empty());
  CHECK(refusal({"127.0.0.1:80:80", "127.0.0.2:80:81"}).empty());
  CHECK(refusal({"0.0.0.0:80:80", "[::1]:80:81"}).empty());
  CHECK(refusal({"127.0.0.1:80:80", "[::]:80:81"}).empty());
  CHECK(refusal({"8000-8010:80", "8000:81", "8000-8010:82", "83"}).empty());  // a choice avoids others
  CHECK(refusal({"80", "80", "81"}).empty());
}

TEST_CASE("published: an address that is not the host's is refused, one of a link as well") {
  const auto foreign = check_published(bridged({"1:1", "203.0.113.9:80:80"}));
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code == EADDRNOTAVAIL);
  CHECK_THAT(foreign.error().text,
             Catch::StartsWith(
                 "--publish: 203.0.113.9:80:80/tcp: this host does not have the address 203.0.113.9") &&
                 Catch::Contains("net.ipv4.ip_nonlocal_bind"));
  const auto link = check_published(bridged({"[fe80::1]:80:80"}));
  REQUIRE_FALSE(link);
  CHECK(link.error().code == EINVAL);
  CHECK_THAT(link.error().text, Catch::StartsWith("--publish: [fe80::1]:80:80/tcp: an address like fe80::1 "
                                                  "is on every link"));
  CHECK(check_published(bridged({"127.0.0.1:80:80", "0.0.0.0:81:81", "127.1.2.3::80/udp"})));
}

TEST_CASE("published: where published ports are discarded nothing is looked at") {
  auto decision = bridged({"80:80", "80:81", "203.0.113.9:80:80"});
  decision.bridge.clear();
  decision.host = true;
  CHECK(check_published(decision));
  decision.options.map = true;
  CHECK_THAT(check_published(decision).error().text, Catch::StartsWith("--network host,map: 80:80/tcp and "));
}
