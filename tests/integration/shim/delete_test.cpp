// containerd's call of "delete" while the shim lives: it was slow to answer, or its connection was closed.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/census.hpp"
#include "../support/needs.hpp"
#include "../support/orphanage.hpp"
#include "caller.hpp"
#include "tests/support/files.hpp"

using namespace lodger::test;
using std::chrono::seconds;
using wire::Code;

namespace {

/// containerd gives its call of "delete" as much.
constexpr seconds patience(5);

class Clock {
 public:
  std::chrono::steady_clock::duration passed() const { return std::chrono::steady_clock::now() - began_; }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// In its folder, so that its removal fails, until it is taken away.
class InTheWay {
 public:
  explicit InTheWay(const Shim& shim) : at_(shim.state_root() + "/c1/a") {
    REQUIRE(::mkdir(at_.c_str(), 0700) == 0);
    REQUIRE(::mkdir((at_ + "/b").c_str(), 0700) == 0);
  }
  void take_away() const { REQUIRE(::rmdir((at_ + "/b").c_str()) == 0); }

 private:
  std::string at_;
};

lodger::kernel::Fd<lodger::kernel::Path> hold_folder(const Shim& shim) {
  lodger::kernel::Fd<lodger::kernel::Path> folder(
      ::open((shim.state_root() + "/c1").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(::flock(folder.get(), LOCK_EX) == 0);
  return folder;
}

void check_nothing_is_left(const Shim& shim, const Bundle& bundle) {
  CHECK(traces_of(bundle.name()).empty());
  CHECK(support::names_in(shim.state_root()).empty());
}

}  // namespace

TEST_CASE("shim delete: a living shim ends the container, answers who waits, and goes with its last") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim shim(bundle, place);
  const auto created = shim.create();
  REQUIRE(created);
  REQUIRE(shim.start());
  REQUIRE(shim.exec("e1", words("/bin/sleep 1000")));
  REQUIRE(shim.start("e1"));
  const auto waiting = shim.send("Wait", wire::encode(wire::ProcessRequest{"c1", ""}));
  const auto removed = shim.delete_by_call();
  CHECK(removed.exit_status == 128 + SIGKILL);
  CHECK(removed.pid == created->pid);
  CHECK(removed.exited_at);
  CHECK(shim.receive<wire::WaitResponse>(waiting)->exit_status == 128 + SIGKILL);
  check_nothing_is_left(shim, bundle);
  shim.await_end();
  CHECK(!support::exists(shim.socket()));
  containerd.wait_for(
      "/tasks/create /tasks/start /tasks/exec-added /tasks/exec-started /tasks/exit /tasks/exit "
      "/tasks/delete");
}

TEST_CASE("shim delete: what is known of the end is what is told") {
  NEEDS_ROOT();
  const bool lives = GENERATE(true, false);
  const Bundle bundle(shell("exit 3"));
  const Place place;
  Shim shim(bundle, place);
  const auto created = shim.create();
  REQUIRE(created);
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 3);
  if (!lives) ::kill(shim.pid(), SIGKILL), shim.await_end();
  const auto removed = shim.delete_by_call();
  CHECK(removed.exit_status == 3);
  CHECK(removed.pid == created->pid);
  check_nothing_is_left(shim, bundle);
  shim.await_end();
}

TEST_CASE("shim delete: of a container that was never made, a shim that serves nobody else ends") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  const Shim shim(bundle, place);
  CHECK(shim.delete_by_call().exit_status == 128 + SIGKILL);
  shim.await_end();
}

TEST_CASE("shim delete: a creation that waits for a client of its output is given up at once") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  const auto creating = shim.send("Create", wire::encode(shim.create_request(place.fifo("out"))));
  REQUIRE(support::eventually([&] { return !support::names_in(shim.state_root()).empty(); }));
  CHECK(shim.delete_by_call().exit_status == 128 + SIGKILL);
  const auto created = shim.receive<wire::PidResponse>(creating);
  REQUIRE_FALSE(created);
  CHECK_THAT(created.error().message, Catch::Contains("opening the output " + place.path("out")));
  check_nothing_is_left(shim, bundle);
  shim.await_end();
}

TEST_CASE("shim delete: the others of a pod go on") {
  NEEDS_ROOT();
  PodOfTwo pod;
  auto& [first, second, place, one, two] = pod;
  one.run();
  two.run();
  CHECK(one.delete_by_call().exit_status == 128 + SIGKILL);
  CHECK(traces_of(first.name()).empty());
  CHECK(one.state().error().code == Code::not_found);
  CHECK(two.state()->status == wire::TaskStatus::running);
  REQUIRE(two.kill(SIGKILL));
  CHECK(two.wait());
}

TEST_CASE("shim delete: the shim is found where containerd has called no start for the container") {
  NEEDS_ROOT();
  PodOfTwo pod;
  auto& [first, second, place, one, two] = pod;
  // From 2.0 on it knows a pod's shim, and writes a bootstrap.json of its own.
  REQUIRE(::unlink(second.beside("address").c_str()) == 0);
  one.run();
  two.run();
  CHECK(two.delete_by_call().exit_status == 128 + SIGKILL);
  CHECK(two.state().error().code == Code::not_found);
  CHECK(one.state()->status == wire::TaskStatus::running);
  REQUIRE(one.kill(SIGKILL));
  CHECK(one.wait());
  CHECK(one.remove());
}

TEST_CASE("shim delete: a shim that hangs is done without, and notices once it goes on") {
  NEEDS_ROOT();
  const bool with_further = GENERATE(false, true);
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  const auto created = shim.create();
  REQUIRE(created);
  REQUIRE(shim.start());
  if (with_further) {
    REQUIRE(shim.exec("e1", words("/bin/sleep 1000")));
    REQUIRE(shim.start("e1"));
  }
  ::kill(shim.pid(), SIGSTOP);
  const Clock clock;
  const auto removed = shim.delete_by_call();
  CHECK(clock.passed() < patience);
  CHECK(removed.exit_status == 128 + SIGKILL);
  CHECK(removed.pid == created->pid);
  check_nothing_is_left(shim, bundle);
  ::kill(shim.pid(), SIGCONT);
  shim.await_end();
  CHECK(is_gone(static_cast<pid_t>(created->pid)));
}

TEST_CASE("shim delete: a creation or a start that hangs in a hook is cut short") {
  NEEDS_ROOT();
  const Orphanage orphans;
  const std::string point = GENERATE("createRuntime", "createContainer", "startContainer", "poststart");
  INFO(point);
  const Place place;
  const Bundle bundle(words("/bin/sleep 1000"), [&](nlohmann::json& config) {
    const auto line = "echo > " + place.path("hanging") + "; exec sleep 1000";
    config["hooks"][point] = {{{"path", "/bin/sh"}, {"args", {"sh", "-c", line}}}};
    // what runs in the container's mounts writes there too
    config["mounts"].push_back({{"destination", place.path("")},
                                {"type", "bind"},
                                {"source", place.path("")},
                                {"options", {"bind"}}});
  });
  const bool creation = point.starts_with("create");
  Shim shim(bundle, place);
  if (!creation) REQUIRE(shim.create());
  const auto called = creation ? shim.send("Create", wire::encode(shim.create_request()))
                               : shim.send("Start", wire::encode(wire::ProcessRequest{"c1", ""}));
  REQUIRE(support::eventually([&] { return support::exists(place.path("hanging")); }));
  // containerd's time is over: it asks for the end, and is heard once there is something to end
  shim.shut_down();
  const Clock clock;
  const auto removed = shim.delete_by_call();
  CHECK(clock.passed() < patience);
  CHECK(removed.exit_status == 128 + SIGKILL);
  CHECK(!shim.receive<wire::PidResponse>(called));
  check_nothing_is_left(shim, bundle);
  shim.await_end();
  CHECK(orphans.empty());
}

TEST_CASE("shim delete: a start that fails with others in the container does not wait for them") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/script"));
  support::write_file(bundle.rootfs("/bin/script"), "#!/no/such/interpreter\n", 0755);
  const Place place;
  Shim shim(bundle, place);
  REQUIRE(shim.create());
  REQUIRE(shim.exec("e1", words("/bin/sleep 1000")));
  REQUIRE(shim.start("e1"));
  const Clock clock;
  CHECK(!shim.start());
  CHECK(clock.passed() < patience);
  CHECK(shim.wait("e1")->exit_status == 128 + SIGKILL);
  CHECK(shim.remove());
  CHECK(clock.passed() < patience);
}

TEST_CASE(
    "shim delete: one that is paused goes with the further processes in it, and nobody waits meanwhile") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  REQUIRE(shim.create());
  REQUIRE(shim.exec("e1", words("/bin/sleep 1000")));
  REQUIRE(shim.start("e1"));
  wire::ContainerRequest one;
  one.id = "c1";
  if (const auto paused = shim.call<wire::Empty>("Pause", one); !paused) SKIP_TEST(paused.error().message);
  const Clock clock;
  CHECK(shim.remove());
  CHECK(clock.passed() < patience);
}

TEST_CASE("shim delete: who waits for a container's lock keeps nobody else waiting") {
  NEEDS_ROOT();
  const Place place;
  const Bundle first(words("/bin/sleep 1000"), in_pod);
  const Bundle second(words("/bin/sleep 1000"), [&](nlohmann::json& config) {
    in_pod(config);
    config["hooks"]["poststart"] = nlohmann::json::array({waiting_hook(place.path("go"))});
  });
  Shim one(first, place, "c1"), two(second, place, "c2");
  one.run();
  REQUIRE(two.create());
  const auto started = two.send("Start", wire::encode(wire::ProcessRequest{"c2", ""}));
  wire::UpdateRequest update;
  update.id = "c2";
  update.resources = wire::Any{"", R"({"pids":{"limit":77}})"};
  const auto updated = two.send("Update", wire::encode(update));
  const Clock clock;
  CHECK(one.state()->status == wire::TaskStatus::running);
  CHECK(clock.passed() < patience);  // the hook would wait for ever
  support::write_file(place.path("go"), "");
  CHECK(two.receive<wire::PidResponse>(started));
  CHECK(two.receive<wire::Empty>(updated));
  REQUIRE(one.kill(SIGKILL));
  CHECK(one.wait());
  CHECK(one.remove());
}

TEST_CASE("shim delete: a pause during the removal is refused, and freezes nothing again") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  REQUIRE(shim.create());
  const auto folder = hold_folder(shim);  // the removal waits for us
  const auto removed = shim.send("Delete", wire::encode(wire::ProcessRequest{"c1", ""}));
  wire::ContainerRequest one;
  one.id = "c1";
  const auto paused = shim.call<wire::Empty>("Pause", one);
  REQUIRE(!paused);
  CHECK(paused.error().code == Code::failed_precondition);
  CHECK_THAT(paused.error().message, Catch::Contains("is being removed"));
  REQUIRE(::flock(folder.get(), LOCK_UN) == 0);
  CHECK(shim.receive<wire::DeleteResponse>(removed));
}

TEST_CASE("shim delete: a removal that fails is told, and tried again until the shim can go") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  const InTheWay in_the_way(shim);
  const auto removed = call_shim(bundle, place, "c1", "delete");
  CHECK(!removed.succeeded());
  CHECK(!is_gone(shim.pid()));
  in_the_way.take_away();
  shim.await_end();
  check_nothing_is_left(shim, bundle);
}

TEST_CASE("shim delete: a removal that is tried again touches no other container that has the id by then") {
  NEEDS_ROOT();
  Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  REQUIRE(::rename(bundle.rootfs().c_str(), place.path("image").c_str()) == 0);
  const auto run = [&](Shim& shim) {
    auto request = shim.create_request();
    request.rootfs.push_back({"bind", place.path("image"), "", {"bind"}});
    REQUIRE(shim.call<wire::PidResponse>("Create", request));
    REQUIRE(shim.start());
  };
  Shim shim(bundle, place);
  run(shim);
  const InTheWay in_the_way(shim);
  CHECK(!call_shim(bundle, place, "c1", "delete").succeeded());
  ::kill(shim.pid(), SIGSTOP);
  in_the_way.take_away();
  (void)shim.delete_by_call();  // by force, and what it asked of the shim is still to be heard
  check_nothing_is_left(shim, bundle);
  bundle.edit(in_pod);  // another shim's
  Shim next(bundle, place);
  run(next);
  ::kill(shim.pid(), SIGCONT);
  shim.await_end();
  CHECK(next.state()->status == wire::TaskStatus::running);
  CHECK(support::exists(bundle.rootfs("/bin/sleep")));
  REQUIRE(next.kill(SIGKILL));
  CHECK(next.wait());
  CHECK(next.remove());
}

TEST_CASE("shim delete: a container that was given up makes room for the next of its id") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  const InTheWay in_the_way(shim);
  CHECK(!call_shim(bundle, place, "c1", "delete").succeeded());
  const auto none = shim.create();
  REQUIRE(!none);
  CHECK(none.error().code == Code::already_exists);
  CHECK_THAT(none.error().message, Catch::Contains("removing the state folder"));
  const auto folder = hold_folder(shim);  // what is tried meanwhile waits for us
  in_the_way.take_away();
  const auto next = shim.send("Create", wire::encode(shim.create_request()));
  CHECK(shim.state());  // it has been heard
  REQUIRE(::flock(folder.get(), LOCK_UN) == 0);
  CHECK(shim.receive<wire::PidResponse>(next));
  REQUIRE(shim.start());
  CHECK(shim.state()->status == wire::TaskStatus::running);
}

TEST_CASE("shim delete: who waits for an id and is given up as well is never made") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  const InTheWay in_the_way(shim);
  CHECK(!call_shim(bundle, place, "c1", "delete").succeeded());
  const auto folder = hold_folder(shim);
  in_the_way.take_away();
  const auto next = shim.send("Create", wire::encode(shim.create_request()));
  const auto given_up =
      shim.send("GiveUp", wire::encode(wire::ContainerRequest{"c1"}), wire::own_service.data());
  CHECK(shim.receive<wire::PidResponse>(next).error().code == Code::already_exists);
  REQUIRE(::flock(folder.get(), LOCK_UN) == 0);
  CHECK(shim.receive<wire::DeleteResponse>(given_up));
  shim.await_end();
  check_nothing_is_left(shim, bundle);
}
