#include "netmode/proxy/program/command_line.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace lodger::netmode;
using namespace lodger::netmode::proxy;

namespace {

std::string wrong(const std::vector<const char*>& words, CommandLine& out) {
  const char* text = read_command_line(words, out);
  return text ? text : "";
}
std::string wrong(const std::vector<const char*>& words) {
  const auto out = std::make_unique<CommandLine>();
  return wrong(words, *out);
}

}  // namespace

TEST_CASE("ports and addresses are read as they are written") {
  const auto line = std::make_unique<CommandLine>();
  REQUIRE(wrong({"--to", "10.0.0.2", "--to", "fd00::2", "--idle-ms", "500", "--until", "7", "tcp,*,8080,80",
                 "udp,127.0.0.1,53-54,1053-1054", "tcp,::1,0,81"},
                *line) == "");
  CHECK(line->rows.count == 3);
  CHECK(line->rows.all_tcp == 2);
  CHECK(line->rows.all_udp == 2);
  CHECK(line->rows.rows[0].reach == Reach::both);
  CHECK(line->rows.rows[1].reach == Reach::v4);
  CHECK(line->rows.rows[1].address[0] == 127);
  CHECK(line->rows.rows[1].host.last == 54);
  CHECK(line->rows.rows[2].reach == Reach::v6);
  CHECK(line->rows.rows[2].host.first == 0);
  CHECK(line->serve.idle_ms == 500);
  CHECK(line->until == 7);
  REQUIRE(line->serve.target.v4);
  CHECK(line->serve.target.v4->s_addr == htonl(0x0a000002));
  REQUIRE(line->serve.target.v6);
}

TEST_CASE("what is wrong on the command line is named") {
  CHECK(wrong({"--to", "10.0.0.2"}) == "no PORTS");
  CHECK(wrong({"tcp,*,1,1"}) == "no --to");
  CHECK(wrong({"--to"}) == "an option wants a value");
  CHECK(wrong({"--to", "host"}) == "--to wants an address");
  CHECK(wrong({"--what", "1"}) == "unknown option");
  CHECK(wrong({"--idle-ms", "0"}) == "an option wants a number above 0");
  CHECK(wrong({"--to", "::1", "sctp,*,1,1"}) == "a PROTOCOL is tcp or udp");
  CHECK(wrong({"--to", "::1", "tcp,nowhere,1,1"}) == "HOST is not an address");
  CHECK(wrong({"--to", "::1", "tcp,*,70000,1"}) == "HOSTPORT is not a port, nor a range");
  CHECK(wrong({"--to", "::1", "tcp,*,1,0"}) == "PORT is not a port, nor a range");
  CHECK(wrong({"--to", "::1", "tcp,*,1"}) == "PORT is not a port, nor a range");
  CHECK(wrong({"--to", "::1", "tcp,*,1-3,1-2"}) == "the ranges must be of one length");
}
