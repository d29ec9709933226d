#include "runtime/container/kill.hpp"

#include <catch2/catch.hpp>

#include "support.hpp"

using namespace lodger;
using namespace lodger::container;
using lodger::test::Child;
using lodger::test::record_of;
using lodger::test::TempFolder;

TEST_CASE("signals by name and by number") {
  CHECK(parse_signal("KILL").value() == SIGKILL);
  CHECK(parse_signal("SIGKILL").value() == SIGKILL);
  CHECK(parse_signal("sigterm").value() == SIGTERM);
  CHECK(parse_signal("Hup").value() == SIGHUP);
  CHECK(parse_signal("9").value() == 9);
  CHECK(parse_signal("0").value() == 0);
  CHECK(parse_signal("64").value() == 64);
  CHECK(parse_signal("IOT").value() == SIGABRT);
  CHECK(parse_signal("SIGCLD").value() == SIGCHLD);
  CHECK(parse_signal("SIGRTMIN").value() == 34);
  CHECK(parse_signal("RTMIN+3").value() == 37);
  CHECK(parse_signal("sigrtmin+30").value() == 64);
  CHECK(parse_signal("RTMAX").value() == 64);
  CHECK(parse_signal("SIGRTMAX-14").value() == 50);
}

TEST_CASE("each signal of this system has its name in the table") {
  for (int signal = 1; signal < 32; ++signal) {
    INFO(signal);
    CHECK(parse_signal(::sigabbrev_np(signal)).value() == signal);
  }
}

TEST_CASE("what is no signal is refused by name") {
  for (const char* text : {"", "SIG", "FOO", "-9", "65", "9x", "+9", "RTMIN-1", "RTMIN+31", "RTMAX+1",
                           "RTMIN+", "RTMIN+-1", "RTMIN3", "SIGSIGKILL", "99999999999"}) {
    INFO(text);
    const auto signal = parse_signal(text);
    REQUIRE_FALSE(signal);
    CHECK(signal.error().text.starts_with("unknown signal \"" + std::string(text) + "\""));
  }
}

TEST_CASE("kill reaches the container's process") {
  const TempFolder temp;
  const Store store(temp.path);
  Child child(test::sleep_long);
  test::put(store, record_of("c1", child));
  REQUIRE(kill(store, {"c1", 0}));
  REQUIRE(kill(store, {"c1", SIGUSR1}));
  const int status = child.wait();
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGUSR1);
}

TEST_CASE("a created container can be killed, also while somebody holds its lock") {
  const TempFolder temp;
  const Store store(temp.path);
  Child child(test::sleep_long);
  test::put(store, record_of("c1", child));
  const auto held = store.open("c1").value();
  REQUIRE(kernel::mknodat(held.fd(), gate_name, S_IFSOCK | 0600, 0));
  REQUIRE(kill(store, {"c1", SIGKILL}));
  CHECK(WTERMSIG(child.wait()) == SIGKILL);
}

TEST_CASE("a stopped container is not running, and nothing else is hit") {
  const TempFolder temp;
  const Store store(temp.path);
  Child child(test::sleep_long);
  Record record = record_of("c1", child);
  record.start_time += 1;  // the pid is now another process's
  test::put(store, record);
  CHECK(kill(store, {"c1", SIGKILL}).error().text == "container not running");
  CHECK(kill(store, {"c1", SIGKILL, true}));  // --all: that nothing is left is no failure
  CHECK(::waitpid(child.pid, nullptr, WNOHANG) == 0);
  ::kill(child.pid, SIGKILL);
  child.await_end();
  record.start_time -= 1;
  record.id = "c2";
  test::put(store, record);
  CHECK(kill(store, {"c2", SIGTERM}).error().text == "container not running");
  CHECK(kill(store, {"none", SIGTERM}).error().text == "container does not exist");
}

TEST_CASE("without a pid namespace and without a cgroup the process itself is still killed") {
  const TempFolder temp;
  const Store store(temp.path);
  Child child(test::sleep_long);
  Record record = record_of("c1", child);
  record.own_pid_namespace = false;
  test::put(store, record);
  REQUIRE(kill(store, {"c1", SIGKILL}));
  CHECK(WTERMSIG(child.wait()) == SIGKILL);
  CHECK(kill(store, {"c1", SIGKILL}).error().text == "container not running");
}

TEST_CASE("end kills and waits until the process has ended") {
  Child child([] {
    ::signal(SIGTERM, SIG_IGN);
    return test::sleep_long();
  });
  const Record record = record_of("c1", child);
  REQUIRE(end(record));
  int status = 0;
  CHECK(::waitpid(child.pid, &status, WNOHANG) == child.pid);
  child.pid = 0;
  CHECK(WTERMSIG(status) == SIGKILL);
  CHECK(end(record));  // ended already
}
