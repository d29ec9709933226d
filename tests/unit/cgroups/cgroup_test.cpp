// The making of cgroups, on this machine's kernel, whatever its layout.
#include "cgroups/cgroup.hpp"

#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

namespace {

spec::Resources some_limits() {
  spec::Resources r;
  r.memory = spec::Memory{};
  r.memory->limit = 64 << 20;
  r.pids = spec::Pids{17};
  r.cpu = spec::Cpu{};
  r.cpu->shares = 512;
  r.cpu->quota = 50000;
  return r;
}

void check_limits(const Layout& layout, const std::string& path) {
  const bool v2 = layout.kind == Kind::v2;
  const auto value = [&](const char* controller, const char* v1, const char* v2_file) {
    return slurp(folder_of(layout, controller, path) + '/' + (v2 ? v2_file : v1));
  };
  CHECK(value("memory", "memory.limit_in_bytes", "memory.max") == "67108864");
  CHECK(value("pids", "pids.max", "pids.max") == "17");
  CHECK(value("cpu", "cpu.shares", "cpu.weight") == (v2 ? "59" : "512"));
  CHECK(value("cpu", "cpu.cfs_quota_us", "cpu.max") == (v2 ? "50000 100000" : "50000"));
}

/// A committed cgroup, gone with the object: to the next Cgroup it is somebody else's.
struct Standing {
  Record record;
  explicit Standing(const Layout& layout) {
    auto cgroup = Cgroup::prepare(layout, {unique_cgroup(), {}}, nullptr);
    REQUIRE(cgroup);
    REQUIRE(cgroup->complete(0));
    cgroup->commit();
    record = cgroup->record();
  }
  ~Standing() { CHECK(remove(record)); }
};

}  // namespace

TEST_CASE("a cgroup is made in all hierarchies, limited, and gone again without commit") {
  REAL_LAYOUT(layout);
  const auto path = unique_cgroup();
  const auto resources = some_limits();
  {
    auto cgroup = Cgroup::prepare(layout, {path, {}}, &resources);
    REQUIRE(cgroup);
    CHECK((cgroup->birthplace() >= 0) == !layout.unified.empty());
    CHECK(cgroup->record().folders.size() == (layout.unified.empty() ? 0 : 1));
    const auto completed = cgroup->complete(0);
    INFO((completed ? "" : completed.error().text));
    REQUIRE(completed);
    CHECK(cgroup->record().folders == everywhere(layout, path));
    for (const auto& folder : everywhere(layout, path)) CHECK(exists(folder));
    check_limits(layout, path);
    const auto entrances = cgroup->entrances();
    REQUIRE(entrances);
    CHECK(entrances->size() == layout.hierarchies.size());
    Cgroup moved = std::move(*cgroup);  // the undo moves along, and runs once
    CHECK(exists(everywhere(layout, path).front()));
  }
  CHECK(nothing_left(layout, path));
}

TEST_CASE("a committed cgroup stays until it is removed by its record") {
  REAL_LAYOUT(layout);
  const auto path = unique_cgroup();
  Record record;
  {
    auto cgroup = Cgroup::prepare(layout, {path, {}}, nullptr);
    REQUIRE(cgroup);
    REQUIRE(cgroup->complete(0));
    cgroup->commit();
    record = cgroup->record();
  }
  for (const auto& folder : everywhere(layout, path)) CHECK(exists(folder));
  CHECK(remove(record));
  CHECK(nothing_left(layout, path));
  CHECK(remove(record));  // what is gone is removed
}

TEST_CASE("a process can be moved into a new cgroup at once, cpuset included") {
  REAL_LAYOUT(layout);
  auto cgroup = Cgroup::prepare(layout, {unique_cgroup(), {}}, nullptr);
  REQUIRE(cgroup);
  REQUIRE(cgroup->complete(0));
  Sleeper sleeper(cgroup->record());
  CHECK(sleeper.entered);
  const auto membership = slurp("/proc/" + std::to_string(sleeper.pid) + "/cgroup");
  std::size_t inside = 0;
  for (std::size_t at = 0; (at = membership.find(cgroup->record().path, at)) != std::string::npos; ++at)
    ++inside;
  CHECK(inside == cgroup->record().folders.size());
}

TEST_CASE("an impossible limit is refused before anything is made, with its words") {
  REAL_LAYOUT(layout);
  const auto path = unique_cgroup();
  spec::Resources r;
  r.memory = spec::Memory{};
  r.memory->kernel = 1;
  const auto cgroup = Cgroup::prepare(layout, {path, {}}, &r);
  REQUIRE_FALSE(cgroup);
  CHECK(cgroup.error().text.starts_with("linux.resources.memory.kernel: "));
  CHECK(nothing_left(layout, path));
}

TEST_CASE("the kernel's refusal names file, value and what the parent allows, and nothing is left") {
  REAL_LAYOUT(layout);
  const auto path = unique_cgroup();
  spec::Resources r;
  r.cpu = spec::Cpu{};
  r.cpu->cpus = "4000";
  {
    auto cgroup = Cgroup::prepare(layout, {path, {}}, &r);
    REQUIRE(cgroup);
    const auto completed = cgroup->complete(0);
    if (layout.kind == Kind::v2 && completed) SKIP_TEST("cgroup2 takes processors that are not there");
    REQUIRE_FALSE(completed);
    const auto& text = completed.error().text;
    INFO(text);
    CHECK(text.starts_with("cgroup " + path + ": cpuset.cpus: write \"4000\": "));
    CHECK(text.find("the parent allows 0") != std::string::npos);
  }
  CHECK(nothing_left(layout, path));
}

TEST_CASE("an empty cgroup of somebody else's is taken, limited, and left standing") {
  REAL_LAYOUT(layout);
  Standing foreign(layout);
  const auto resources = some_limits();
  {
    auto cgroup = Cgroup::prepare(layout, {foreign.record.path, {}}, &resources);
    REQUIRE(cgroup);
    const auto completed = cgroup->complete(0);
    INFO((completed ? "" : completed.error().text));
    REQUIRE(completed);
    CHECK(cgroup->record().made.empty());
    check_limits(layout, foreign.record.path);
  }
  for (const auto& folder : everywhere(layout, foreign.record.path)) CHECK(exists(folder));
}

TEST_CASE("a cgroup with processes, or a frozen one, is refused") {
  REAL_LAYOUT(layout);
  Standing foreign(layout);
  const auto attempt = [&]() -> Outcome<> {
    auto cgroup = TRY(Cgroup::prepare(layout, {foreign.record.path, {}}, nullptr));
    return cgroup.complete(0);
  };
  {
    Sleeper sleeper(foreign.record);
    REQUIRE(sleeper.entered);
    const auto refused = attempt();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text ==
          "cgroup " + foreign.record.path +
              ": container's cgroup is not empty: 1 process(es) found, the first is " +
              std::to_string(sleeper.pid));
    CHECK(::kill(sleeper.pid, 0) == 0);  // and it goes on undisturbed
    CHECK(::waitpid(sleeper.pid, nullptr, WNOHANG) == 0);
  }
  REQUIRE(attempt());
  REQUIRE(freeze(foreign.record));
  const auto refused = attempt();
  REQUIRE(thaw(foreign.record));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text == "cgroup " + foreign.record.path + ": container's cgroup unexpectedly frozen");
}
