#include "runtime/container/store.hpp"

#include <catch2/catch.hpp>
#include <sys/file.h>

#include <list>

#include "support.hpp"

using namespace lodger;
using namespace lodger::container;
using lodger::test::Child;
using lodger::test::exists;
using lodger::test::TempFolder;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat out {};
  REQUIRE(::stat(path.c_str(), &out) == 0);
  return out.st_mode & 07777;
}

/// Sets a variable of the environment and puts back what it was.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = ::getenv(name)) old_ = old, had_ = true;
    value ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Variable() { had_ ? ::setenv(name_, old_.c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::string old_;
  bool had_ = false;
};

}  // namespace

TEST_CASE("container ids: what may be a folder's name and nothing else") {
  for (const char* id : {"a", "A-b_c+d.e", "...", ".hidden", "0", "-"}) CHECK(check_id(id));
  CHECK(check_id(std::string(1024, 'x')));
  for (const char* id : {".", "..", "a/b", "../x", "a b", "a\n", "\xc3\xa9", "a:b", "~"}) {
    INFO(id);
    const auto checked = check_id(id);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().text.starts_with("invalid container ID format"));
  }
  CHECK(check_id("").error().text == "container id cannot be empty");
  CHECK_FALSE(check_id(std::string(1025, 'x')));
  CHECK_FALSE(check_id(std::string_view("a\0b", 3)));
}

TEST_CASE("reserve makes a private folder below a private root") {
  const TempFolder temp;
  const Store store(temp / "deep/er/root");
  auto folder = store.reserve("c1");
  REQUIRE(folder);
  CHECK(folder->locked());
  CHECK(mode_of(temp / "deep/er/root") == 0700);
  CHECK(mode_of(temp / "deep/er/root/c1") == 0700);
  folder->commit();
}

TEST_CASE("the root has the sticky bit below XDG_RUNTIME_DIR") {
  const TempFolder temp;
  const Variable variable("XDG_RUNTIME_DIR", temp.path.c_str());
  REQUIRE(Store(temp / "lodger").reserve("c1"));
  CHECK(mode_of(temp / "lodger") == 01700);
}

TEST_CASE("a reserved folder goes unless it is committed") {
  const TempFolder temp;
  const Store store(temp.path);
  {
    const auto folder = store.reserve("c1").value();
    REQUIRE(folder.write_config("{}"));
    CHECK(exists(temp / "c1/config.json"));
  }
  CHECK_FALSE(exists(temp / "c1"));
  store.reserve("c1").value().commit();
  CHECK(exists(temp / "c1"));
}

TEST_CASE("a moved folder is removed once, by its last owner") {
  const TempFolder temp;
  const Store store(temp.path);
  auto first = store.reserve("c1").value();
  {
    Folder second = std::move(first);
    CHECK(exists(temp / "c1"));
    CHECK(second.id() == "c1");
    CHECK(second.locked());
  }
  CHECK_FALSE(exists(temp / "c1"));
  auto other = store.reserve("c2").value();
  other = store.reserve("c3").value();
  CHECK_FALSE(exists(temp / "c2"));
  CHECK(exists(temp / "c3"));
}

TEST_CASE("the words that engines wait for") {
  const TempFolder temp;
  const Store store(temp.path);
  store.reserve("c1").value().commit();
  CHECK(store.reserve("c1").error().text == "container with given ID already exists");
  CHECK(store.open("c2").error().text == "container does not exist");
  CHECK(store.look("c2").error().text == "container does not exist");
  CHECK(Store(temp / "no-root").look("c2").error().text == "container does not exist");
  CHECK(Store(temp / "no-root").open("c2").error().code == ENOENT);
  CHECK(exists(temp / "c1"));
}

TEST_CASE("an id that is no plain name never reaches the disk") {
  const TempFolder temp;
  const Store store(temp / "root");
  for (const char* id : {"..", "../x", "a/b", ""}) {
    CHECK_FALSE(store.reserve(id));
    CHECK_FALSE(store.open(id));
    CHECK_FALSE(store.look(id));
  }
  CHECK_FALSE(exists(temp / "root"));
}

TEST_CASE("a link in the place of a container's folder is not followed") {
  const TempFolder temp;
  ::mkdir((temp / "elsewhere").c_str(), 0700);
  REQUIRE(::symlink((temp / "elsewhere").c_str(), (temp / "c1").c_str()) == 0);
  const Store store(temp.path);
  CHECK_FALSE(store.look("c1"));
  CHECK_FALSE(store.open("c1"));
  CHECK(store.reserve("c1").error().code == EEXIST);
}

TEST_CASE("a root that cannot be made is told with its path") {
  const TempFolder temp;
  test::write_file(temp / "file", "");
  const auto folder = Store(temp / "file/root").reserve("c1");
  REQUIRE_FALSE(folder);
  CHECK(folder.error().text.find(temp / "file/root") != std::string::npos);
}

TEST_CASE("ids are sorted and leave out what no container can be called") {
  const TempFolder temp;
  const Store store(temp.path);
  for (const char* id : {"b", "a", "c"}) store.reserve(id).value().commit();
  ::mkdir((temp / "not an id").c_str(), 0700);
  CHECK(store.ids().value() == std::vector<std::string>{"a", "b", "c"});
  CHECK(Store(temp / "absent").ids().value().empty());
  test::write_file(temp / "file", "");
  CHECK_FALSE(Store(temp / "file").ids());
}

TEST_CASE("many ids are all found") {
  const TempFolder temp;
  const Store store(temp.path);
  for (int i = 0; i < 500; ++i)
    ::mkdir((temp / ("container-with-a-long-name-" + std::to_string(i))).c_str(), 0700);
  CHECK(store.ids().value().size() == 500);
}

TEST_CASE("the lock keeps a second process out for as long as the folder is held") {
  const TempFolder temp;
  const Store store(temp.path);
  auto held = store.reserve("c1").value();
  held.commit();
  Child second([&] { return store.open("c1", 50).error().code == EWOULDBLOCK ? 0 : 1; });
  CHECK(second.wait() == 0);
  CHECK(store.open("c1", 0).error().text.find("busy") != std::string::npos);
  {
    const auto looked = store.look("c1").value();  // looking takes no lock and is not kept out by one
    CHECK_FALSE(looked.locked());
    CHECK(looked.busy());
  }
  { const Folder gone = std::move(held); }
  CHECK(store.open("c1", 0));
  CHECK_FALSE(store.look("c1").value().busy());
}

TEST_CASE("asking whether a folder is busy leaves the lock as it was") {
  const TempFolder temp;
  const Store store(temp.path);
  auto held = store.reserve("c1").value();
  CHECK_FALSE(held.busy());  // its own lock is no one else's work
  Child second([&] { return store.open("c1", 0) ? 1 : 0; });
  CHECK(second.wait() == 0);
}

TEST_CASE("a lock goes with its holder, however that one ends") {
  const TempFolder temp;
  const Store store(temp.path);
  store.reserve("c1").value().commit();
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  Child holder([&] {
    const auto folder = store.open("c1");
    (void)!::write(ready[1], "x", 1);
    return test::sleep_long();
  });
  char byte;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK_FALSE(store.open("c1", 0));
  ::kill(holder.pid, SIGKILL);
  holder.wait();
  CHECK(store.open("c1", 0));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("whoever waited for a folder that was removed meanwhile is told that it is gone") {
  const TempFolder temp;
  const Store store(temp.path);
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  // Forked before the lock is taken: a fork shares the lock.
  Child waiter([&] {
    char byte;
    if (::read(ready[0], &byte, 1) != 1) return 3;
    const auto folder = store.open("c1");
    return folder ? 1 : folder.error().text == "container does not exist" ? 0 : 2;
  });
  auto held = store.reserve("c1").value();
  REQUIRE(::write(ready[1], "x", 1) == 1);
  ::usleep(50000);
  REQUIRE(std::move(held).remove());
  { const Folder gone = std::move(held); }
  CHECK(waiter.wait() == 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("of two processes that reserve and remove one id in turns, one at a time has it") {
  const TempFolder temp;
  const Store store(temp.path);
  // Each round makes a marker that must not be there yet, so two at once show.
  const auto rounds = [&] {
    for (int won = 0; won < 300;) {
      auto folder = store.reserve("c1");
      if (!folder && folder.error().text == "container with given ID already exists") continue;
      if (!folder) return 1;
      if (!folder->write_config("{}")) return 2;
      if (!folder->write(Record{})) return 3;
      if (!std::move(*folder).remove()) return 4;
      ++won;
    }
    return 0;
  };
  Child one(rounds), two(rounds);
  CHECK(one.wait() == 0);
  CHECK(two.wait() == 0);
  CHECK_FALSE(exists(temp / "c1"));
}

TEST_CASE("forced removal beside six reservers: nobody is given a folder that is removed, or another's") {
  const TempFolder temp;
  const Store store(temp.path);
  // As `delete --force` does it, all the time: also between a reserver's mkdir and its lock.
  Child remover([&] {
    for (;;)
      if (auto folder = store.open("c1"))
        if (!std::move(*folder).remove()) return 1;
  });
  const auto reserve = [&] {
    for (int i = 0; i < 60000; ++i) {
      auto folder = store.reserve("c1");
      if (!folder && folder.error().code == EEXIST) continue;
      if (!folder) return 1;
      if (!folder->write(Record{})) return 2;     // ENOENT where the folder is a removed one
      if (!folder->write_config("{}")) return 3;  // EEXIST where it is the other reserver's
      folder->commit();
    }
    return 0;
  };
  std::list<Child> reservers;
  for (int i = 0; i < 6; ++i) reservers.emplace_back(reserve);
  for (auto& reserver : reservers) CHECK(WEXITSTATUS(reserver.wait()) == 0);
  CHECK(::waitpid(remover.pid, nullptr, WNOHANG) == 0);  // never met a folder that it could not remove
}

TEST_CASE("the default root") {
  const TempFolder temp;
  {
    const Variable variable("XDG_RUNTIME_DIR", nullptr);
    CHECK(Store::default_root() == "/run/lodger");
  }
  const Variable variable("XDG_RUNTIME_DIR", temp.path.c_str());
  if (::geteuid() == 0) CHECK(Store::default_root() == "/run/lodger");
  Child ordinary([&] {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) return 2;
    return Store::default_root() == temp / "lodger" ? 0 : 1;
  });
  CHECK(ordinary.wait() == 0);
}
