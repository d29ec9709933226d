// The table that docs/policy.schema.json is held to as well (tests/checks/policy_schema), and what no schema
// can say.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>

#include "runtime/policy/rules.hpp"

using namespace lodger;
using namespace lodger::policy;
using Json = nlohmann::ordered_json;

namespace {

Json table() { return Json::parse(std::ifstream(POLICIES)); }

/// The complaint, without the file that it begins with.
std::string complaint(const std::string& text) {
  const auto rules = parse(text, "/policy.json");
  if (rules) return "accepted";
  CHECK_THAT(rules.error().text, Catch::StartsWith("/policy.json: "));
  return rules.error().text.substr(sizeof "/policy.json: " - 1);
}

}  // namespace

TEST_CASE("policy: every good document is taken") {
  const auto all = table();
  REQUIRE(all["good"].size() > 5);
  for (const auto& [name, document] : all["good"].items()) {
    CAPTURE(name);
    CHECK(complaint(document.dump()) == "accepted");
  }
}

TEST_CASE("policy: every bad document is refused with the file and the place of what is bad in it") {
  const auto all = table();
  REQUIRE(all["bad"].size() > 30);
  for (const auto& [name, bad] : all["bad"].items()) {
    CAPTURE(name);
    CHECK_THAT(complaint(bad["document"].dump()), Catch::StartsWith(bad["says"].get<std::string>()));
  }
}

TEST_CASE("policy: what no schema can tell is refused, too") {
  CHECK_THAT(complaint("{"), Catch::StartsWith("line 1, column 2: "));
  CHECK_THAT(complaint(""), Catch::StartsWith("line 1, column 1: "));
  CHECK(complaint(R"({"version":1,"network":{"host":"deny","host":"allow"}})") == "network.host: said twice");
  CHECK(complaint(R"({"version":1,"network":{"host":"deny"},"network":{}})") == "network: said twice");
  CHECK(complaint(R"({"version":1,"network":{"publish":["90-80"]}})") ==
        "network.publish[0]: ports \"90-80\": the port range 90-80 ends before it begins");
  CHECK_THAT(complaint(R"({"version":1,"network":{"publish":["80\u0000"]}})"),
             Catch::StartsWith("network.publish[0]: "));
}

TEST_CASE("policy: a document means what it says") {
  const auto rules = parse(table()["good"]["all that there is"].dump(), "f").value();
  CHECK(rules.host.denied);
  CHECK(rules.host.unless == std::vector{Condition::bind, Condition::private_abstract,
                                         Condition::user_namespace, Condition::no_net_admin,
                                         Condition::no_net_raw, Condition::no_sys_admin});
  CHECK(rules.bridge.denied);
  CHECK(rules.bridge.unless.size() == 4);
  CHECK(rules.relay.denied);
  CHECK(rules.relay.unless == std::vector{Condition::ports, Condition::to_host, Condition::user_namespace});
  REQUIRE(rules.publish);
  REQUIRE(rules.publish->size() == 4);
  CHECK(rules.publish->at(1).range == netmode::PortRange{8000, 8099});
  CHECK(rules.publish->at(2).protocol == netmode::Protocol::udp);
  CHECK(rules.annotations == Annotations::allow);
}

TEST_CASE("policy: what is not said is as without a policy") {
  const auto rules = parse(table()["good"]["nothing said"].dump(), "f").value();
  for (const auto mode : {Mode::host, Mode::bridge, Mode::relay}) CHECK_FALSE(rules.about(mode)->denied);
  CHECK_FALSE(rules.publish);
  CHECK(rules.annotations == Annotations::narrow);
  for (const auto& said : told(rules)) CHECK_FALSE(said.limits);
}

TEST_CASE("policy: each rule is told in words") {
  const auto said = told(parse(table()["good"]["all that there is"].dump(), "f").value());
  REQUIRE(said.size() == 5);
  CHECK(said[0].name == "host");
  CHECK(said[0].limits);
  CHECK(said[0].words ==
        "denied unless it has all of: bind, private-abstract, user-namespace, no-CAP_NET_ADMIN, "
        "no-CAP_NET_RAW, "
        "no-CAP_SYS_ADMIN");
  CHECK(said[2].words == "denied unless it has all of: ports, to-host, user-namespace");
  CHECK(told(parse(table()["good"]["isolation"].dump(), "f").value())[0].words == "denied");
  CHECK(said[3].words == "80/tcp, 8000-8099/tcp, 53/udp, 1-65535/sctp alone");
  CHECK(said[4].words == "may choose any mode that is allowed");
  CHECK(told(parse(table()["good"]["no published port"].dump(), "f").value())[3].words == "no port");
}
