#include "netmode/publish.hpp"

#include <catch2/catch.hpp>

using namespace lodger::netmode;

namespace {

constexpr const char* exposed = "annotation org.opencontainers.image.exposedPorts";

std::string error_of(std::string_view text) {
  const auto parsed = parse_publish(text);
  return parsed ? "accepted" : parsed.error().text;
}

struct Accepted {
  const char* text;
  const char* ip;
  unsigned host_first, host_last, first, last;
  Protocol protocol;
};

}  // namespace

TEST_CASE("every form of --publish is understood") {
  const auto expected =
      GENERATE(Accepted{"80", "", 0, 0, 80, 80, Protocol::tcp},
               Accepted{"8080:80", "", 8080, 8080, 80, 80, Protocol::tcp},
               Accepted{"0:80", "", 0, 0, 80, 80, Protocol::tcp},
               Accepted{"53:53/udp", "", 53, 53, 53, 53, Protocol::udp},
               Accepted{"9:9/sctp", "", 9, 9, 9, 9, Protocol::sctp},
               Accepted{"53/UDP", "", 0, 0, 53, 53, Protocol::udp},
               Accepted{"65535:1", "", 65535, 65535, 1, 1, Protocol::tcp},
               Accepted{"7000-7010", "", 0, 0, 7000, 7010, Protocol::tcp},
               Accepted{"8000-8010:7000-7010", "", 8000, 8010, 7000, 7010, Protocol::tcp},
               Accepted{"8000-8010:80/tcp", "", 8000, 8010, 80, 80, Protocol::tcp},
               Accepted{"127.0.0.1:8080:80", "127.0.0.1", 8080, 8080, 80, 80, Protocol::tcp},
               Accepted{"127.0.0.1::80", "127.0.0.1", 0, 0, 80, 80, Protocol::tcp},
               Accepted{"127.0.0.1:8000-8001:80-81/udp", "127.0.0.1", 8000, 8001, 80, 81, Protocol::udp},
               Accepted{"[::1]:8080:80", "::1", 8080, 8080, 80, 80, Protocol::tcp},
               Accepted{"[0:0:0:0:0:0:0:1]:8080:80", "::1", 8080, 8080, 80, 80, Protocol::tcp},
               Accepted{"[2001:DB8::0:1]:1:1", "2001:db8::1", 1, 1, 1, 1, Protocol::tcp},
               Accepted{"[::ffff:127.0.0.1]:1:1", "127.0.0.1", 1, 1, 1, 1, Protocol::tcp},
               Accepted{"[::FFFF:0:0]:1:1", "0.0.0.0", 1, 1, 1, 1, Protocol::tcp},
               Accepted{"[::]::80/udp", "::", 0, 0, 80, 80, Protocol::udp});
  INFO(expected.text);
  const auto parsed = parse_publish(expected.text);
  REQUIRE(parsed);
  CHECK(parsed->host_ip == expected.ip);
  CHECK(parsed->host.first == expected.host_first);
  CHECK(parsed->host.last == expected.host_last);
  CHECK(parsed->container.first == expected.first);
  CHECK(parsed->container.last == expected.last);
  CHECK(parsed->protocol == expected.protocol);
}

TEST_CASE("a wrong --publish is refused with its value and the reason") {
  using Wrong = std::pair<const char*, const char*>;
  const auto [text, reason] = GENERATE(
      Wrong{"", "the container port is empty"}, Wrong{":", "the container port is empty"},
      Wrong{":80", "nothing before the colon"}, Wrong{"80:", "the container port is empty"},
      Wrong{"::80", "the address is empty"}, Wrong{"0", "the container port must not be 0"},
      Wrong{"80:0", "the container port must not be 0"}, Wrong{"0-5:1-6", "the host port must not be 0"},
      Wrong{"65536:80", "the host port 65536 is above 65535"},
      Wrong{"80:99999999999999999999", "99999999999999999999 is above 65535"},
      Wrong{"http:80", "\"http\" is not a number"}, Wrong{"80:80x", "\"80x\" is not a number"},
      Wrong{"-1:80", "the host port is empty"}, Wrong{"+1:80", "is not a number"},
      Wrong{" 1:80", "is not a number"}, Wrong{"80-:80", "the host port is empty"},
      Wrong{"90-80:90-80", "ends before it begins"}, Wrong{"80:80/", "unknown protocol \"\""},
      Wrong{"80:80/icmp", "unknown protocol \"icmp\""},
      Wrong{"80:80/tcp/udp", "unknown protocol \"tcp/udp\""},
      Wrong{"8000-8001:80-82", "2 host ports for 3 container ports"},
      Wrong{"8000:80-82", "1 host ports for 3 container ports"},
      Wrong{"127.0.0.1:80", "\"127.0.0.1\" is not a number"}, Wrong{"localhost:80:80", "not an IPv4 address"},
      Wrong{"256.0.0.1:80:80", "not an IPv4 address"}, Wrong{"::1:80:80", "IPv6 goes in brackets"},
      Wrong{"[::1:80:80", "must end in \"]:\""}, Wrong{"[::1]80", "must end in \"]:\""},
      Wrong{"[::1]:80", "needs a host port behind it"}, Wrong{"[127.0.0.1]:1:2", "not an IPv6 address"},
      Wrong{"[]:1:2", "not an IPv6 address"}, Wrong{"[fe80::1%eth0]:1:2", "\"fe80::1%eth0\" has a zone"},
      Wrong{"[::1]:1:2:3", "too many colons"}, Wrong{"1.2.3.4:1:2:3", "not an IPv4 address"});
  INFO(text);
  CHECK_THAT(error_of(text), Catch::Contains(reason));
  CHECK_THAT(error_of(text), Catch::StartsWith(std::string("--publish \"") + text + "\": "));
}

TEST_CASE("exposed ports are a list of ports and ranges") {
  const auto parsed = parse_ports("80,443/tcp,8000-8010/udp", exposed);
  REQUIRE(parsed);
  REQUIRE(parsed->size() == 3);
  CHECK(parsed->at(0).range.first == 80);
  CHECK(parsed->at(1).protocol == Protocol::tcp);
  CHECK(parsed->at(2).range.first == 8000);
  CHECK(parsed->at(2).range.last == 8010);
  CHECK(parsed->at(2).protocol == Protocol::udp);
  CHECK(parse_ports("", exposed)->empty());
}

TEST_CASE("wrong exposed ports are refused") {
  for (const char* text : {"80,", ",80", "80,,81", "0", "70000", "a", "80/xyz", "90-80", "1:2"}) {
    INFO(text);
    const auto parsed = parse_ports(text, exposed);
    REQUIRE_FALSE(parsed);
    CHECK_THAT(parsed.error().text, Catch::StartsWith("annotation org.opencontainers.image.exposedPorts \""));
  }
}
