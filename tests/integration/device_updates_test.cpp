// update of device rules under the eyes of who opens devices all the while: config-linux.md, "Allowed Device
// list".
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

// Numbers for local use, behind which there is nothing: who may open them gets ENXIO, who may not EPERM.
constexpr int local = 240;

json node(const char* path, int minor) {
  return {{"path", path}, {"type", "c"}, {"major", local}, {"minor", minor}};
}

/// Nothing but these devices.
json only(const std::vector<int>& minors) {
  json rules = {{{"allow", false}, {"access", "rwm"}}};
  for (const int minor : minors)
    rules.push_back({{"allow", true}, {"type", "c"}, {"major", local}, {"minor", minor}, {"access", "rw"}});
  return rules;
}

Edit with_devices(const std::vector<int>& allowed) {
  return [=](json& config) {
    config["linux"]["devices"] = {node("/dev/a", 1), node("/dev/b", 2), node("/dev/c", 3)};
    resources(config)["devices"] = only(allowed);
  };
}

}  // namespace

TEST_CASE("device updates: new rules hold at once", "[device_updates]") {
  NEEDS_ROOT();
  Started it("hold", with_devices({1}));
  const auto errnos = [&] {
    const auto done =
        it.container.call({"exec", it.container.id(), "/bin/probe", "read", "/dev/a", ";", "read", "/dev/b"});
    INFO(done.err);
    const Facts facts(done.out);
    return facts["read:/dev/a.errno"] + " " + facts["read:/dev/b.errno"];
  };
  const std::string may = std::to_string(ENXIO), may_not = std::to_string(EPERM);
  CHECK(errnos() == may + " " + may_not);
  REQUIRE(update(it.container, {{"devices", only({2})}}).status == 0);
  CHECK(errnos() == may_not + " " + may);
  REQUIRE(update(it.container, {{"devices", only({})}}).status == 0);
  CHECK(errnos() == may_not + " " + may_not);
  REQUIRE(update(it.container, {{"devices", {{{"allow", true}, {"access", "rwm"}}}}}).status == 0);
  CHECK(errnos() == may + " " + may);
  REQUIRE(update(it.container, {{"devices", only({1, 2})}}).status == 0);
  CHECK(errnos() == may + " " + may);
}

TEST_CASE("device updates: what no rules allow opens at no moment, what all allow always does",
          "[device_updates]") {
  NEEDS_ROOT();
  Started it("hammer /dev/a /dev/null 1500", with_devices({2}));
  it.container.wait_for_output("hammering");
  int updates = 0;
  for (; it.container.status() == "running"; ++updates) {
    const auto done =
        update(it.container, {{"devices", only(updates % 2 ? std::vector{2} : std::vector{3, 2})}});
    INFO(done.err);
    CHECK((done.status == 0 || it.container.status() == "stopped"));
  }
  const Facts facts = it.container.facts();
  INFO(updates << " updates, " << facts["hammer.rounds"] << " rounds");
  CHECK(updates > 3);
  CHECK(facts["hammer.opened"] == "0");
  CHECK(facts["hammer.refused"] == "0");
  CHECK(std::stol(facts["hammer.rounds"]) > 1000);
}
