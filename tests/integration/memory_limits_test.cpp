// config-linux.md, "Memory": what happens to who takes more than is allowed, and that it is told.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <unistd.h>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "tests/support/text.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

constexpr long mib = 1 << 20;

/// Memory alone: no swap beside it.
Edit limited_to(long bytes) {
  return [=](json& config) { resources(config)["memory"] = {{"limit", bytes}, {"swap", bytes}}; };
}

bool has_memory() { return !folder(Bundle("hold", {}), "memory").empty(); }
bool counts_swap() {
  return access(v2() ? "/sys/fs/cgroup/lodger-test/memory.swap.max"
                     : "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes",
                F_OK) == 0;
}

std::uint64_t kills(const std::string& at) {
  return figure(at + (v2() ? "/memory.events" : "/memory.oom_control"), "oom_kill");
}

/// Mebibytes of swap that are free on the machine.
long free_swap() {
  for (const auto& line : support::lines(read_file("/proc/meminfo")))
    if (line.starts_with("SwapFree:")) return std::stol(line.substr(9)) / 1024;
  return 0;
}

}  // namespace

TEST_CASE("memory limits: the container's process is killed at the limit, and all goes: 137",
          "[memory_limits]") {
  NEEDS_ROOT();
  NEEDS(has_memory(), "no memory controller");
  const Bundle bundle("fill 128", limited_to(32 * mib));
  Container container(bundle);
  CHECK(container.run().status == 128 + SIGKILL);
  CHECK(container.leftovers() == std::vector<std::string>{});
  CHECK(outcome("fill 8", limited_to(32 * mib)).status == 0);
}

TEST_CASE("memory limits: one that is killed is counted, the others live", "[memory_limits]") {
  NEEDS_ROOT();
  NEEDS(has_memory(), "no memory controller");
  // More of memory and swap together, of which Linux 6.18 counts no failures on v1.
  Started it("touch 128 ; hold", [](json& config) {
    resources(config)["memory"] = {{"limit", 32 * mib}, {"swap", 64 * mib}};
  });
  it.container.wait_for_output("holding");
  CHECK(it.container.facts()["touch.signal"] == std::to_string(SIGKILL));
  CHECK(it.container.status() == "running");
  CHECK(kills(folder(it.bundle, "memory")) == 1);
  const auto memory = statistics(it.container)["memory"];
  INFO(memory["usage"]);
  CHECK(memory["usage"]["limit"] == 32 * mib);
  CHECK(memory["usage"]["failcnt"].get<int>() > 0);
  CHECK(memory["usage"]["usage"].get<long>() < 32 * mib);
}

TEST_CASE("memory limits: with memory.oom.group all end together", "[memory_limits]") {
  NEEDS_ROOT();
  NEEDS(v2() && has_memory(), "memory.oom.group is cgroup2's");
  const Edit together = [](json& config) {
    limited_to(32 * mib)(config);
    resources(config)["unified"] = {{"memory.oom.group", "1"}};
  };
  Started it("touch 128 ; hold", together);
  it.container.wait_for("stopped");
  CHECK_THAT(it.container.output(), !Catch::Contains("holding"));
  CHECK(kills(folder(it.bundle, "memory")) >= 2);
}

TEST_CASE("memory limits: update brings a limit, and takes it away", "[memory_limits]") {
  NEEDS_ROOT();
  NEEDS(has_memory(), "no memory controller");
  Started it("hold");
  const auto signal_of = [&](const char* size) {
    const auto done = it.container.call({"exec", it.container.id(), "/bin/probe", "touch", size});
    INFO(done.err);
    return Facts(done.out)["touch.signal"];
  };
  CHECK(signal_of("96") == "0");
  REQUIRE(update(it.container, {{"memory", {{"limit", 32 * mib}, {"swap", 32 * mib}}}}).status == 0);
  CHECK(signal_of("96") == std::to_string(SIGKILL));
  REQUIRE(update(it.container, {{"memory", {{"limit", -1}}}}).status == 0);
  CHECK(signal_of("96") == "0");
}

TEST_CASE("memory limits: swap is what memory and swap together leave beside memory", "[memory_limits]") {
  NEEDS_ROOT();
  NEEDS(has_memory(), "no memory controller");
  NEEDS(free_swap() >= 128, "the machine has no swap");
  NEEDS(counts_swap(), "this machine does not count swap");
  const auto with = [](long both) {
    return [both](json& config) {
      resources(config)["memory"] = {{"limit", 32 * mib}, {"swap", both < 0 ? both : both * mib}};
    };
  };
  const auto killed = std::to_string(SIGKILL);
  CHECK(inside("touch 64", with(32))["touch.signal"] == killed);
  CHECK(inside("touch 64", with(128))["touch.signal"] == "0");
  CHECK(inside("touch 160", with(128))["touch.signal"] == killed);
  CHECK(inside("touch 80", with(-1))["touch.signal"] == "0");
}

TEST_CASE("memory limits: checkBeforeUpdate refuses less than is in use, and nothing dies",
          "[memory_limits]") {
  NEEDS_ROOT();
  NEEDS(has_memory(), "no memory controller");
  Started it("fill 64 ; hold", limited_to(128 * mib));
  it.container.wait_for_output("holding");
  const std::string at = folder(it.bundle, "memory");
  const auto limit = [&] { return value(at, "memory.limit_in_bytes", "memory.max"); };
  const json less = {{"limit", 32 * mib}, {"swap", 32 * mib}, {"checkBeforeUpdate", true}};
  const auto done = update(it.container, {{"memory", less}});
  INFO(done.err);
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("in use"));
  CHECK(limit() == std::to_string(128 * mib));
  CHECK(kills(at) == 0);
  CHECK(it.container.status() == "running");
  // Without the check v1's kernel refuses by itself, and cgroup2's makes it so.
  const auto forced = update(it.container, {{"memory", {{"limit", 32 * mib}, {"swap", 32 * mib}}}});
  if (v2() && free_swap() == 0) {
    it.container.wait_for("stopped");
  } else if (!v2() && free_swap() == 0) {
    CHECK(forced.status == 1);
    CHECK(limit() == std::to_string(128 * mib));
  }
}

TEST_CASE("memory limits: on v1 without the OOM killer who lacks memory waits for it", "[memory_limits]") {
  NEEDS_ROOT();
  NEEDS(!v2() && has_memory(), "the OOM killer can be disabled on cgroup v1 alone");
  Started it("touch 48 ; hold", [](json& config) {
    limited_to(24 * mib)(config);
    resources(config)["memory"]["disableOOMKiller"] = true;
  });
  const std::string at = folder(it.bundle, "memory");
  const auto stuck = [&] { return figure(at + "/memory.oom_control", "under_oom") == 1; };
  CHECK(eventually(stuck));
  CHECK(kills(at) == 0);
  CHECK_THAT(it.container.output(), !Catch::Contains("touch.signal"));
  REQUIRE(update(it.container, {{"memory", {{"limit", 96 * mib}, {"swap", 96 * mib}}}}).status == 0);
  it.container.wait_for_output("holding");
  CHECK(it.container.facts()["touch.signal"] == "0");
}

TEST_CASE("memory limits: a reservation is the cgroup's share when memory is short", "[memory_limits]") {
  NEEDS_ROOT();
  NEEDS(has_memory(), "no memory controller");
  Created it([](json& config) { resources(config)["memory"]["reservation"] = 16 * mib; });
  const std::string at = folder(it.bundle, "memory");
  const auto reservation = [&] { return value(at, "memory.soft_limit_in_bytes", "memory.low"); };
  CHECK(reservation() == std::to_string(16 * mib));
  REQUIRE(update(it.container, {{"memory", {{"reservation", 24 * mib}}}}).status == 0);
  CHECK(reservation() == std::to_string(24 * mib));
}
