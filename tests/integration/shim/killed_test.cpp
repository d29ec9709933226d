// A shim that is killed at any point: containerd's call of "delete" finds all that it has left.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <future>
#include <random>

#include "../support/census.hpp"
#include "../support/needs.hpp"
#include "../support/orphanage.hpp"
#include "../support/tracer.hpp"
#include "caller.hpp"
#include "tests/support/files.hpp"

using namespace lodger::test;

namespace {

enum class Stage { create, start, exec, end, remove };

std::string process(const std::string& exec_id = "") {
  return wire::encode(wire::ProcessRequest{"c1", exec_id});
}

/// Up to the call that the shim is killed in. The container's process, once there is one.
pid_t prepare(Shim& shim, Stage stage, const std::string& out) {
  if (stage == Stage::create) return 0;
  const auto created = shim.create(out);
  REQUIRE(created);
  if (stage != Stage::start) REQUIRE(shim.start());
  if (stage == Stage::exec) REQUIRE(shim.exec("e1", words("/bin/sleep 1000")));
  if (stage == Stage::remove) {
    REQUIRE(shim.kill(SIGKILL));
    REQUIRE(shim.wait());
  }
  return static_cast<pid_t>(created->pid);
}

/// The call itself. Whether it is answered.
bool call(Shim& shim, Stage stage, const std::string& out, pid_t pid) {
  switch (stage) {
    case Stage::create: return shim.answers("Create", wire::encode(shim.create_request(out)));
    case Stage::start: return shim.answers("Start", process());
    case Stage::exec: return shim.answers("Start", process("e1"));
    case Stage::end: ::kill(pid, SIGKILL); return shim.answers("Wait", process());
    case Stage::remove: return shim.answers("Delete", process());
  }
  return false;
}

/// Has a shim killed at its `count`th system call from now on, while it lives; and when it goes.
class Killer {
 public:
  Killer(const Shim& shim, unsigned count) : pid_(shim.pid()) {
    std::promise<void> held;
    thread_ = std::thread([&held, pid = pid_, count] {
      Tracer tracer(pid);
      held.set_value();
      tracer.kill_at(count);
    });
    held.get_future().wait();
  }
  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;
  ~Killer() {
    ::kill(pid_, SIGKILL);
    thread_.join();
  }

 private:
  pid_t pid_;
  std::thread thread_;
};

struct Scene {
  explicit Scene(const Edit& edit = {})
      : bundle(words("/bin/sleep 1000"), edit), fifo(place.unread_fifo("out")) {}
  Bundle bundle;
  Place place;
  std::string fifo;
  Orphanage orphans;
};

void check_clean_up(const Scene& scene, const Shim& shim, pid_t pid) {
  shim.await_end();
  const auto removed = shim.delete_by_call();
  CHECK(removed.exit_status == 128 + SIGKILL);
  CHECK(removed.exited_at);
  if (pid != 0) CHECK(removed.pid == static_cast<std::uint32_t>(pid));
  CHECK(traces_of(scene.bundle.name()).empty());
  CHECK(support::names_in(shim.state_root()).empty());
  CHECK(support::names_in(scene.place.path("s")).empty());
  CHECK(support::exists(scene.fifo));  // it is containerd's
  CHECK(scene.orphans.empty());
}

/// The shim is killed at its `count`th system call in this stage. Whether that was before it had answered.
bool kill_at(const Scene& scene, Stage stage, unsigned count) {
  Shim shim(scene.bundle, scene.place);
  const pid_t pid = prepare(shim, stage, scene.fifo);
  bool answered;
  {
    const Killer killer(shim, count);
    answered = call(shim, stage, scene.fifo, pid);
  }
  check_clean_up(scene, shim, pid);
  return !answered;
}

}  // namespace

TEST_CASE("shim killed: at any system call of a call, it leaves nothing that delete does not find") {
  NEEDS_ROOT();
  NEEDS(Tracer::allowed(), "no tracing here");
  struct Row {
    const char* name;
    Stage stage;
    unsigned step, least;
  };
  const auto row = GENERATE(Row{"Create", Stage::create, 5, 100}, Row{"Start", Stage::start, 2, 15},
                            Row{"Exec", Stage::exec, 5, 60}, Row{"the end", Stage::end, 1, 5},
                            Row{"Delete", Stage::remove, 3, 20});
  const Scene scene;
  unsigned count = 0;
  for (bool killed = true; killed; count += kill_step(row.step)) {
    CAPTURE(row.name, count);
    killed = kill_at(scene, row.stage, count);
  }
  CHECK(count > row.least);  // it was really followed
}

TEST_CASE("shim killed: with the root filesystem that it has mounted") {
  NEEDS_ROOT();
  NEEDS(Tracer::allowed(), "no tracing here");
  const Scene scene;
  const std::string lower = scene.place.path("lower");
  REQUIRE(::rename(scene.bundle.rootfs().c_str(), lower.c_str()) == 0);
  unsigned count = 0;
  for (bool answered = false; !answered; count += kill_step(11)) {
    CAPTURE(count);
    Shim shim(scene.bundle, scene.place);
    auto request = shim.create_request(scene.fifo);
    request.rootfs.push_back({"bind", lower, "", {"rbind"}});
    {
      const Killer killer(shim, count);
      answered = shim.answers("Create", wire::encode(request));
    }
    check_clean_up(scene, shim, 0);
  }
}

TEST_CASE("shim killed: at any moment") {
  NEEDS_ROOT();
  const bool own_namespace = GENERATE(true, false);
  const Scene scene([&](nlohmann::json& config) {
    if (!own_namespace) config["linux"]["namespaces"].erase(0);  // the pid namespace
  });
  std::minstd_rand random(20'260'115);
  std::uniform_int_distribution<useconds_t> moment(0, 15'000);
  int unfinished = 0;
  for (int round = 0; round < 20; ++round) {
    CAPTURE(own_namespace, round);
    Shim shim(scene.bundle, scene.place);
    std::thread killer([pid = shim.pid(), after = moment(random)] {
      usleep(after);
      ::kill(pid, SIGKILL);
    });
    wire::ExecRequest exec;
    exec.id = "c1";
    exec.exec_id = "e1";
    exec.spec = wire::Any{"", R"({"args":["/bin/sleep","1000"],"cwd":"/","user":{"uid":0,"gid":0}})"};
    const wire::KillRequest kill{"c1", "", SIGKILL, false};
    const bool lived = shim.answers("Create", wire::encode(shim.create_request(scene.fifo))) &&
                       shim.answers("Start", process()) && shim.answers("Exec", wire::encode(exec)) &&
                       shim.answers("Start", process("e1")) && shim.answers("Kill", wire::encode(kill)) &&
                       shim.answers("Wait", process()) && shim.answers("Delete", process());
    unfinished += lived ? 0 : 1;
    killer.join();
    check_clean_up(scene, shim, 0);
  }
  CHECK(unfinished > 0);
}

TEST_CASE("shim killed: containerd's end in the midst of a call harms no container") {
  NEEDS_ROOT();
  const Bundle bundle(shell("while [ ! -e /go ]; do sleep 0.05; done; exit 3"));
  const Place place;
  Shim shim(bundle, place);
  (void)shim.send("Create", wire::encode(shim.create_request()));
  shim.reconnect();  // the first connection is gone
  REQUIRE(support::eventually([&] { return shim.state().has_value(); }));
  (void)shim.send("Start", wire::encode(wire::ProcessRequest{"c1", ""}));
  shim.reconnect();
  REQUIRE(support::eventually([&] { return shim.state()->status == wire::TaskStatus::running; }));
  REQUIRE(shim.exec("e1", shell("exit 4")));
  (void)shim.send("Start", wire::encode(wire::ProcessRequest{"c1", "e1"}));
  shim.reconnect();
  CHECK(shim.wait("e1")->exit_status == 4);
  support::write_file(bundle.rootfs("/go"), "");
  CHECK(shim.wait()->exit_status == 3);
  (void)shim.send("Delete", wire::encode(wire::ProcessRequest{"c1", ""}));
  shim.reconnect();
  CHECK(support::eventually([&] { return !shim.state(); }));
  CHECK(traces_of(bundle.name()).empty());
}
