#include "runtime/hooks/hooks.hpp"

#include <catch2/catch.hpp>
#include <signal.h>
#include <unistd.h>

#include <chrono>

#include "../container/support.hpp"

using namespace lodger;
using lodger::test::TempFolder;

namespace {

spec::Hook shell(const std::string& script) { return {"/bin/sh", {"sh", "-c", script}, {}, {}}; }

spec::State state() {
  spec::State out;
  out.id = "c1";
  out.status = "creating";
  out.bundle = "/b";
  out.pid = 42;
  return out;
}

Outcome<> run(const std::vector<spec::Hook>& hooks) { return hooks::run("prestart", hooks, state()); }

class Clock {
 public:
  auto passed() const { return std::chrono::steady_clock::now() - begin_; }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Process ids end up in files; true once the process is gone.
bool gone_soon(const std::string& pid_file) {
  const int pid = std::stoi(test::read_file(pid_file));
  for (int i = 0; i < 200; ++i) {
    const auto stat = kernel::process_stat(pid);
    if (!stat || stat->state == 'Z') return true;
    ::usleep(10000);
  }
  return false;
}

}  // namespace

TEST_CASE("no hooks, nothing to do") { CHECK(run({})); }

TEST_CASE("a hook reads the state on stdin, to its end") {
  const TempFolder temp;
  REQUIRE(run({shell("cat > " + temp / "state"), shell("cat > " + temp / "again")}));
  CHECK(test::read_file(temp / "state") == spec::to_json(state()));
  CHECK(test::read_file(temp / "again") == spec::to_json(state()));
}

TEST_CASE("a state larger than a pipe does not block a hook that never reads") {
  spec::State large = state();
  large.annotations["k"] = std::string(1 << 20, 'x');
  CHECK(hooks::run("prestart", {shell("exit 0")}, large));
}

TEST_CASE("no hook can change what the next one reads") {
  const TempFolder temp;
  REQUIRE(run({shell("echo evil 1<>/proc/self/fd/0 || true; echo evil >&0 || true"),
               shell("cat > " + temp / "state")}));
  CHECK(test::read_file(temp / "state") == spec::to_json(state()));
}

TEST_CASE("a hook has its own environment and nothing of ours") {
  const TempFolder temp;
  ::setenv("LODGER_TEST_SECRET", "x", 1);
  spec::Hook hook{"/usr/bin/env", {"env"}, {{"A=1", "B=two words"}}, {}};
  hook.args = {"env", "sh", "-c", "env > " + temp / "env"};
  REQUIRE(run({hook}));
  ::unsetenv("LODGER_TEST_SECRET");
  const auto env = test::read_file(temp / "env");
  CHECK(env.find("A=1\n") != std::string::npos);
  CHECK(env.find("B=two words\n") != std::string::npos);
  CHECK(env.find("LODGER_TEST_SECRET") == std::string::npos);
}

TEST_CASE("args are argv as a whole, by default the path alone") {
  const TempFolder temp;
  test::write_file(temp / "hook", "#!/bin/sh\necho \"$# $0\" > \"$(dirname \"$0\")/out\"\n");
  ::chmod((temp / "hook").c_str(), 0755);
  REQUIRE(run({{temp / "hook", {}, {{"PATH=/usr/bin:/bin"}}, {}}}));
  CHECK(test::read_file(temp / "out") == "0 " + temp / "hook" + "\n");
  REQUIRE(run({{"/bin/sh", {"a-name", "-c", "echo $0 $1 > " + temp / "out", "zero", "one"}, {}, {}}}));
  CHECK(test::read_file(temp / "out") == "zero one\n");
}

TEST_CASE("a failing hook is named with its place, status and words, and ends the row") {
  const TempFolder temp;
  const auto done =
      run({shell("exit 0"), shell("echo out; echo err >&2; exit 3"), shell("touch " + temp / "third")});
  REQUIRE_FALSE(done);
  CHECK(done.error().text == "error running prestart hook #1: /bin/sh: exited with status 3: out\nerr");
  CHECK_FALSE(test::exists(temp / "third"));
  CHECK(run({shell("exit 7")}).error().text ==
        "error running prestart hook #0: /bin/sh: exited with status 7");
}

TEST_CASE("a signal is told as such") {
  CHECK(run({shell("kill -KILL $$")}).error().text ==
        "error running prestart hook #0: /bin/sh: killed by signal 9 (killed)");
}

TEST_CASE("a hook that cannot be executed") {
  const TempFolder temp;
  test::write_file(temp / "plain", "no program");
  CHECK(run({{"/no/such/hook", {}, {}, {}}}).error().text ==
        "error running prestart hook #0: /no/such/hook: No such file or directory");
  CHECK(run({{temp / "plain", {}, {}, {}}}).error().text ==
        "error running prestart hook #0: " + temp / "plain" + ": Permission denied");
  ::chmod((temp / "plain").c_str(), 0755);
  CHECK(run({{temp / "plain", {}, {}, {}}}).error().text ==
        "error running prestart hook #0: " + temp / "plain" + ": execve: Exec format error");
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // nothing is left to reap
}

TEST_CASE("of much output the last 4 KiB are kept, and the hook never blocks on it") {
  const auto done =
      run({shell("i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; echo last; exit 1")});
  REQUIRE_FALSE(done);
  const auto& text = done.error().text;
  CHECK(text.ends_with("line 29999\nlast"));
  CHECK(text.size() < 4096 + 100);
  CHECK(text.size() > 4000);
}

TEST_CASE("a hook in time may take its time") {
  auto hook = shell("sleep 0.2");
  hook.timeout = 30;
  const Clock clock;
  CHECK(run({hook}));
  CHECK(clock.passed() < std::chrono::seconds(10));
}

TEST_CASE("a hook out of time is killed with its children") {
  const TempFolder temp;
  auto hook = shell("echo begun; sleep 1000 & echo $! > " + temp / "child" + "; echo $$ > " + temp / "self" +
                    "; wait");
  hook.timeout = 1;
  const Clock clock;
  const auto done = run({hook});
  REQUIRE_FALSE(done);
  CHECK(done.error().text == "error running prestart hook #0: /bin/sh: timed out after 1 s: begun");
  CHECK(clock.passed() >= std::chrono::seconds(1));
  CHECK(clock.passed() < std::chrono::seconds(5));
  CHECK(gone_soon(temp / "self"));
  CHECK(gone_soon(temp / "child"));
}

TEST_CASE("a process that a hook leaves behind is not waited for") {
  const TempFolder temp;
  const Clock clock;
  CHECK(run({shell("sleep 20 & echo $! > " + temp / "child")}));
  CHECK(clock.passed() < std::chrono::seconds(10));
  ::kill(std::stoi(test::read_file(temp / "child")), SIGKILL);
}

TEST_CASE("a hook that closes its output is still waited for") {
  const TempFolder temp;
  CHECK(run({shell("exec >&- 2>&-; sleep 0.1; touch " + temp / "done")}));
  CHECK(test::exists(temp / "done"));
}

TEST_CASE("a hook starts with no signal blocked and no descriptor but three") {
  REQUIRE(::dup2(0, 77) == 77);  // not close-on-exec, as a caller may hand us one
  sigset_t blocked, old, after;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &old);
  // Asked by grep itself: a shell clears its mask.
  const spec::Hook mask{
      "/bin/grep", {"grep", "-q", "^SigBlk:.0000000000000000$", "/proc/self/status"}, {}, {}};
  const auto unblocked = run({mask});
  const auto closed = run({shell("test -e /proc/$$/fd/2 && ! test -e /proc/$$/fd/77")});
  ::sigprocmask(SIG_SETMASK, &old, &after);
  ::close(77);
  CHECK(unblocked);
  CHECK(closed);
  CHECK(::sigismember(&after, SIGTERM) == 1);  // ours is as it was
}

TEST_CASE("run_each runs all and tells each failure with its place") {
  const TempFolder temp;
  std::vector<std::string> failures;
  hooks::run_each("poststop", {shell("exit 1"), shell("touch " + temp / "second"), shell("exit 2")}, state(),
                  [&](const Failure& failure) { failures.push_back(failure.text); });
  CHECK(failures ==
        std::vector<std::string>{"error running poststop hook #0: /bin/sh: exited with status 1",
                                 "error running poststop hook #2: /bin/sh: exited with status 2"});
  CHECK(test::exists(temp / "second"));
}

TEST_CASE("hooks leave no descriptor behind") {
  const auto count = [] {
    const auto folder = kernel::openat<kernel::Path>(kernel::cwd, "/proc/self/fd", O_RDONLY | O_DIRECTORY);
    int n = 0;
    (void)kernel::each_name(folder.value().get(), [&](std::string_view) { ++n; });
    return n;
  };
  const int before = count();
  (void)run({shell("exit 0"), shell("exit 1")});
  (void)run({{"/no/such/hook", {}, {}, {}}});
  CHECK(count() == before);
}
