// What needs a cgroup of its own: made below /lodger-test of the v1 freezer, or of the cgroup2 tree. Where
// neither can be written to there is nothing to test, and the test says so.
#include <catch2/catch.hpp>

#include "cgroups/manage.hpp"
#include "runtime/container/kill.hpp"
#include "runtime/container/remove.hpp"
#include "runtime/container/status.hpp"
#include "support.hpp"

using namespace lodger;
using namespace lodger::container;
using lodger::test::Child;
using lodger::test::record_of;
using lodger::test::TempFolder;

namespace {

/// A cgroup that can be frozen, removed at the end with what is left in it.
class Freezable {
 public:
  Freezable() {
    const std::string name = "/lodger-test/unit-container-" + std::to_string(::getpid());
    for (const char* tree : {"/sys/fs/cgroup/freezer", "/sys/fs/cgroup"}) {
      const bool v2 = std::string_view(tree) == "/sys/fs/cgroup";
      if (v2 && !test::exists("/sys/fs/cgroup/cgroup.controllers")) continue;
      ::mkdir((std::string(tree) + "/lodger-test").c_str(), 0755);
      const std::string path = tree + name;
      if (::mkdir(path.c_str(), 0755) != 0) continue;
      record = {name, {path}, {path}, v2};
      return;
    }
    WARN("no freezer below which a cgroup can be made: not tested");
  }
  ~Freezable() {
    if (!*this) return;
    (void)cgroups::signal(record, SIGKILL);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    (void)cgroups::remove(record);
  }
  Freezable(const Freezable&) = delete;
  Freezable& operator=(const Freezable&) = delete;

  explicit operator bool() const { return !record.folders.empty(); }
  void add(const Child& child) const {
    test::write_file(record.folders[0] + "/cgroup.procs", std::to_string(child.pid));
  }
  cgroups::Record record;
};

Record record_in(const Freezable& cgroup, const Child& child) {
  cgroup.add(child);
  Record record = record_of("c1", child);
  record.cgroup = cgroup.record;
  return record;
}

}  // namespace

TEST_CASE("a frozen container is paused, and SIGKILL still ends it") {
  const TempFolder temp;
  const Store store(temp.path);
  const Freezable cgroup;
  if (!cgroup) return;
  Child child(test::sleep_long);
  const Record record = record_in(cgroup, child);
  test::put(store, record);
  REQUIRE(cgroups::freeze(cgroup.record));
  const auto folder = store.look("c1").value();
  CHECK(status_of(folder, record).value() == Status::paused);
  CHECK(remove(store, {"c1"}, [](std::string_view) {}).error().text ==
        "cannot delete container c1 that is not stopped: paused");
  REQUIRE(kill(store, {"c1", SIGKILL}));
  CHECK(WTERMSIG(child.wait_briefly()) == SIGKILL);
  (void)cgroups::thaw(cgroup.record);  // so that a failure above leaves nothing that cannot die
  CHECK(status_of(folder, record).value() == Status::stopped);
}

TEST_CASE("SIGKILL ends all of a container that shares its pid namespace, other signals its process alone") {
  const TempFolder temp;
  const Store store(temp.path);
  const Freezable cgroup;
  if (!cgroup) return;
  Child init(test::sleep_long), other(test::sleep_long);
  Record record = record_in(cgroup, init);
  record.own_pid_namespace = false;
  cgroup.add(other);
  test::put(store, record);
  REQUIRE(kill(store, {"c1", SIGTERM}));
  CHECK(WTERMSIG(init.wait()) == SIGTERM);
  CHECK(::waitpid(other.pid, nullptr, WNOHANG) == 0);
  // The container is stopped, yet what it left can still be killed.
  REQUIRE(kill(store, {"c1", SIGKILL}));
  CHECK(WTERMSIG(other.wait()) == SIGKILL);
  CHECK(kill(store, {"c1", SIGKILL}).error().text == "container not running");
}

TEST_CASE("kill --all reaches every process of the cgroup") {
  const TempFolder temp;
  const Store store(temp.path);
  const Freezable cgroup;
  if (!cgroup) return;
  Child init(test::sleep_long), other(test::sleep_long);
  const Record record = record_in(cgroup, init);
  cgroup.add(other);
  test::put(store, record);
  REQUIRE(kill(store, {"c1", SIGUSR2, true}));
  CHECK(WTERMSIG(init.wait()) == SIGUSR2);
  CHECK(WTERMSIG(other.wait()) == SIGUSR2);
}

TEST_CASE("delete takes the cgroup along, and what the container left in it") {
  const TempFolder temp;
  const Store store(temp.path);
  const Freezable cgroup;
  if (!cgroup) return;
  Child init(test::sleep_long), other(test::sleep_long);
  Record record = record_in(cgroup, init);
  record.own_pid_namespace = false;
  cgroup.add(other);
  test::put(store, record);
  ::kill(init.pid, SIGKILL);
  init.wait();
  REQUIRE(remove(store, {"c1"}, [](std::string_view) {}));
  CHECK(WTERMSIG(other.wait()) == SIGKILL);
  CHECK_FALSE(test::exists(cgroup.record.folders[0]));
  CHECK_FALSE(test::exists(temp / "c1"));
}
