#include "netmode/proxy/rows.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::netmode::proxy;

namespace {

std::vector<Publication> publications(std::initializer_list<const char*> texts) {
  std::vector<Publication> out;
  for (const char* text : texts) {
    auto one = parse_publish(text);
    REQUIRE(one);
    out.push_back(std::move(*one));
  }
  return out;
}

std::string told(std::initializer_list<const char*> texts, std::uint32_t row, std::uint32_t port, int code) {
  const auto all = publications(texts);
  return explain_opening(all, *rows_of(all), row, port, {"bind", code}).text;
}

}  // namespace

TEST_CASE("a publication without an address is of both families") {
  const auto all = publications({"80:80", "127.0.0.1:81:81/udp", "[::1]:82-83:82-83"});
  const auto rows = rows_of(all);
  REQUIRE(rows);
  CHECK((*rows)[0].reach == Reach::both);
  CHECK((*rows)[1].reach == Reach::v4);
  CHECK((*rows)[2].reach == Reach::v6);
  CHECK(count_sockets(*rows).tcp == 3);
  CHECK(count_sockets(*rows).udp == 1);
}

TEST_CASE("SCTP is refused") {
  const auto refused = rows_of(publications({"80:80/sctp"}));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text == "--userland-proxy: carries TCP and UDP, and a published port is of SCTP");
}

TEST_CASE("ports that were chosen stand in the publications, neighbours together") {
  const auto all = publications({"80:80", "127.0.0.1::90-93", "9000-9010:99"});
  const auto rows = rows_of(all);
  const std::uint16_t chosen[] = {4000, 4001, 5000, 5001, 9003};
  const auto done = decided(all, *rows, chosen);
  REQUIRE(done.size() == 4);
  CHECK(done[0].host.first == 80);
  CHECK(done[1].host.first == 4000);
  CHECK(done[1].host.last == 4001);
  CHECK(done[1].container.first == 90);
  CHECK(done[1].container.last == 91);
  CHECK(done[2].host.first == 5000);
  CHECK(done[2].container.first == 92);
  CHECK(done[2].container.last == 93);
  CHECK(done[3].host.first == 9003);
  CHECK(done[3].host.last == 9003);
  CHECK(done[3].container.first == 99);
}

TEST_CASE("a port that cannot be had is named, with its protocol and address") {
  CHECK(
      told({"127.0.0.1:80:80/udp"}, 0, 80, EADDRINUSE) ==
      "--publish: udp 127.0.0.1:80 is taken on the host: publish another port, or end who has it (ss -anp)");
  CHECK(told({"80-90:80-90", "85:1"}, 1, 85, EADDRINUSE) == "--publish: tcp *:85 is published twice");
  CHECK(told({"80-90:80-90", "95:1"}, 1, 95, EADDRINUSE).find("taken on the host") != std::string::npos);
  CHECK(told({"80:80/udp", "80:1"}, 1, 80, EADDRINUSE).find("taken on the host") != std::string::npos);
  CHECK(told({"9000-9002:99"}, 0, 9002, EADDRINUSE) ==
        "--publish: tcp *:9002 and all before it from 9000 on are taken on the host");
  CHECK(told({"[2001:db8::1]:80:80"}, 0, 80, EADDRNOTAVAIL) ==
        "--publish: tcp [2001:db8::1]:80 is not on an address of this host");
  CHECK(told({"80:80"}, 0, 80, EACCES) == "--publish: tcp *:80: Permission denied");
}
