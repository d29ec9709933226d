// config-linux.md, "Namespaces": new, inherited and joined ones, told apart by identity.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// Sets the path of the namespace `type`, adding the entry where there is none.
void join(json& config, const std::string& type, const std::string& path) {
  for (auto& entry : config["linux"]["namespaces"])
    if (entry["type"] == type) {
      entry["path"] = path;
      return;
    }
  config["linux"]["namespaces"].push_back({{"type", type}, {"path", path}});
}

void leave_out(json& config, const std::string& type) {
  auto& all = config["linux"]["namespaces"];
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i]["type"] == type) all.erase(i);
}

std::string ns_path(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/ns/" + name;
}

}  // namespace

TEST_CASE("namespaces: those listed are new, the others the runtime's", "[namespaces]") {
  NEEDS_ROOT();
  const Facts facts = inside("ns");
  for (const char* name : {"pid", "ipc", "uts", "mnt"})
    CHECK(facts[std::string("ns.") + name] != ns_id(getpid(), name));
  for (const char* name : {"net", "user", "cgroup"})
    CHECK(facts[std::string("ns.") + name] == ns_id(getpid(), name));
}

TEST_CASE("namespaces: one left out is the runtime's, as seen from outside", "[namespaces]") {
  NEEDS_ROOT();
  const auto [type, name] =
      GENERATE(table<std::string, std::string>({{"pid", "pid"}, {"ipc", "ipc"}, {"uts", "uts"}}));
  const Bundle bundle("hold", [&](json& config) { leave_out(config, type); });
  Container container(bundle);
  container.create();
  CHECK(ns_id(container.pid(), name) == ns_id(getpid(), name));
  CHECK(ns_id(container.pid(), "mnt") != ns_id(getpid(), "mnt"));
}

TEST_CASE("namespaces: a cgroup namespace hides the path to the container's cgroup", "[namespaces]") {
  NEEDS_ROOT();
  const Facts facts = inside("ns ; cat /proc/self/cgroup", [](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "cgroup"}});
  });
  CHECK(facts["ns.cgroup"] != ns_id(getpid(), "cgroup"));
  const auto lines = facts.all("line:/proc/self/cgroup");
  REQUIRE_FALSE(lines.empty());
  for (const auto& line : lines) CHECK_THAT(line, !Catch::Contains("lodger-test"));
}

TEST_CASE("namespaces: the first process of a pid namespace is 1 and sees no other", "[namespaces]") {
  NEEDS_ROOT();
  const Facts facts = inside("attributes ; list /proc");
  CHECK(facts["pid"] == "1");
  CHECK(facts["list:/proc"].substr(0, 4) == "1 ac");  // "1 acpi": no further number
}

TEST_CASE("namespaces: joining those of another container by path", "[namespaces]") {
  NEEDS_ROOT();
  const Bundle first("hold");
  Container owner(first);
  owner.create();
  const pid_t pid = owner.pid();
  const Facts facts = inside("ns ; attributes", [&](json& config) {
    for (const char* type : {"pid", "ipc", "uts"}) join(config, type, ns_path(pid, type));
  });
  for (const char* name : {"pid", "ipc", "uts"}) CHECK(facts[std::string("ns.") + name] == ns_id(pid, name));
  CHECK(facts["ns.mnt"] != ns_id(pid, "mnt"));
  CHECK(facts["pid"] != "1");
  CHECK(owner.status() == "created");
}

TEST_CASE("namespaces: an owner's namespaces outlive a joiner's delete", "[namespaces]") {
  NEEDS_ROOT();
  const Bundle first("hold");
  Container owner(first);
  owner.create();
  const std::string before = ns_id(owner.pid(), "ipc");
  {
    const Bundle second("hold", [&](json& config) { join(config, "ipc", ns_path(owner.pid(), "ipc")); });
    Container joiner(second);
    joiner.create();
    CHECK(ns_id(joiner.pid(), "ipc") == before);
  }
  CHECK(ns_id(owner.pid(), "ipc") == before);
}

TEST_CASE("namespaces: a duplicate is refused (config-linux.md, Namespaces)", "[namespaces]") {
  NEEDS_ROOT();
  refused([](json& config) { config["linux"]["namespaces"].push_back({{"type", "ipc"}}); }, {"ipc"});
}

TEST_CASE("namespaces: an unknown type is refused", "[namespaces]") {
  NEEDS_ROOT();
  refused([](json& config) { config["linux"]["namespaces"].push_back({{"type", "quantum"}}); }, {"quantum"});
}

TEST_CASE("namespaces: a path must be absolute, exist, and lead to the stated type", "[namespaces]") {
  NEEDS_ROOT();
  refused([](json& config) { join(config, "ipc", "proc/self/ns/ipc"); }, {"proc/self/ns/ipc"});
  refused([](json& config) { join(config, "ipc", "/run/no-such-namespace"); }, {"/run/no-such-namespace"});
  refused([](json& config) { join(config, "ipc", ns_path(getpid(), "uts")); }, {"/ns/uts"});
  refused([](json& config) { join(config, "ipc", "/etc/passwd"); }, {"/etc/passwd"});
}

TEST_CASE("namespaces: a time namespace with offsets", "[namespaces]") {
  NEEDS_ROOT();
  NEEDS(access("/proc/self/ns/time", F_OK) == 0, "the kernel has no time namespaces");
  const Facts facts = inside("ns ; read /proc/self/timens_offsets", [](json& config) {
    config["ociVersion"] = "1.1.0";
    config["linux"]["namespaces"].push_back({{"type", "time"}});
    config["linux"]["timeOffsets"] = {{"boottime", {{"secs", 86400}, {"nanosecs", 7}}},
                                      {"monotonic", {{"secs", 3600}}}};
  });
  CHECK(facts["ns.time"] != ns_id(getpid(), "time"));
  CHECK_THAT(facts["read:/proc/self/timens_offsets.data"],
             Catch::Matches(".*monotonic +3600 +0.*boottime +86400 +7.*"));
}
