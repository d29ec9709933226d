#include "runtime/container/remove.hpp"

#include <catch2/catch.hpp>

#include "runtime/container/kill.hpp"
#include "support.hpp"

using namespace lodger;
using namespace lodger::container;
using lodger::test::Child;
using lodger::test::exists;
using lodger::test::record_of;
using lodger::test::TempFolder;

namespace {

/// A configuration with nothing but poststop hooks, each a shell script.
std::string config_with_poststop(const std::vector<std::string>& scripts) {
  std::string hooks;
  for (const auto& script : scripts)
    hooks += (hooks.empty() ? "" : ",") + (R"({"path":"/bin/sh","args":["sh","-c",")" + script + R"("]})");
  return R"({"ociVersion":"1.0.0","annotations":{"k":"v"},"root":{"path":"rootfs"},)"
         R"("process":{"cwd":"/","args":["true"],"user":{"uid":0,"gid":0}},"hooks":{"poststop":[)" +
         hooks + "]}}";
}

struct Notes {
  std::vector<std::string> lines;
  Notices sink() {
    return [this](std::string_view line) { lines.emplace_back(line); };
  }
};

}  // namespace

TEST_CASE("a stopped container is removed, its poststop hooks see it stopped and its folder gone") {
  const TempFolder temp;
  const Store store(temp / "root");
  Child child(test::sleep_long);
  const Record record = record_of("c1", child);
  test::put(store, record,
            config_with_poststop({"cat > " + (temp / "state") + "; test ! -e " + (temp / "root/c1") +
                                  " && echo gone > " + (temp / "folder")}));
  ::kill(child.pid, SIGKILL);
  child.wait();
  Notes notes;
  REQUIRE(remove(store, {"c1"}, notes.sink()));
  CHECK_FALSE(exists(temp / "root/c1"));
  const auto state = test::read_file(temp / "state");
  CHECK(state.find("\"status\":\"stopped\"") != std::string::npos);
  CHECK(state.find("\"id\":\"c1\"") != std::string::npos);
  CHECK(state.find("\"k\":\"v\"") != std::string::npos);
  CHECK(test::read_file(temp / "folder") == "gone\n");
  CHECK(notes.lines == std::vector<std::string>{});
}

TEST_CASE("poststop hooks run however their name is written") {
  for (const char* name : {"postStop", "\\u0070oststop"}) {
    CAPTURE(name);
    const TempFolder temp;
    const Store store(temp / "root");
    Child child(test::sleep_long);
    auto config = config_with_poststop({"touch " + (temp / "ran")});
    config.replace(config.find("poststop"), std::string_view("poststop").size(), name);
    test::put(store, record_of("c1", child), config);
    ::kill(child.pid, SIGKILL);
    child.wait();
    Notes notes;
    REQUIRE(remove(store, {"c1"}, notes.sink()));
    CHECK(exists(temp / "ran"));
    CHECK(notes.lines.empty());
  }
}

TEST_CASE("a failing poststop hook is a notice, and the others run") {
  const TempFolder temp;
  const Store store(temp / "root");
  Child child(test::sleep_long);
  test::put(store, record_of("c1", child),
            config_with_poststop({"exit 3", "touch " + (temp / "second"), "echo why >&2; exit 4"}));
  ::kill(child.pid, SIGKILL);
  child.wait();
  Notes notes;
  REQUIRE(remove(store, {"c1"}, notes.sink()));
  CHECK(exists(temp / "second"));
  REQUIRE(notes.lines.size() == 2);
  CHECK(notes.lines[0] ==
        "container c1 is deleted, but a hook failed: error running poststop hook #0: /bin/sh: exited with "
        "status 3");
  CHECK(notes.lines[1].ends_with("error running poststop hook #2: /bin/sh: exited with status 4: why"));
}

TEST_CASE("a running container is refused with no effect, or killed by force") {
  const TempFolder temp;
  const Store store(temp.path);
  Child child(test::sleep_long);
  test::put(store, record_of("c1", child));
  Notes notes;
  CHECK(remove(store, {"c1"}, notes.sink()).error().text ==
        "cannot delete container c1 that is not stopped: running");
  CHECK(exists(temp / "c1/state.json"));
  CHECK(::waitpid(child.pid, nullptr, WNOHANG) == 0);
  REQUIRE(remove(store, {"c1", true}, notes.sink()));
  CHECK_FALSE(exists(temp / "c1"));
  CHECK(WTERMSIG(child.wait()) == SIGKILL);
}

TEST_CASE("a created container is killed and removed without force") {
  const TempFolder temp;
  const Store store(temp.path);
  Child child(test::sleep_long);
  test::put(store, record_of("c1", child));
  REQUIRE(kernel::mknodat(store.look("c1").value().fd(), gate_name, S_IFSOCK | 0600, 0));
  Notes notes;
  REQUIRE(remove(store, {"c1"}, notes.sink()));
  CHECK_FALSE(exists(temp / "c1"));
  CHECK(WTERMSIG(child.wait()) == SIGKILL);
}

TEST_CASE("what does not exist is a failure, with force it is none") {
  const TempFolder temp;
  const Store store(temp / "root");
  Notes notes;
  CHECK(remove(store, {"c1"}, notes.sink()).error().text == "container does not exist");
  CHECK(remove(store, {"c1", true}, notes.sink()));
  CHECK_FALSE(remove(store, {"../x", true}, notes.sink()));
}

TEST_CASE("the container that is meant is removed, and no other that has its id by now") {
  const TempFolder temp;
  const Store store(temp.path);
  Notes notes;
  Child child(test::sleep_long);
  const Record meant = record_of("c1", child);
  CHECK_FALSE(remove_this(store, meant, notes.sink()).value());
  auto other = meant;
  other.start_time += 1;
  test::put(store, other);
  CHECK_FALSE(remove_this(store, meant, notes.sink()).value());
  CHECK(kill(store, {"c1", SIGKILL, true, &meant}).error().code == ESRCH);
  CHECK(exists(temp / "c1/state.json"));
  REQUIRE(store.look("c1").value().write(meant));
  CHECK(remove_this(store, meant, notes.sink()).value());
  CHECK_FALSE(exists(temp / "c1"));
  CHECK(WTERMSIG(child.wait()) == SIGKILL);
}

TEST_CASE("what a crash left is finished by the next delete") {
  const TempFolder temp;
  const Store store(temp.path);
  Notes notes;
  SECTION("a folder whose state is gone already") {
    store.reserve("c1").value().commit();
    test::write_file(temp / "c1/new", "{");
    REQUIRE(remove(store, {"c1"}, notes.sink()));
  }
  SECTION("a creation that never had a process") {
    auto folder = store.reserve("c1").value();
    Record record;
    record.id = "c1";
    REQUIRE(folder.write(record));
    folder.commit();
    { const Folder closed = std::move(folder); }
    REQUIRE(remove(store, {"c1"}, notes.sink()));
  }
  SECTION("a damaged state, by force alone") {
    store.reserve("c1").value().commit();
    test::write_file(temp / "c1/state.json", "{");
    CHECK_FALSE(remove(store, {"c1"}, notes.sink()));
    CHECK(exists(temp / "c1/state.json"));
    REQUIRE(remove(store, {"c1", true}, notes.sink()));
  }
  CHECK_FALSE(exists(temp / "c1"));
  CHECK(notes.lines.empty());
}

TEST_CASE("a configuration that cannot be read does not keep the container") {
  const TempFolder temp;
  const Store store(temp.path);
  Child child(test::sleep_long);
  test::put(store, record_of("c1", child), R"({"hooks":{"poststop":)");
  ::kill(child.pid, SIGKILL);
  child.wait();
  Notes notes;
  REQUIRE(remove(store, {"c1"}, notes.sink()));
  CHECK_FALSE(exists(temp / "c1"));
  REQUIRE(notes.lines.size() == 1);
  CHECK(notes.lines[0].find("poststop hooks did not run") != std::string::npos);
}

TEST_CASE("removal beside removal: one does it, the other finds nothing") {
  const TempFolder temp;
  const Store store(temp.path);
  for (int i = 0; i < 50; ++i) {
    Record record;
    record.id = "c1";
    test::put(store, record);
    const auto attempt = [&] {
      const auto removed = remove(store, {"c1"}, [](std::string_view) {});
      return removed ? 0 : removed.error().text == "container does not exist" ? 1 : 2;
    };
    Child one(attempt), two(attempt);
    const int codes = WEXITSTATUS(one.wait()) + WEXITSTATUS(two.wait());
    CHECK(codes == 1);
  }
}

TEST_CASE("the container's class of service and monitoring group are remembered, and go with it") {
  const TempFolder temp;
  const Store store(temp / "root");
  for (const bool made : {true, false}) {
    Child child(test::sleep_long);
    Record record = record_of("c1", child);
    record.rdt = {temp / "class", temp / "class/mon", made};
    for (const auto& folder : {record.rdt.group, record.rdt.monitor}) ::mkdir(folder.c_str(), 0755);
    test::put(store, record);
    ::kill(child.pid, SIGKILL);
    child.wait();
    Notes notes;
    REQUIRE(remove(store, {"c1"}, notes.sink()));
    CHECK_FALSE(exists(temp / "class/mon"));
    CHECK(exists(temp / "class") == !made);
  }
}
