#include "runtime/plan/own_namespaces.hpp"

#include <catch2/catch.hpp>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../skip.hpp"
#include "../container/support.hpp"

using namespace lodger;
using spec::NamespaceType;

namespace {

spec::Config with(std::vector<spec::Namespace> namespaces) {
  spec::Config config;
  config.linux.emplace();
  config.linux->namespaces = std::move(namespaces);
  return config;
}

/// The paths that are left.
std::vector<std::string> left_of(std::vector<spec::Namespace> namespaces) {
  auto config = with(std::move(namespaces));
  plan::drop_own_namespaces(config);
  std::vector<std::string> out;
  for (const auto& entry : config.linux->namespaces) out.push_back(entry.path);
  return out;
}

using Paths = std::vector<std::string>;

/// A process in a uts namespace of its own, for as long as the object lives.
class Elsewhere {
 public:
  Elsewhere() {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      const char answer = unshare(CLONE_NEWUTS) == 0 ? 'y' : 'n';
      if (write(ready[1], &answer, 1) == 1) pause();
      _exit(0);
    }
    char answer = 'n';
    made = read(ready[0], &answer, 1) == 1 && answer == 'y';
    close(ready[0]);
    close(ready[1]);
  }
  ~Elsewhere() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;
  std::string path() const { return "/proc/" + std::to_string(pid_) + "/ns/uts"; }
  bool made = false;

 private:
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("own namespaces: every type is known by the file of its own") {
  const auto [type, name] = GENERATE(table<NamespaceType, std::string>({{NamespaceType::pid, "pid"},
                                                                        {NamespaceType::mount, "mnt"},
                                                                        {NamespaceType::ipc, "ipc"},
                                                                        {NamespaceType::uts, "uts"},
                                                                        {NamespaceType::user, "user"},
                                                                        {NamespaceType::cgroup, "cgroup"},
                                                                        {NamespaceType::time, "time"}}));
  const std::string path = "/proc/self/ns/" + name;
  INFO(path);
  if (access(path.c_str(), F_OK) == 0) CHECK(left_of({{type, path}}) == Paths{});
  const std::string other = name == "uts" ? "/proc/self/ns/ipc" : "/proc/self/ns/uts";
  CHECK(left_of({{type, other}}) == Paths{other});
}

TEST_CASE("own namespaces: identity counts, not how it is spelled") {
  const test::TempFolder temp;
  REQUIRE(symlink("/proc/thread-self/ns/uts", (temp / "link").c_str()) == 0);
  const std::string spelled = GENERATE(std::string("/proc/thread-self/ns/uts"),
                                       std::string("//proc/./self/ns/../ns/uts"), std::string());
  CHECK(left_of({{NamespaceType::uts, spelled.empty() ? temp / "link" : spelled}}) == Paths{});
  CHECK(left_of({{NamespaceType::uts, "/proc/" + std::to_string(getpid()) + "/ns/uts"}}) == Paths{});
}

TEST_CASE("own namespaces: a namespace that is another's stays") {
  const Elsewhere elsewhere;
  if (!elsewhere.made) SKIP_TEST("needs root, for a namespace of its own");
  CHECK(left_of({{NamespaceType::uts, elsewhere.path()}}) == Paths{elsewhere.path()});
}

TEST_CASE("own namespaces: the network's entry was looked at before, and is not looked at twice") {
  CHECK(left_of({{NamespaceType::network, "/proc/self/ns/net"}}) == Paths{"/proc/self/ns/net"});
}

TEST_CASE("own namespaces: what is to be made, or leads nowhere, stays in its order") {
  CHECK(left_of({{NamespaceType::pid, ""},
                 {NamespaceType::uts, "/proc/self/ns/uts"},
                 {NamespaceType::ipc, "/no/such/ns"},
                 {NamespaceType::network, ""}}) == Paths{"", "/no/such/ns", ""});
}

TEST_CASE("own namespaces: a file that is no namespace is left for others to refuse") {
  CHECK(left_of({{NamespaceType::uts, "/dev/null"}}) == Paths{"/dev/null"});
}

TEST_CASE("own namespaces: a configuration without linux has none") {
  spec::Config config;
  plan::drop_own_namespaces(config);
  CHECK_FALSE(config.linux);
}
