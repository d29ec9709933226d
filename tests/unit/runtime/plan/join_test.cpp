#include <catch2/catch.hpp>
#include <poll.h>
#include <sched.h>

#include "../../skip.hpp"
#include "../container/support.hpp"
#include "runtime/plan/build.hpp"

using namespace lodger;

namespace {

/// A process in these namespaces of its own, which has made them by the time the object is there.
class Other {
 public:
  explicit Other(int types) {
    REQUIRE(pipe(ready_) == 0);
    child_.emplace([&] {
      const char answer = unshare(types) == 0 ? 'y' : 'n';
      return write(ready_[1], &answer, 1) == 1 ? test::sleep_long() : 1;
    });
    char answer = 'n';
    made = read(ready_[0], &answer, 1) == 1 && answer == 'y';
  }
  ~Other() {
    close(ready_[0]);
    close(ready_[1]);
  }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;
  pid_t pid() const { return child_->pid; }
  bool made = false;

 private:
  int ready_[2];
  std::optional<test::Child> child_;
};

/// All that a plan lives in.
struct Room {
  spec::Config config;
  plan::Wishes wishes;
  plan::Memory memory = plan::Memory::make().value();
  plan::Row row;

  Room() {
    wishes.id = "joined";
    wishes.caller = plan::look_at_caller().value();
    config.linux.emplace();
    auto& process = config.process.emplace();
    process.args = {"true"};
    process.cwd = "/";
    process.env = {"HOME=/"};
  }
  Outcome<plan::Built> join(pid_t pid, kernel::Fd<kernel::Path> root = {}) {
    plan::Planning planning{config, wishes, memory, row};
    return plan::build_join(planning, kernel::pidfd_open(pid).value(), pid, std::move(root));
  }
};

std::vector<std::string> words(const init::Name* names) {
  std::vector<std::string> out;
  while (*names) out.emplace_back(*names++);
  return out;
}

}  // namespace

TEST_CASE("build_join: exactly the namespaces that are not ours, with one descriptor for all") {
  const Other other(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC);
  if (!other.made) SKIP_TEST("needs root, for namespaces of its own");
  Room room;
  const auto built = room.join(other.pid()).value();
  REQUIRE(built.plan->joins.size() == 1);
  CHECK(built.plan->joins[0].type == (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC));
  CHECK(built.plan->joins[0].ns == 0);
  CHECK(room.row.numbers().size() == 1);
  CHECK(built.plan->two_clones);
  CHECK_FALSE(built.plan->user_namespace);
  CHECK_FALSE(built.plan->rootfs);
  CHECK(words(built.plan->argv) == std::vector<std::string>{"true"});
}

TEST_CASE("build_join: a process in our own mount namespace is no container") {
  const Other other(CLONE_NEWUTS);
  if (!other.made) SKIP_TEST("needs root, for namespaces of its own");
  Room room;
  const auto built = room.join(other.pid());
  REQUIRE_FALSE(built);
  CHECK_THAT(built.error().text, Catch::Contains("mount namespace"));
}

TEST_CASE("build_join: with its root given, a container in our own mount namespace is entered by that") {
  const Other other(CLONE_NEWUTS);
  if (!other.made) SKIP_TEST("needs root, for namespaces of its own");
  Room room;
  const auto built =
      room.join(other.pid(), kernel::openat<kernel::Path>(kernel::cwd, "/tmp", O_PATH).value());
  REQUIRE(built);
  CHECK(built->plan->container_root != init::none);
  REQUIRE(built->plan->joins.size() == 1);
  CHECK(built->plan->joins[0].type == CLONE_NEWUTS);
}

TEST_CASE("build_join: the environment has room for what only init knows") {
  const Other other(CLONE_NEWNS);
  if (!other.made) SKIP_TEST("needs root, for namespaces of its own");
  Room room;
  const bool told = GENERATE(false, true);
  const bool with_home = GENERATE(false, true);
  room.wishes.tell_pid = told;
  if (!with_home) room.config.process->env = {"A=1"};
  room.wishes.preserve_fds = 2;
  const auto& plan = *room.join(other.pid()).value().plan;
  CHECK(plan.preserve_fds == 2);
  CHECK(plan.add_home == !with_home);
  CHECK(plan.listen_pid.empty() == !told);
  if (told) CHECK(std::string(plan.listen_pid.data()) == "LISTEN_PID=");
  if (told) CHECK(plan.listen_pid.size() >= sizeof "LISTEN_PID=4194304");
  for (int i = 0; i <= told + !with_home; ++i) CHECK(plan.envp[1 + i] == nullptr);
}
