#include "netmode/record.hpp"

#include <catch2/catch.hpp>

using namespace lodger::netmode;

TEST_CASE("ports and publications are written as they are read") {
  for (const auto* text : {"80/tcp", "8000-8100/udp", "1-65535/tcp"})
    CHECK(to_text(parse_ports(text, "test")->at(0)) == text);
  for (const auto* text : {"8080:80/tcp", "127.0.0.1:8080:80/udp", "[::1]:9000-9009:8000-8009/tcp",
                           "127.0.0.1::80/tcp", "[2001:db8::1]::53/udp", "80/sctp"})
    CHECK(to_text(*parse_publish(text)) == text);
}

TEST_CASE("a record says what there is to undo") {
  Record record;
  CHECK_FALSE(record.any());
  record.private_abstract = true;
  CHECK(record.any());
  CHECK_FALSE(record.on_cgroup());
  record.bind.emplace();
  CHECK(record.on_cgroup());
}
