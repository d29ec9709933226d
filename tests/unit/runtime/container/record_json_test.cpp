#include "runtime/container/record_json.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::container;

TEST_CASE("host mode's options go into the state and come back") {
  Record record;
  record.id = "c";
  record.network.bind = *netmode::parse_ports("80,8000-8100/udp", "test");
  record.network.map = {*netmode::parse_publish("127.0.0.1:8080:80"),
                        *netmode::parse_publish("[::1]:53:53/udp")};
  record.network.landlocked = record.network.private_abstract = true;
  const auto text = to_json(record);
  REQUIRE(text);
  CHECK(
      text->find(
          R"("network":{"bind":["80/tcp","8000-8100/udp"],"map":["127.0.0.1:8080:80/tcp","[::1]:53:53/udp"],)"
          R"("landlock":true,"privateAbstract":true})") != std::string::npos);
  const auto back = record_from_json(*text);
  REQUIRE(back);
  CHECK(to_json(*back).value() == *text);
  CHECK(back->network.landlocked);
  CHECK(back->network.bind->size() == 2);
}

TEST_CASE("an empty list is not the same as none") {
  Record record;
  CHECK(to_json(record)->find("\"network\"") == std::string::npos);
  record.network.bind.emplace();
  const auto back = record_from_json(*to_json(record));
  REQUIRE(back);
  REQUIRE(back->network.bind);
  CHECK(back->network.bind->empty());
}

TEST_CASE("a list that is no list of ports is told") {
  Record record;
  record.network.bind = *netmode::parse_ports("80", "test");
  auto text = *to_json(record);
  text.replace(text.find("80/tcp"), 6, "80/xyz");
  CHECK(record_from_json(text).error().text.find("unknown protocol") != std::string::npos);
  text.replace(text.find("80/xyz"), 6, "");
  CHECK_FALSE(record_from_json(text));
}
