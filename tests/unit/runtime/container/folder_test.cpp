#include <catch2/catch.hpp>

#include "runtime/container/record_json.hpp"
#include "support.hpp"

using namespace lodger;
using namespace lodger::container;
using lodger::test::exists;
using lodger::test::TempFolder;

namespace {

Record full_record() {
  Record record;
  record.id = "c1";
  record.bundle = "/b \"quoted\" \\ \xc3\xa9";
  record.rootfs = "/b/rootfs";
  record.created = "2026-01-02T03:04:05.678901234Z";
  record.owner = 4294967294U;
  record.pid = 4194303;
  record.start_time = 18446744073709551615U;
  record.host_network = true;
  record.own_pid_namespace = true;
  record.cgroup = {"/lodger/c1",
                   {"/sys/fs/cgroup/unified/lodger/c1", "/sys/fs/cgroup/pids/lodger/c1"},
                   {"/sys/fs/cgroup/pids/lodger/c1"},
                   true};
  return record;
}

void check_same(const Record& a, const Record& b) {
  CHECK(a.id == b.id);
  CHECK(a.bundle == b.bundle);
  CHECK(a.rootfs == b.rootfs);
  CHECK(a.created == b.created);
  CHECK(a.owner == b.owner);
  CHECK(a.pid == b.pid);
  CHECK(a.start_time == b.start_time);
  CHECK(a.host_network == b.host_network);
  CHECK(a.own_pid_namespace == b.own_pid_namespace);
  CHECK(a.cgroup.path == b.cgroup.path);
  CHECK(a.cgroup.folders == b.cgroup.folders);
  CHECK(a.cgroup.made == b.cgroup.made);
  CHECK(a.cgroup.unified == b.cgroup.unified);
}

}  // namespace

TEST_CASE("a record comes back from its text as it was") {
  check_same(record_from_json(to_json(full_record()).value()).value(), full_record());
  check_same(record_from_json(to_json(Record{}).value()).value(), Record{});
}

TEST_CASE("what cannot be a record is refused with the reason") {
  const auto text = to_json(full_record()).value();
  CHECK_FALSE(record_from_json(""));
  CHECK_FALSE(record_from_json("[]"));
  CHECK_FALSE(record_from_json(text.substr(0, text.size() / 2)));
  CHECK(record_from_json("{\"format\":1}").error().text.find("id") != std::string::npos);
  CHECK(record_from_json("{\"format\":2}").error().text == "format 2, but this lodger knows 1 alone");
  CHECK_FALSE(record_from_json("{}"));
}

TEST_CASE("a path that JSON cannot hold is refused, not mangled") {
  Record record = full_record();
  record.bundle = "/b\xff";
  const auto text = to_json(record);
  REQUIRE_FALSE(text);
  CHECK(text.error().text.find("UTF-8") != std::string::npos);
  CHECK(text.error().code == EILSEQ);
}

TEST_CASE("write replaces the state at once and leaves nothing beside it") {
  const TempFolder temp;
  const Store store(temp.path);
  auto folder = store.reserve("c1").value();
  CHECK(folder.read().error().code == ENOENT);
  CHECK(folder.read().error().text == "container does not exist");
  REQUIRE(folder.write(Record{}));
  REQUIRE(folder.write(full_record()));
  check_same(folder.read().value(), full_record());
  CHECK_FALSE(exists(temp / "c1/new"));
  struct stat state {};
  REQUIRE(::stat((temp / "c1/state.json").c_str(), &state) == 0);
  CHECK((state.st_mode & 07777) == 0600);
}

TEST_CASE("a reader beside a writer sees a whole state each time") {
  const TempFolder temp;
  const Store store(temp.path);
  auto folder = store.reserve("c1").value();
  REQUIRE(folder.write(full_record()));
  Record longer = full_record();
  longer.bundle = std::string(20000, 'x');
  test::Child writer([&] {
    for (int i = 0; i < 500; ++i)
      if (!folder.write(i % 2 ? full_record() : longer)) return 1;
    return 0;
  });
  const auto reader = store.look("c1").value();
  for (int i = 0; i < 500; ++i) {
    const auto record = reader.read();
    REQUIRE(record);
    const bool whole = record->bundle == longer.bundle || record->bundle == full_record().bundle;
    REQUIRE(whole);
  }
  CHECK(writer.wait() == 0);
}

// A runtime that is killed stops between any two system calls: what another finds then, a reader beside it
// finds.
TEST_CASE("what is staged is whole each time, too, and seen by nobody who reads the state") {
  const TempFolder temp;
  const Store store(temp.path);
  auto folder = store.reserve("c1").value();
  REQUIRE(folder.stage(full_record()));
  test::Child writer([&] {
    for (int i = 0; i < 300; ++i)
      if (!folder.stage(full_record())) return 1;
    return 0;
  });
  const auto reader = store.look("c1").value();
  for (int i = 0; i < 300; ++i) {
    const auto record = reader.read_staged();
    REQUIRE(record);
    REQUIRE(record->bundle == full_record().bundle);
  }
  CHECK(writer.wait() == 0);
  CHECK(reader.read().error().code == ENOENT);
  REQUIRE(folder.publish());
  check_same(reader.read().value(), full_record());
}

TEST_CASE("a damaged state names the container and the way out") {
  const TempFolder temp;
  const Store store(temp.path);
  const auto folder = store.reserve("c1").value();
  test::write_file(temp / "c1/state.json", "{");
  const auto record = folder.read();
  REQUIRE_FALSE(record);
  CHECK(record.error().text.find("container c1") != std::string::npos);
  CHECK(record.error().text.find("delete --force") != std::string::npos);
  CHECK(record.error().code == EBADMSG);
}

TEST_CASE("the configuration is kept as it was and written once") {
  const TempFolder temp;
  const Store store(temp.path);
  const auto folder = store.reserve("c1").value();
  CHECK(folder.read_config().error().code == ENOENT);
  const std::string text(300000, 'y');
  REQUIRE(folder.write_config(text));
  CHECK(folder.read_config().value() == text);
  CHECK(folder.write_config("other").error().code == EEXIST);
  CHECK(folder.read_config().value() == text);
}

TEST_CASE("an empty configuration is read as such") {
  const TempFolder temp;
  const Store store(temp.path);
  const auto folder = store.reserve("c1").value();
  REQUIRE(folder.write_config(""));
  CHECK(folder.read_config().value().empty());
}

TEST_CASE("remove takes all files, sockets, links and empty folders along, and follows no link") {
  const TempFolder temp;
  const Store store(temp / "root");
  test::write_file(temp / "kept", "x");
  auto folder = store.reserve("c1").value();
  REQUIRE(folder.write(full_record()));
  REQUIRE(folder.write_config("{}"));
  REQUIRE(kernel::mknodat(folder.fd(), gate_name, S_IFSOCK | 0600, 0));
  REQUIRE(kernel::symlinkat((temp / "kept").c_str(), folder.fd(), "link"));
  REQUIRE(kernel::mkdirat(folder.fd(), "notify", 0700));
  test::write_file(temp / "root/c1/notify/notify.sock", "");
  REQUIRE(std::move(folder).remove());
  CHECK_FALSE(exists(temp / "root/c1"));
  CHECK(exists(temp / "kept"));
}

TEST_CASE("a removal that fails keeps the state, so that another delete can find it") {
  const TempFolder temp;
  const Store store(temp.path);
  // Names come in an order of the file system's own: by some of them the state stands before what cannot go.
  for (int i = 0; i < 20; ++i) {
    const std::string id = "c" + std::to_string(i), full = temp / (id + "/full-" + std::to_string(i));
    auto folder = store.reserve(id).value();
    REQUIRE(folder.write(full_record()));
    folder.commit();
    ::mkdir(full.c_str(), 0700);
    ::mkdir((full + "/deep").c_str(), 0700);  // files of a folder go with it, folders do not
    const auto removed = std::move(folder).remove();
    REQUIRE_FALSE(removed);
    CHECK(removed.error().text.find("container " + id) != std::string::npos);
    CHECK(exists(temp / (id + "/state.json")));
  }
}
