#include "runtime/container/status.hpp"

#include <catch2/catch.hpp>

#include "kernel/process.hpp"
#include "support.hpp"

using namespace lodger;
using namespace lodger::container;
using lodger::test::Child;
using lodger::test::record_of;
using lodger::test::TempFolder;

namespace {

Status seen(const Store& store, const Record& record) {
  const auto folder = store.look(record.id).value();
  return status_of(folder, record).value();
}

}  // namespace

TEST_CASE("the words of the states") {
  CHECK(to_string(Status::creating) == "creating");
  CHECK(to_string(Status::created) == "created");
  CHECK(to_string(Status::running) == "running");
  CHECK(to_string(Status::paused) == "paused");
  CHECK(to_string(Status::stopped) == "stopped");
}

TEST_CASE("a living process is created while there is a gate, then running") {
  const TempFolder temp;
  const Store store(temp.path);
  const Child child(test::sleep_long);
  const Record record = record_of("c1", child);
  auto folder = store.reserve("c1").value();
  REQUIRE(kernel::mknodat(folder.fd(), gate_name, S_IFSOCK | 0600, 0));
  CHECK(seen(store, record) == Status::created);
  REQUIRE(kernel::unlinkat(folder.fd(), gate_name));
  CHECK(seen(store, record) == Status::running);
}

TEST_CASE("an ended process is stopped, reaped or not, gate or not") {
  const TempFolder temp;
  const Store store(temp.path);
  Child child(test::sleep_long);
  const Record record = record_of("c1", child);
  auto folder = store.reserve("c1").value();
  REQUIRE(kernel::mknodat(folder.fd(), gate_name, S_IFSOCK | 0600, 0));
  ::kill(child.pid, SIGKILL);
  child.await_end();
  CHECK(seen(store, record) == Status::stopped);  // a zombie
  CHECK_FALSE(process_of(record).value());
  child.wait();
  CHECK(seen(store, record) == Status::stopped);
  CHECK_FALSE(process_of(record).value());
  CHECK_FALSE(alive(record).value());
}

TEST_CASE("another process with the same pid is not the container's") {
  const TempFolder temp;
  const Store store(temp.path);
  const Child child(test::sleep_long);
  Record record = record_of("c1", child);
  CHECK(alive(record).value());
  CHECK(process_of(record).value());
  record.start_time += 1;
  const auto folder = store.reserve("c1").value();
  CHECK(seen(store, record) == Status::stopped);
  CHECK_FALSE(process_of(record).value());
}

TEST_CASE("without a pid: creating while somebody is at work, stopped after the creator's death") {
  const TempFolder temp;
  const Store store(temp.path);
  Record record;
  record.id = "c1";
  {
    auto creator = store.reserve("c1").value();
    CHECK(seen(store, record) == Status::creating);
    creator.commit();
  }
  CHECK(seen(store, record) == Status::stopped);
  const auto locked = store.open("c1").value();
  CHECK(status_of(locked, record).value() == Status::stopped);  // the holder is not the creator
  CHECK_FALSE(alive(record).value());
}

TEST_CASE("a cgroup that is gone freezes nothing") {
  const TempFolder temp;
  const Store store(temp.path);
  const Child child(test::sleep_long);
  Record record = record_of("c1", child);
  record.cgroup = {"/lodger-test/gone", {"/sys/fs/cgroup/freezer/lodger-test/gone"}, {}, false};
  const auto folder = store.reserve("c1").value();
  CHECK(seen(store, record) == Status::running);
}

TEST_CASE("the fields of /proc/PID/stat behind a name that looks like fields") {
  const std::string tail = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21";
  CHECK(kernel::parse_process_stat("7 (sh)" + tail)->start_time == 4242);
  CHECK(kernel::parse_process_stat("7 (a) Z (b c) 9)" + tail)->state == 'S');
  CHECK(kernel::parse_process_stat("7 (a) Z (b c) 9)" + tail)->start_time == 4242);
  CHECK(kernel::parse_process_stat("7 (a) Z (b c) 9)" + tail)->parent == 1);
  CHECK(kernel::parse_process_stat("7 (sh)" + tail)->flags == 6);
  CHECK_FALSE(kernel::parse_process_stat(""));
  CHECK_FALSE(kernel::parse_process_stat("7 (sh)"));
  CHECK_FALSE(kernel::parse_process_stat("7 (sh) S 1 2 3"));
  CHECK_FALSE(kernel::parse_process_stat("7 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x 20"));
}
