#include "netmode/stack.hpp"

#include <catch2/catch.hpp>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "room.hpp"

using namespace lodger;
using namespace lodger::netmode;
using test::asking;

namespace {

constexpr const char* own = "/proc/self/ns/net";

// A process in a network namespace of its own, for as long as the object lives.
class Neighbour {
 public:
  Neighbour() {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    pid_ = ::fork();
    if (pid_ == 0) {
      const char done = ::unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
      if (::write(ready[1], &done, 1) == 1) ::pause();
      ::_exit(0);
    }
    char done = 'n';
    if (::read(ready[0], &done, 1) != 1) done = 'n';
    made = done == 'y';
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Neighbour() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string path() const { return "/proc/" + std::to_string(pid_) + "/ns/net"; }
  bool made = false;

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE("the own stack is recognised under any name") {
  test::HostRoom room;
  const auto link = room.link("net", own);
  for (const std::string& path : {std::string(own), std::string("/proc/thread-self/ns/net"),
                                  "/proc/" + std::to_string(::getpid()) + "/ns/net", link}) {
    INFO(path);
    CHECK(look_at_stack("test", path, own).value().own);
    CHECK(check_stack("test", path, own).value().own);
  }
}

TEST_CASE("what is no network namespace is refused, and never opened") {
  test::HostRoom room;
  const auto fifo = room.file("plain", "");
  ::unlink(fifo.c_str());
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);  // opening it would wait for a writer
  for (const std::string& path :
       {fifo, room.folder, std::string("/dev/null"), std::string("/proc/self/status")}) {
    INFO(path);
    const auto found = check_stack("--network ns:X", path, own);
    REQUIRE_FALSE(found);
    CHECK_THAT(found.error().text, Catch::StartsWith("--network ns:X: " + path + " is not a namespace"));
  }
  const auto uts = check_stack("X", "/proc/self/ns/uts", own);
  REQUIRE_FALSE(uts);
  CHECK(uts.error().text == "X: /proc/self/ns/uts is a namespace, but not a network namespace");
  const auto nowhere = check_stack("X", "/nonexistent", own);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().text == "X: /nonexistent: No such file or directory");
}

TEST_CASE("another stack is told apart, joined by path, and keeps its sysctls") {
  const Neighbour neighbour;
  if (!neighbour.made) {
    WARN("skipped: making a network namespace needs CAP_SYS_ADMIN");
    return;
  }
  CHECK_FALSE(look_at_stack("test", neighbour.path(), own).value().own);
  CHECK_FALSE(check_stack("test", neighbour.path(), own).value().own);

  auto config = test::config_with({});
  config.linux->sysctl["net.core.somaxconn"] = "1024";
  const auto decision = apply(asking({Kind::path, neighbour.path()}), config);
  REQUIRE(decision);
  CHECK_FALSE(decision->host);
  CHECK(decision->joined == look_at_stack("test", neighbour.path(), own)->identity);
  CHECK(config.linux->namespaces.at(0).path == neighbour.path());

  auto bundle = test::config_with({{spec::NamespaceType::network, neighbour.path()}});
  bundle.linux->sysctl["net.core.somaxconn"] = "1024";
  const auto followed = apply(asking({}), bundle);
  REQUIRE(followed);
  CHECK_FALSE(followed->host);
  CHECK(followed->joined == decision->joined);
  CHECK(bundle.linux->namespaces.at(0).path == neighbour.path());
  CHECK_FALSE(apply(asking({}, {"80:80"}), bundle));
}

TEST_CASE("a bound namespace file is the namespace") {
  const Neighbour neighbour;
  test::HostRoom room;
  const auto place = room.file("bound", "");
  const pid_t child = ::fork();  // the mount lives in a mount namespace of the child's own
  if (child == 0) {
    if (!neighbour.made || ::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      ::_exit(77);
    const bool bound = ::mount(neighbour.path().c_str(), place.c_str(), nullptr, MS_BIND, nullptr) == 0;
    const auto other = check_stack("test", place, own);
    const bool own_bound = ::mount(own, place.c_str(), nullptr, MS_BIND, nullptr) == 0;
    const auto mine = check_stack("test", place, own);
    ::_exit(bound && own_bound && other && !other->own && mine && mine->own ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) WARN("skipped: needs CAP_SYS_ADMIN");
  CHECK((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
}
