#include "netmode/policy/settle.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include "netmode/record.hpp"
#include "tests/support/descriptor.hpp"

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::netmode::policy;

namespace {

Decision decision(const std::vector<const char*>& published) {
  Decision out;
  for (const auto* text : published) out.publications.push_back(*parse_publish(text));
  return out;
}

/// A port of the loopback that somebody has.
struct Held {
  support::Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;
  Held() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
  }
};

}  // namespace

TEST_CASE("what is decided stays as it is") {
  std::vector<std::string> remarks;
  const auto settled = settle(decision({"8080:80", "127.0.0.1:9000-9009:8000-8009/udp"}), remarks);
  REQUIRE(settled);
  REQUIRE(settled->size() == 2);
  CHECK(to_text((*settled)[1]) == "127.0.0.1:9000-9009:8000-8009/udp");
  CHECK(remarks.empty());
}

TEST_CASE("what is left to the host gets a port each, and is told") {
  std::vector<std::string> remarks;
  auto asked = decision({"127.0.0.1::80-82"});
  asked.publish_all = true;
  asked.exposed = *parse_ports("81,443,53/udp", "test");  // 81 is published already
  const auto settled = settle(asked, remarks);
  REQUIRE(settled);
  REQUIRE(settled->size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK((*settled)[i].host.first != 0);
    CHECK((*settled)[i].host.first == (*settled)[i].host.last);
    CHECK(remarks.at(i) == "--network host,map: chosen for the container: " + to_text((*settled)[i]));
  }
  CHECK((*settled)[3].container.first == 443);
  CHECK((*settled)[4].protocol == Protocol::udp);
}

TEST_CASE("of several host ports the first free one is taken; none free is an error") {
  const Held held;
  const auto range = std::to_string(held.port) + "-" + std::to_string(held.port + 20);
  std::vector<std::string> remarks;
  const auto settled = settle(decision({("127.0.0.1:" + range + ":80").c_str()}), remarks);
  REQUIRE(settled);
  CHECK(settled->at(0).host.first > held.port);
  Decision one = decision({"127.0.0.1::80"});
  one.publications[0].host = {held.port, static_cast<std::uint16_t>(held.port + 1)};
  const support::Descriptor next(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(held.port + 1));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  (void)::bind(next.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);  // or somebody else has it
  const auto none = settle(one, remarks);
  REQUIRE_FALSE(none);
  CHECK(none.error().text.find("no port of the host is free for it") != std::string::npos);
  CHECK(none.error().code == EADDRINUSE);
}
