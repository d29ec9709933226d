#include "runtime/policy/judge.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::policy;
using Catch::Contains;
using netmode::Protocol;

namespace {

Policy policy_of(const std::string& network, const std::string& file = "/p.json") {
  return {file, parse(R"({"version": 1, "network": )" + network + "}", file).value()};
}

std::string verdict(const std::vector<Policy>& policies, const Facts& facts) {
  const auto judged = judge(policies, facts);
  return judged ? "allowed" : judged.error().text;
}
std::string verdict(const std::string& network, const Facts& facts) {
  return verdict(std::vector{policy_of(network)}, facts);
}

Facts asking(Mode mode) {
  Facts facts;
  facts.mode = mode;
  facts.by = "--network " + std::string(name_of(mode));
  return facts;
}

constexpr Mode all_modes[] = {Mode::host, Mode::bridge, Mode::relay, Mode::none, Mode::joined};

}  // namespace

TEST_CASE("policy: without one everything is allowed") {
  for (const auto mode : all_modes) CHECK(verdict(std::vector<Policy>{}, asking(mode)) == "allowed");
  for (const auto mode : all_modes) CHECK(verdict("{}", asking(mode)) == "allowed");
}

TEST_CASE("policy: a mode is denied by its own rule alone, and none and a joined network by no rule") {
  for (const auto denied : {Mode::host, Mode::bridge, Mode::relay})
    for (const auto asked : all_modes) {
      const std::string name(name_of(denied));
      CAPTURE(name, name_of(asked));
      const auto said = verdict("{\"" + name + "\": \"deny\"}", asking(asked));
      CHECK((said == "allowed") == (asked != denied));
    }
}

TEST_CASE(
    "policy: a refusal names the mode and who chose it, the rule, the file, and what is allowed instead") {
  auto facts = asking(Mode::host);
  facts.by = "the bundle's linux.namespaces";
  CHECK_THAT(verdict(R"({"host": "deny"})", facts),
             Catch::StartsWith("network mode host (by the bundle's linux.namespaces) is denied by the rule "
                               "\"network.host\" of /p.json; allowed instead: --network "));
  CHECK_THAT(verdict(R"({"host": "deny"})", facts),
             Catch::EndsWith("allowed instead: --network relay, --network bridge, --network none"));
  CHECK_THAT(verdict(R"({"host": "deny", "bridge": "deny", "relay": "deny"})", facts),
             Catch::EndsWith("; allowed instead: --network none"));
  CHECK_THAT(verdict(R"({"bridge": "deny"})", asking(Mode::bridge)), Contains("--network host"));
  CHECK_THAT(verdict(R"({"bridge": "deny", "host": {"deny-unless": ["bind"]}})", asking(Mode::bridge)),
             !Contains("--network host"));
}

TEST_CASE(
    "policy: each condition of deny-unless has to hold, and the refusal tells which do not, and what helps") {
  struct Case {
    const char* condition;
    void (*meets)(Facts&);
    void (*fails)(Facts&);
    const char* help;
  };
  const auto nothing = [](Facts&) {};
  const Case cases[] = {
      {"bind", [](Facts& f) { f.bind.emplace(); }, nothing,
       "no list of ports to bind (--network host,bind=PORTS)"},
      {"private-abstract", [](Facts& f) { f.private_abstract = true; }, nothing,
       "--network host,private-abstract"},
      {"user-namespace", [](Facts& f) { f.user_namespace = true; }, nothing,
       "no user namespace (linux.namespaces)"},
      {"no-CAP_NET_ADMIN", nothing, [](Facts& f) { f.net_admin = true; },
       "CAP_NET_ADMIN is among its process.capabilities"},
      {"no-CAP_NET_RAW", nothing, [](Facts& f) { f.net_raw = true; },
       "CAP_NET_RAW is among its process.capabilities"},
      {"no-CAP_SYS_ADMIN", nothing, [](Facts& f) { f.sys_admin = true; },
       "CAP_SYS_ADMIN is among its process.capabilities"},
  };
  for (const auto& [condition, meets, fails, help] : cases) {
    CAPTURE(condition);
    const auto network = R"({"host": {"deny-unless": [")" + std::string(condition) + R"("]}})";
    auto facts = asking(Mode::host);
    meets(facts);
    CHECK(verdict(network, facts) == "allowed");
    facts = asking(Mode::host);
    fails(facts);
    CHECK_THAT(verdict(network, facts), Contains("the rule \"network.host\" of /p.json: ") && Contains(help));
  }
}

TEST_CASE("policy: all of several, and of those that fail each is told") {
  const std::string network = R"({"host": {"deny-unless": ["bind", "private-abstract", "no-CAP_NET_RAW"]}})";
  auto facts = asking(Mode::host);
  facts.net_raw = facts.private_abstract = true;
  CHECK_THAT(verdict(network, facts),
             Contains("list of ports") && Contains("CAP_NET_RAW") && !Contains("abstract sock"));
  facts.net_raw = false;
  facts.bind.emplace();
  CHECK(verdict(network, facts) == "allowed");
}

TEST_CASE("policy: a bridge is judged by its own conditions") {
  const std::string network = R"({"bridge": {"deny-unless": ["user-namespace", "no-CAP_NET_ADMIN"]}})";
  auto facts = asking(Mode::bridge);
  CHECK_THAT(verdict(network, facts), Contains("\"network.bridge\" of /p.json: it has no user namespace"));
  facts.user_namespace = true;
  CHECK(verdict(network, facts) == "allowed");
  facts.net_admin = true;
  CHECK_THAT(verdict(network, facts), Contains("CAP_NET_ADMIN"));
}

TEST_CASE("policy: a relay is judged by what it lets in and out") {
  const std::string network = R"({"relay": {"deny-unless": ["ports", "to-host"]}, "publish": ["8000-8099"]})";
  auto facts = asking(Mode::relay);
  CHECK_THAT(verdict(network, facts),
             Contains("\"network.relay\" of /p.json: it has no list of ports to let in "
                      "(--network relay,ports=PORTS); it has no list of the host's ports "));
  facts.to_host.emplace();
  facts.ports = {{{8000, 8001}, Protocol::tcp}};
  CHECK(verdict(network, facts) == "allowed");
  facts.ports = {{{8099, 8100}, Protocol::tcp}};
  CHECK_THAT(verdict(network, facts), Contains("its list of ports to let in (8099-8100/tcp) has some that"));
}

TEST_CASE("policy: a relay publishes what it lets in, everything without a list") {
  const std::string network = R"({"publish": ["8000-8099"]})";
  auto facts = asking(Mode::relay);
  CHECK(verdict("{}", facts) == "allowed");
  CHECK(verdict(network, facts) ==
        "network mode relay (by --network relay): it has no list of ports to let in (--network "
        "relay,ports=PORTS), against "
        "the rule \"network.publish\" of /p.json; allowed instead: 8000-8099/tcp");
  facts.ports = {{{8000, 8001}, Protocol::tcp}};
  CHECK(verdict(network, facts) == "allowed");
  facts.ports.emplace();
  CHECK(verdict(R"({"publish": []})", facts) == "allowed");
}

TEST_CASE("policy: of two each has to allow, and what is offered instead both do") {
  const std::vector two{policy_of(R"({"host": "deny"})", "/a"), policy_of(R"({"bridge": "deny"})", "/b")};
  CHECK_THAT(verdict(two, asking(Mode::host)),
             Contains("\"network.host\" of /a") && Catch::EndsWith("--network relay, --network none"));
  CHECK_THAT(verdict(two, asking(Mode::bridge)), Contains("\"network.bridge\" of /b"));
  CHECK(verdict(two, asking(Mode::none)) == "allowed");
  const std::vector allowing{policy_of(R"({"host": "allow"})", "/a"), policy_of(R"({"host": "deny"})", "/b")};
  CHECK_THAT(verdict(allowing, asking(Mode::host)), Contains("of /b"));
  CHECK_THAT(verdict({allowing[1], allowing[0]}, asking(Mode::host)), Contains("of /b"));
}

TEST_CASE("policy: ports are published out of the list alone") {
  const std::string network = R"({"publish": ["80", "8000-8049", "8050-8099", "53/udp"]})";
  const auto with = [&](const char* port) {
    auto facts = asking(Mode::bridge);
    facts.published = {netmode::parse_publish(port).value()};
    return verdict(network, facts);
  };
  for (const auto* good :
       {"80:1", "8000:80", "8099:80", "8040-8060:40-60", "127.0.0.1:80:80", "53:53/udp", "8000-8099:80"})
    CHECK(with(good) == "allowed");
  for (const auto* bad :
       {"81:80", "80:80/udp", "53:53", "8099-8100:1-2", "79-80:1-2", "80:80/sctp", "80-8000:80"})
    CHECK_THAT(with(bad),
               Contains(": published against the rule \"network.publish\" of /p.json; allowed instead: "
                        "80/tcp, 8000-8049/tcp, 8050-8099/tcp, 53/udp"));
  for (const auto* choice : {"80", "127.0.0.1::80", "0:80"})
    CHECK_THAT(with(choice), Contains("on a port of the host's choice against the rule \"network.publish\""));
}

TEST_CASE("policy: an empty list publishes nothing, all ports leave the choice, and none is no rule") {
  auto facts = asking(Mode::bridge);
  facts.published = {netmode::parse_publish("80").value()};
  CHECK_THAT(verdict(R"({"publish": []})", facts),
             Catch::EndsWith("allowed instead: no published port at all"));
  CHECK(verdict(R"({"publish": ["1-65535"]})", facts) == "allowed");
  CHECK(verdict("{}", facts) == "allowed");
  facts.published.clear();
  CHECK(verdict(R"({"publish": []})", facts) == "allowed");
}

TEST_CASE("policy: a list of ports to bind is one where all of it may be published") {
  const std::string network = R"({"host": {"deny-unless": ["bind"]}, "publish": ["8000-8099"]})";
  auto facts = asking(Mode::host);
  facts.bind = {{{8000, 8010}, Protocol::tcp}, {{8099, 8099}, Protocol::tcp}};
  CHECK(verdict(network, facts) == "allowed");
  facts.bind = {{{1, 65535}, Protocol::tcp}};
  CHECK_THAT(verdict(network, facts), Contains("its list of ports to bind (1-65535/tcp) has some that "
                                               "\"network.publish\" has not (8000-8099/tcp)"));
  facts.bind = {{{8000, 8000}, Protocol::udp}};
  CHECK(verdict(network, facts) != "allowed");
  facts.bind.emplace();  // "none"
  CHECK(verdict(network, facts) == "allowed");
}

TEST_CASE("policy: an annotation narrows, unless a policy says more or less") {
  const auto may = [](const std::vector<Policy>& policies, Mode without, Mode mode) {
    return judge_annotation(policies, name_of(mode), without, mode).has_value();
  };
  for (const auto without : all_modes)
    for (const auto mode : all_modes) {
      CAPTURE(name_of(without), name_of(mode));
      const bool narrower = mode != Mode::joined && (without == mode || without == Mode::host);
      CHECK(may({}, without, mode) == narrower);
      CHECK(may({policy_of(R"({"host": "deny"})")}, without, mode) == narrower);
      CHECK(may({policy_of(R"({"annotations": "allow"})")}, without, mode));
      CHECK_FALSE(may({policy_of(R"({"annotations": "deny"})")}, without, mode));
      CHECK(may({policy_of(R"({"annotations": "allow"})"), policy_of("{}")}, without, mode) == narrower);
    }
}

TEST_CASE("policy: a refused annotation is told why, and the way that stays") {
  const auto without = judge_annotation({}, "host", Mode::none, Mode::host);
  REQUIRE_FALSE(without);
  CHECK(without.error().text ==
        "annotation org.lodger.network.mode \"host\": without a policy an annotation may take a container "
        "off the host's "
        "network, and choose no other mode, since images can bring one; allowed instead: the flag --network "
        "host, or "
        "\"annotations\": \"allow\" in /etc/lodger/policy.json");
  const std::vector denying{policy_of(R"({"annotations": "deny"})")};
  const auto denied = judge_annotation(denying, "relay", Mode::host, Mode::relay);
  REQUIRE_FALSE(denied);
  CHECK(denied.error().text ==
        "annotation org.lodger.network.mode \"relay\": by the rule \"network.annotations\" of /p.json an "
        "annotation may not "
        "choose the mode, since images can bring one; allowed instead: the flag --network relay");
}
