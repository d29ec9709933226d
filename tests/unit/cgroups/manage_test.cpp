// Freezing, signalling and removing, proved on processes of the real kernel.
#include "cgroups/manage.hpp"

#include "cgroups/doors.hpp"
#include "cgroups/files.hpp"
#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

namespace {

/// What a failure says; nothing where there is none.
std::string told(const Outcome<>& done) { return done ? "" : done.error().text; }

/// A cgroup with what a test puts into it.
struct Box {
  const Layout& layout;
  Record record;
  explicit Box(const Layout& where) : layout(where) {
    auto cgroup = Cgroup::prepare(layout, {unique_cgroup(), {}}, nullptr);
    if (!cgroup) FAIL(cgroup.error().text);
    if (const auto done = cgroup->complete(0); !done) FAIL(done.error().text);
    cgroup->commit();
    record = cgroup->record();
  }
  ~Box() {
    CHECK(told(remove(record)) == "");
    CHECK(nothing_left(layout, record.path));
  }
  /// A sub-cgroup in every hierarchy, as a container with its own cgroup mount makes them.
  Record below(const std::string& name) const {
    Record sub = record;
    sub.made.clear();
    sub.path += '/' + name;
    for (auto& folder : sub.folders) {
      folder += '/' + name;
      REQUIRE(::mkdir(folder.c_str(), 0755) == 0);
    }
    fill_cpuset(sub.path);
    return sub;
  }
  void fill_cpuset(const std::string& path) const {
    if (layout.kind == Kind::v2) return;
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"})
      std::ofstream(folder_of(layout, "cpuset", path) + file)
          << slurp(folder_of(layout, "cpuset", record.path) + file);
  }
};

/// Field 3 of /proc/PID/stat.
char state_of(pid_t pid) {
  const auto stat = slurp("/proc/" + std::to_string(pid) + "/stat");
  return stat.at(stat.rfind(')') + 2);
}

/// Whether a child that was sent SIGHUP is gone within a while: a frozen one is not.
bool dies(Sleeper& sleeper) {
  for (int i = 0; i < 20; ++i) {
    if (state_of(sleeper.pid) == 'Z') return true;
    ::usleep(5000);
  }
  return false;
}

}  // namespace

TEST_CASE("processes are listed from sub-cgroups too") {
  REAL_LAYOUT(layout);
  Box box(layout);
  CHECK(processes(box.record)->empty());
  const auto sub = box.below("sub");
  Sleeper one(sub), two(sub);
  REQUIRE(one.entered);
  REQUIRE(two.entered);
  auto expected = std::vector<pid_t>{one.pid, two.pid};
  std::sort(expected.begin(), expected.end());
  CHECK(*processes(box.record) == expected);
}

TEST_CASE("a frozen process does not answer a signal, a thawed one does") {
  REAL_LAYOUT(layout);
  Box box(layout);
  Sleeper sleeper(box.record);
  REQUIRE(sleeper.entered);
  CHECK(*frozen(box.record) == false);
  REQUIRE(told(freeze(box.record)) == "");
  CHECK(*frozen(box.record));
  REQUIRE(told(signal(box.record, SIGHUP)) == "");
  CHECK_FALSE(dies(sleeper));
  REQUIRE(told(thaw(box.record)) == "");
  CHECK(*frozen(box.record) == false);
  CHECK(dies(sleeper));
  CHECK(sleeper.death() == -1);
}

TEST_CASE("freezing twice and thawing what is not frozen are no errors") {
  REAL_LAYOUT(layout);
  Box box(layout);
  REQUIRE(told(thaw(box.record)) == "");
  REQUIRE(told(freeze(box.record)) == "");
  REQUIRE(told(freeze(box.record)) == "");
  REQUIRE(told(thaw(box.record)) == "");
}

TEST_CASE("a signal reaches all processes of the cgroup and no other") {
  REAL_LAYOUT(layout);
  Box box(layout), other(layout);
  const auto sub = box.below("sub");
  Sleeper one(box.record), two(sub), stranger(other.record);
  REQUIRE(told(signal(box.record, SIGUSR1)) == "");
  CHECK(one.death() == SIGUSR1);
  CHECK(two.death() == SIGUSR1);
  CHECK(state_of(stranger.pid) == 'S');
}

TEST_CASE("a signal reaches who forks faster than a list of them is read") {
  REAL_LAYOUT(layout);
  for (int round = 0; round < 20; ++round) {
    Box box(layout);
    const pid_t first = ::fork();
    if (first == 0) {
      ::signal(SIGTERM, SIG_DFL);  // not the test framework's
      Sleeper::enter(box.record);
      while (::fork() == 0) {
      }
      ::_exit(0);
    }
    ::waitpid(first, nullptr, 0);
    CHECK(told(signal(box.record, SIGTERM)) == "");
    for (int i = 0; i < 1000 && !processes(box.record)->empty(); ++i) ::usleep(1000);
    CHECK(processes(box.record)->empty());
    CHECK(told(signal(box.record, SIGKILL)) == "");
  }
}

TEST_CASE("more processes than one batch are all signalled") {
  REAL_LAYOUT(layout);
  Box box(layout);
  std::vector<std::unique_ptr<Sleeper>> many;
  for (int i = 0; i < 140; ++i) many.push_back(std::make_unique<Sleeper>(box.record));
  REQUIRE(told(signal(box.record, SIGUSR2)) == "");
  int deaths = 0;
  for (auto& sleeper : many) deaths += sleeper->death() == SIGUSR2;
  CHECK(deaths == 140);
}

TEST_CASE("SIGKILL ends all, frozen or not") {
  REAL_LAYOUT(layout);
  for (const bool frozen_first : {false, true}) {
    Box box(layout);
    Sleeper one(box.record), two(box.record);
    if (frozen_first) REQUIRE(freeze(box.record));
    REQUIRE(told(signal(box.record, SIGKILL)) == "");
    CHECK(one.death() == SIGKILL);
    CHECK(two.death() == SIGKILL);
    CHECK_FALSE(*frozen(box.record));
  }
}

TEST_CASE("SIGKILL without cgroup.kill outruns a fork bomb") {
  REAL_LAYOUT(layout);
  if (layout.kind == Kind::v2) SKIP_TEST("cgroup2 of this kernel has cgroup.kill");
  Box box(layout);
  std::ofstream(folder_of(layout, "pids", box.record.path) + "/pids.max") << 60;
  Record v1_only = box.record;  // what a kernel before 5.14 leaves
  v1_only.unified = false;
  v1_only.folders.erase(v1_only.folders.begin(), v1_only.folders.begin() + (box.record.unified ? 1 : 0));
  const pid_t bomb = ::fork();
  if (bomb == 0) {
    ::signal(SIGCHLD, SIG_IGN);
    const auto doors = open_doors(*detect(), v1_only);
    for (const auto& tasks : doors->tasks)
      if (::write(tasks.get(), "0", 1) != 1) ::_exit(1);
    for (;;)
      if (::fork() == 0) ::usleep(1000);
  }
  while (processes(v1_only)->size() < 20) ::usleep(1000);
  CHECK(told(signal(v1_only, SIGKILL)) == "");
  ::waitpid(bomb, nullptr, 0);
  CHECK(processes(v1_only)->empty());
}

TEST_CASE("removal takes the container's own sub-cgroups along") {
  REAL_LAYOUT(layout);
  Box box(layout);
  box.below("a");
  box.below("a/b");
  box.below("c");
  CHECK(told(remove(box.record)) == "");
  CHECK(nothing_left(layout, box.record.path));
}

TEST_CASE("removal waits for the dying") {
  REAL_LAYOUT(layout);
  Box box(layout);
  Sleeper sleeper(box.record);
  const pid_t killer = ::fork();
  if (killer == 0) {
    ::usleep(50000);
    ::kill(sleeper.pid, SIGKILL);
    ::_exit(0);
  }
  CHECK(told(remove(box.record)) == "");
  ::waitpid(killer, nullptr, 0);
  CHECK(nothing_left(layout, box.record.path));
}

TEST_CASE("removal gives up once for all hierarchies, and names who is in the way") {
  REAL_LAYOUT(layout);
  Box box(layout);
  Sleeper sleeper(box.record);
  const auto before = ::time(nullptr);
  const auto removed = remove(box.record);
  CHECK(::time(nullptr) - before < 15);
  REQUIRE_FALSE(removed);
  CHECK(removed.error().code == EBUSY);
  CHECK(removed.error().text.ends_with("Device or resource busy (process " + std::to_string(sleeper.pid) +
                                       " is still in it)"));
}

TEST_CASE("removal touches nothing that lodger did not make") {
  REAL_LAYOUT(layout);
  Box box(layout);
  Record foreign = box.record;
  foreign.made.clear();
  CHECK(told(remove(foreign)) == "");
  for (const auto& folder : box.record.folders) CHECK(exists(folder));
}

TEST_CASE("a cgroup that is gone is empty, not frozen, signalled and removed") {
  const Record gone{
      "/lodger-test/gone", {"/sys/fs/cgroup/lodger-test/gone"}, {"/sys/fs/cgroup/lodger-test/gone"}, true};
  CHECK(processes(gone)->empty());
  CHECK(*frozen(gone) == false);
  CHECK(told(signal(gone, SIGTERM)) == "");
  CHECK(told(signal(gone, SIGKILL)) == "");
  CHECK(told(remove(gone)) == "");
  const auto frozen_gone = freeze(gone);
  REQUIRE_FALSE(frozen_gone);
  CHECK(frozen_gone.error().text == "cgroup /lodger-test/gone: freezing: No such file or directory");
}

TEST_CASE("limits of a living cgroup go up and down in either order") {
  REAL_LAYOUT(layout);
  Box box(layout);
  const bool v2 = layout.kind == Kind::v2;
  const auto memory = folder_of(layout, "memory", box.record.path);
  const auto cpu = folder_of(layout, "cpu", box.record.path);
  for (const std::int64_t mib : {64, 256, 32}) {
    spec::Resources r;
    r.memory = spec::Memory{};
    r.memory->limit = mib << 20;
    if (v2 || exists(memory + "/memory.memsw.limit_in_bytes")) r.memory->swap = (mib + 1) << 20;
    r.cpu = spec::Cpu{};
    r.cpu->quota = mib * 100;
    r.cpu->burst = static_cast<std::uint64_t>(mib) * 50;
    const auto updated = update(layout, box.record, r);
    INFO(mib << (updated ? "" : updated.error().text));
    REQUIRE(updated);
    CHECK(slurp(memory + (v2 ? "/memory.max" : "/memory.limit_in_bytes")) == std::to_string(mib << 20));
    CHECK(slurp(cpu + (v2 ? "/cpu.max.burst" : "/cpu.cfs_burst_us")) == std::to_string(mib * 50));
  }
  spec::Resources lifted;
  lifted.memory = spec::Memory{};
  lifted.memory->limit = -1;
  REQUIRE(update(layout, box.record, lifted));
  CHECK(slurp(memory + (v2 ? "/memory.max" : "/memory.limit_in_bytes")) ==
        (v2 ? "max" : "9223372036854771712"));
}
