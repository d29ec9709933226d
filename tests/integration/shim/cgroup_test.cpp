// Where the shim itself is limited, and when it goes before others do.
#include "cgroups/cgroup.hpp"

#include <catch2/catch.hpp>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "../support/census.hpp"
#include "../support/needs.hpp"
#include "caller.hpp"
#include "cgroups/manage.hpp"
#include "cgroups/membership.hpp"
#include "tests/support/files.hpp"

using namespace lodger;
using namespace lodger::test;

namespace {

/// A cgroup for a shim, in every hierarchy; gone with the object.
struct Limited {
  cgroups::Layout layout;
  cgroups::Record record;

  explicit Limited(cgroups::Layout of) : layout(std::move(of)) {
    auto cgroup = cgroups::Cgroup::prepare(layout, {"/lodger-test/" + unique_name(), {}}, nullptr);
    if (!cgroup) FAIL(cgroup.error().text);
    if (const auto done = cgroup->complete(0); !done) FAIL(done.error().text);
    cgroup->commit();
    record = cgroup->record();
  }
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;
  ~Limited() { CHECK(cgroups::remove(record)); }
};

/// A hierarchy's name and the process's path in it, of all hierarchies that are mounted.
std::vector<std::string> places_of(const cgroups::Layout& layout, pid_t pid) {
  std::vector<std::string> places;
  const auto add = [&](const std::string& hierarchy) {
    places.push_back(hierarchy + ":" + *cgroups::cgroup_of(std::to_string(pid), hierarchy));
  };
  if (!layout.unified.empty()) add("");
  for (const auto& hierarchy : layout.hierarchies)
    add(fmt::format("{}", fmt::join(hierarchy.controllers, ",")));
  return places;
}

wire::RuncOptions in_cgroup(const Place& place, const std::string& path) {
  auto options = options_of(place);
  options.shim_cgroup = path;
  return options;
}

/// Where cgroup v1's freezer is; empty on a machine without it.
std::string v1_freezer(const cgroups::Layout& layout) {
  for (const auto& hierarchy : layout.hierarchies)
    if (hierarchy.has("freezer")) return hierarchy.folder;
  return {};
}

}  // namespace

TEST_CASE("shim: a kill that waits for a freezer keeps nobody else waiting") {
  NEEDS_ROOT();
  const auto freezer = v1_freezer(*cgroups::detect());
  NEEDS(!freezer.empty(), "no freezer of cgroup v1, with which what takes a signal is held");
  const Place place;
  const Bundle first(words("/bin/sleep 1000"), in_pod);
  const Bundle second(words("/bin/sleep 1000"), [](nlohmann::json& config) {
    in_pod(config);
    const std::string path = config["linux"]["cgroupsPath"];
    config["linux"]["cgroupsPath"] = path + "/below";
  });
  Shim one(first, place, "c1"), two(second, place, "c2");
  one.run();
  two.run();
  const auto state = freezer + "/lodger-test/" + second.name() + "/freezer.state";
  write_file(state, "FROZEN");
  const auto killed = two.send("Kill", wire::encode(wire::KillRequest{"c2", "", SIGTERM, true}));
  const auto asked = std::chrono::steady_clock::now();
  CHECK(one.state()->status == wire::TaskStatus::running);
  CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(2));
  write_file(state, "THAWED");
  CHECK(two.receive<wire::Empty>(killed));
  REQUIRE(one.kill(SIGKILL));
  CHECK(one.wait());
  CHECK(one.remove());
}

TEST_CASE("shim: it is in the cgroup that it is told to be in, in all hierarchies") {
  NEEDS_ROOT();
  auto layout = cgroups::detect();
  NEEDS(layout, "no cgroup filesystem is mounted");
  const Limited limited(*layout);
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place, "c1", in_cgroup(place, limited.record.path));
  const auto in_it = [&](const std::string& of) { return of.ends_with(":" + limited.record.path); };
  CHECK_THAT(places_of(limited.layout, shim.pid()),
             Catch::Predicate<std::vector<std::string>>(
                 [&](const auto& all) { return !all.empty() && std::ranges::all_of(all, in_it); }));
  auto request = shim.create_request();
  request.options = any_of(in_cgroup(place, "/lodger-test/another"));
  const auto refused = shim.call<wire::PidResponse>("Create", request);
  REQUIRE(!refused);
  CHECK(refused.error().code == wire::Code::invalid_argument);
  CHECK_THAT(refused.error().message, Catch::Contains("ShimCgroup \"/lodger-test/another\""));
  request.options = any_of(in_cgroup(place, limited.record.path));
  const auto created = shim.call<wire::PidResponse>("Create", request);
  REQUIRE(created);
  CHECK(std::ranges::none_of(places_of(limited.layout, static_cast<pid_t>(created->pid)), in_it));
}

TEST_CASE("shim: a cgroup that is not there, or no path of one, is told, and no shim is left") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  const auto refused = [&](const std::string& path, const char* why) {
    const auto started = start_shim(bundle, place, "c1", in_cgroup(place, path));
    CHECK(started.status == 1);
    CHECK_THAT(started.err, Catch::Contains("option ShimCgroup \"" + path + "\"") && Catch::Contains(why));
    CHECK(support::names_in(place.path("s")).empty());
  };
  refused("/lodger-test/" + unique_name(), "make it first");
  refused("here", "must be absolute");
  refused("/", "everybody's");
}

TEST_CASE("shim: memory's want ends it before its containerd") {
  NEEDS_ROOT();
  constexpr const char* file = "/proc/self/oom_score_adj";
  const auto own = support::read_file(file);
  support::write_file(file, "300");
  const Bundle bundle(words("/bin/true"));
  const Place place;
  const Shim shim(bundle, place);
  support::write_file(file, own);
  CHECK(support::read_file("/proc/" + std::to_string(shim.pid()) + "/oom_score_adj") == "301\n");
}
