#include "netmode/bridge/question.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::netmode::bridge;

namespace {

std::vector<std::string> texts(const std::vector<Door>& doors) {
  std::vector<std::string> out;
  for (const auto& door : doors) out.push_back(door.text());
  return out;
}

std::vector<Door> doors(std::initializer_list<const char*> published, bool v6 = true) {
  std::vector<Publication> all;
  for (const char* text : published) all.push_back(*parse_publish(text));
  return doors_of(all, v6);
}

}  // namespace

TEST_CASE("a publication is a door in each family that it is for") {
  using Texts = std::vector<std::string>;
  CHECK(texts(doors({"8080:80"})) == Texts{"0.0.0.0:8080/tcp", "[::]:8080/tcp"});
  CHECK(texts(doors({"8080:80"}, false)) == Texts{"0.0.0.0:8080/tcp"});
  CHECK(texts(doors({"0.0.0.0:8080:80"})) == Texts{"0.0.0.0:8080/tcp"});
  CHECK(texts(doors({"[::]:8080:80"})) == Texts{"[::]:8080/tcp"});
  CHECK(texts(doors({"192.0.2.1:8000-8009:9000-9009/udp"})) == Texts{"192.0.2.1:8000-8009/udp"});
  CHECK(doors({"8000-8009:9000-9009"})[0].one_by_one());
  CHECK(doors({"8000:8000"})[0].one_by_one());
  CHECK_FALSE(doors({"8000-8009:8000-8009"})[0].one_by_one());
}

TEST_CASE("doors travel in words") {
  const auto sent = doors({"8080:80", "[2001:db8::1]:5-9:5-9/udp", "1.2.3.4:7:7/sctp"});
  kernel::Words words;
  append(words, sent);
  const auto back = take_doors(words);
  REQUIRE(back);
  CHECK(*back == sent);
  words.pop_back();
  CHECK_FALSE(take_doors(words));
}

TEST_CASE("what is no door is not taken for one") {
  const kernel::Words good{"tcp", "4", "", "80", "90", "8080"};
  REQUIRE(take_doors(good));
  const auto with = [&](std::size_t at, const char* word) {
    auto words = good;
    words[at] = word;
    return take_doors(words).has_value();
  };
  CHECK_FALSE(with(0, "icmp"));
  CHECK_FALSE(with(2, "::1"));
  CHECK_FALSE(with(2, "x"));
  CHECK_FALSE(with(3, "91"));
  CHECK_FALSE(with(4, "70000"));
  CHECK_FALSE(with(5, "65530"));
}
