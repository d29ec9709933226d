#include "netmode/relay/options.hpp"

#include <catch2/catch.hpp>

namespace lodger::netmode {

using relay::parse_options;

TEST_CASE("a relay without options carries everything") {
  const auto options = *parse_options("ports=1-65535");
  REQUIRE(options.ports);
  CHECK(!options.to_host);
}

TEST_CASE("a relay's ports add up in each direction, TCP unless it is said") {
  const auto options = *parse_options("ports=8000,ports=9000-9010/udp,to-host=80,to-host=5432");
  CHECK(to_text(*options.ports) == "8000/tcp,9000-9010/udp");
  CHECK(to_text(*options.to_host) == "80/tcp,5432/tcp");
}

TEST_CASE("none shuts a relay's direction, and stands alone") {
  const auto options = *parse_options("ports=none,to-host=none");
  CHECK(to_text(*options.ports) == "none");
  CHECK(to_text(*options.to_host) == "none");
  CHECK(parse_options("ports=none,ports=80").error().text ==
        "--network relay,ports: \"none\" allows no port, so it stands alone");
}

TEST_CASE("what a relay does not know or cannot carry is refused") {
  CHECK(parse_options("port=80").error().text ==
        "--network relay: unknown option \"port=80\"; expected ports=PORTS[/PROTOCOL], ports=none, "
        "to-host=PORTS[/PROTOCOL] or to-host=none");
  CHECK(parse_options("ports=80/sctp").error().text ==
        "--network relay,ports: a relay carries TCP and UDP, and no SCTP");
  CHECK(!parse_options("ports=80,"));
  CHECK(!parse_options("ports="));
  CHECK(!parse_options("ports=0"));
  CHECK(!parse_options("to-host=70000"));
}

}  // namespace lodger::netmode
