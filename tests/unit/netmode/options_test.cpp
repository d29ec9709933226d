#include "netmode/options.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::netmode;

namespace {

using Annotations = std::map<std::string, std::string>;

std::string option_error(std::string_view text) {
  const auto parsed = parse_host_options(text);
  return parsed ? "accepted" : parsed.error().text;
}

std::string annotation_error(const Annotations& annotations) {
  const auto parsed = parse_annotations(annotations);
  return parsed ? "accepted" : parsed.error().text;
}

}  // namespace

TEST_CASE("host's options are switches and ports to bind") {
  const auto options = parse_host_options("require-ports,bind=80,private-abstract,bind=8000-8100/udp,map");
  REQUIRE(options);
  CHECK((options->require_ports && options->private_abstract && options->map));
  REQUIRE(options->bind);
  REQUIRE(options->bind->size() == 2);
  CHECK(options->bind->at(0).range.first == 80);
  CHECK(options->bind->at(0).protocol == Protocol::tcp);
  CHECK(options->bind->at(1).range.last == 8100);
  CHECK(options->bind->at(1).protocol == Protocol::udp);
}

TEST_CASE("bind=none is a list without a port, no bind= no list") {
  CHECK(parse_host_options("bind=none")->bind->empty());
  CHECK_FALSE(parse_host_options("map")->bind);
}

TEST_CASE("wrong options are refused by name") {
  CHECK_THAT(option_error(""), Catch::StartsWith("--network host: unknown option \"\"; expected bind="));
  CHECK_THAT(option_error("map,"), Catch::Contains("unknown option \"\""));
  CHECK_THAT(option_error("map,,bind=1"), Catch::Contains("unknown option \"\""));
  CHECK_THAT(option_error("Map"), Catch::Contains("unknown option \"Map\""));
  CHECK_THAT(option_error("bind"), Catch::Contains("unknown option \"bind\""));
  CHECK(option_error("bind=") == "--network host,bind: no port is named; \"none\" allows no port at all");
  CHECK(option_error("bind=x") ==
        "--network host,bind \"x\": the port \"x\" is not a number; expected PORT[-LAST][/PROTOCOL]");
  CHECK_THAT(option_error("bind=0"), Catch::Contains("must not be 0"));
  CHECK_THAT(option_error("bind=80/sctp"), Catch::Contains("SCTP cannot be allowed by port"));
}

TEST_CASE("bind=none stands alone") {
  CHECK_THAT(option_error("bind=none,bind=80"), Catch::Contains("stands alone"));
  CHECK_THAT(option_error("bind=80,bind=none"), Catch::Contains("stands alone"));
  CHECK_THAT(option_error("bind=none,bind=none"), Catch::Contains("stands alone"));
}

TEST_CASE("annotations say the same") {
  const auto parsed = parse_annotations({{"org.lodger.network.bind", "80,8000-8100/udp"},
                                         {"org.lodger.network.map", "true"},
                                         {"org.lodger.network.private-abstract", "false"},
                                         {"org.lodger.network.publish", "8080:80,[::1]:53:53/udp"},
                                         {"org.lodger.networks", "somebody else's"},
                                         {"org.lodger", "somebody else's"}});
  REQUIRE(parsed);
  CHECK(parsed->options.bind->size() == 2);
  CHECK(parsed->options.map);
  CHECK_FALSE(parsed->options.private_abstract);
  REQUIRE(parsed->publish.size() == 2);
  CHECK(parsed->publish[1].host_ip == "::1");
  CHECK(parsed->first == "org.lodger.network.bind");
}

TEST_CASE("annotations for flags beside --network are no options of host mode's") {
  const auto parsed = parse_annotations(
      {{"org.lodger.network.publish-all", "true"}, {"org.lodger.network.userland-proxy", "true"}});
  REQUIRE(parsed);
  CHECK(parsed->publish_all);
  CHECK(parsed->userland_proxy);
  CHECK(parsed->first.empty());
  CHECK_FALSE(parsed->options.any());
  for (const char* name : {"org.lodger.network.publish-all", "org.lodger.network.userland-proxy"}) {
    CHECK(annotation_error({{name, "yes"}}) ==
          std::string("annotation ") + name + ": \"yes\" is neither \"true\" nor \"false\"");
    CHECK(annotation_error({{name, "false"}}) == "accepted");
  }
}

TEST_CASE("without annotations of lodger's there is nothing") {
  const auto parsed = parse_annotations({{"a", "b"}, {"z", "y"}});
  REQUIRE(parsed);
  CHECK_FALSE(parsed->options.any());
  CHECK(parsed->first.empty());
}

TEST_CASE("wrong annotations are refused by name") {
  CHECK(annotation_error({{"org.lodger.network.map", "yes"}}) ==
        "annotation org.lodger.network.map: \"yes\" is neither \"true\" nor \"false\"");
  CHECK_THAT(
      annotation_error({{"org.lodger.network.bin", "80"}}),
      Catch::StartsWith("annotation org.lodger.network.bin: unknown; expected org.lodger.network.bind"));
  CHECK_THAT(annotation_error({{"org.lodger.network.publish", "80:x"}}),
             Catch::StartsWith("annotation org.lodger.network.publish \"80:x\": "));
  CHECK_THAT(annotation_error({{"org.lodger.network.bind", ""}}), Catch::Contains("no port is named"));
}

TEST_CASE("flags and annotations add up, but for two lists of ports") {
  const auto flags = *parse_host_options("map,bind=80");
  const auto both = united(flags, *parse_annotations({{"org.lodger.network.require-ports", "true"}}));
  REQUIRE(both);
  CHECK((both->map && both->require_ports && both->bind));
  const auto twice = united(flags, *parse_annotations({{"org.lodger.network.bind", "81"}}));
  REQUIRE_FALSE(twice);
  CHECK_THAT(twice.error().text, Catch::Contains("leave out one of them"));
}

TEST_CASE("a variable names ports that are required") {
  const auto ports =
      parse_environment({"A=1", "LODGER_REQUIRE_PORTS=80,53/udp", "LODGER_REQUIRE_PORTS_=x", "B"});
  REQUIRE(ports);
  REQUIRE(ports->size() == 2);
  CHECK(ports->at(0).range.first == 80);
  CHECK(ports->at(1).protocol == Protocol::udp);
  CHECK(parse_environment({"A=LODGER_REQUIRE_PORTS=80"})->empty());
}

TEST_CASE("a variable with other than ports is refused by name") {
  CHECK(parse_environment({"LODGER_REQUIRE_PORTS="}).error().text ==
        "variable LODGER_REQUIRE_PORTS: no port is named");
  CHECK_FALSE(parse_environment({"LODGER_REQUIRE_PORTS"}));
  CHECK_THAT(parse_environment({"LODGER_REQUIRE_PORTS=true"}).error().text,
             Catch::StartsWith("variable LODGER_REQUIRE_PORTS \"true\": "));
}
