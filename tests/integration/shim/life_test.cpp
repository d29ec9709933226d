#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/census.hpp"
#include "../support/needs.hpp"
#include "../support/own_etc.hpp"
#include "caller.hpp"
#include "tests/support/files.hpp"

using namespace lodger::test;
using wire::Code;
using wire::TaskStatus;

namespace {

constexpr const char* whole_life = "/tasks/create /tasks/start /tasks/exit /tasks/delete";

/// What calls have in common that name only a container.
wire::ContainerRequest of(const std::string& id) {
  wire::ContainerRequest request;
  request.id = id;
  return request;
}

}  // namespace

TEST_CASE("shim: a container's whole life, and the events of it in their order") {
  NEEDS_ROOT();
  const Bundle bundle(shell("echo hello; exit 3"));
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  std::string socket;
  pid_t pid = 0;
  {
    Shim shim(bundle, place);
    socket = shim.socket();
    Reader out(place.fifo("out"));
    const auto created = shim.create(place.path("out"));
    REQUIRE(created);
    pid = static_cast<pid_t>(created->pid);
    CHECK(shim.state()->status == TaskStatus::created);
    const auto began = shim.send("Wait", wire::encode(wire::ProcessRequest{"c1", ""}));
    REQUIRE(shim.start());
    const auto ended = shim.receive<wire::WaitResponse>(began);
    REQUIRE(ended);
    CHECK(ended->exit_status == 3);
    CHECK(ended->exited_at);
    CHECK(out.all() == "hello\n");
    CHECK(shim.state()->status == TaskStatus::stopped);
    CHECK(shim.state()->exit_status == 3);
    const auto removed = shim.remove();
    REQUIRE(removed);
    CHECK(removed->pid == created->pid);
    CHECK(removed->exit_status == 3);
    CHECK(shim.state().error().code == Code::not_found);
    CHECK(support::names_in(shim.state_root()).empty());
  }
  containerd.wait_for(whole_life);
  CHECK(containerd.event<wire::TaskCreate>().bundle == bundle.path());
  CHECK(containerd.event<wire::TaskExit>().id == "c1");
  CHECK(containerd.event<wire::TaskExit>().exit_status == 3);
  CHECK(containerd.event<wire::TaskStart>().pid == static_cast<std::uint32_t>(pid));
  CHECK(containerd.envelopes().front().name_space == "test");
  CHECK(access(socket.c_str(), F_OK) != 0);
}

TEST_CASE("shim: what containerd starts is judged by the administrator's policy") {
  NEEDS_ROOT();
  const OwnEtc etc;
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim shim(bundle, place);
  support::write_file("/etc/lodger/policy.json", R"({"version": 1, "network": {"host": "deny"}})");
  const auto denied = shim.create();
  REQUIRE_FALSE(denied);
  CHECK_THAT(denied.error().message,
             Catch::Contains(
                 "is denied by the rule \"network.host\" of /etc/lodger/policy.json; allowed instead: "));
  unlink("/etc/lodger/policy.json");
  CHECK(shim.create());
}

TEST_CASE("shim: further processes have streams, ends and events of their own") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim shim(bundle, place);
  shim.run();
  Reader out(place.fifo("out"));
  REQUIRE(shim.exec("e1", shell("echo inside; exit 7"), place.path("out")));
  CHECK(shim.exec("e1", {"/bin/true"}).error().code == Code::already_exists);
  CHECK(shim.state("e1")->status == TaskStatus::created);
  CHECK(shim.kill(SIGTERM, "e1").error().code == Code::failed_precondition);
  const auto started = shim.start("e1");
  REQUIRE(started);
  CHECK(shim.wait("e1")->exit_status == 7);
  CHECK(out.all() == "inside\n");
  CHECK(shim.kill(SIGTERM, "e1").error().code == Code::not_found);
  CHECK(shim.remove("e1")->exit_status == 7);
  CHECK(shim.wait("e1").error().code == Code::not_found);

  REQUIRE(shim.exec("e2", {"/bin/sleep", "1000"}));
  const auto second = shim.start("e2");
  REQUIRE(second);
  CHECK(shim.remove("e2").error().code == Code::failed_precondition);
  const auto pids = shim.call<wire::PidsResponse>("Pids", of("c1"));
  REQUIRE(pids);
  REQUIRE(pids->processes.size() == 2);
  for (const auto& process : pids->processes) CHECK(process.info.has_value() == (process.pid == second->pid));
  REQUIRE(shim.kill(SIGKILL, "e2"));
  CHECK(shim.wait("e2")->exit_status == 128 + SIGKILL);
  containerd.wait_for(
      "/tasks/create /tasks/start /tasks/exec-added /tasks/exec-started /tasks/exit /tasks/delete "
      "/tasks/exec-added /tasks/exec-started /tasks/exit");
  CHECK(wire::decode<wire::TaskDelete>(containerd.envelopes()[5].event->value)->id == "e1");
}

TEST_CASE("shim: the container's own end is the last that is told of it") {
  NEEDS_ROOT();
  const bool own_namespace = GENERATE(true, false);
  const Bundle bundle(words("/bin/sleep 1000"), [&](nlohmann::json& config) {
    if (!own_namespace) config["linux"]["namespaces"].erase(0);  // the pid namespace
  });
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim shim(bundle, place);
  shim.run();
  REQUIRE(shim.exec("e1", {"/bin/sleep", "1000"}));
  REQUIRE(shim.start("e1"));
  REQUIRE(shim.kill(SIGKILL));
  CHECK(shim.wait()->exit_status == 128 + SIGKILL);
  CHECK(shim.wait("e1")->exit_status == 128 + SIGKILL);
  containerd.wait_for(
      "/tasks/create /tasks/start /tasks/exec-added /tasks/exec-started /tasks/exit /tasks/exit");
  CHECK(wire::decode<wire::TaskExit>(containerd.envelopes()[4].event->value)->id == "e1");
  CHECK(wire::decode<wire::TaskExit>(containerd.envelopes()[5].event->value)->id == "c1");
  CHECK(shim.exec("e2", {"/bin/true"}).error().code == Code::failed_precondition);
  CHECK(shim.kill(SIGTERM).error().code == Code::not_found);
}

TEST_CASE("shim: one that was never started is ended by its removal") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim shim(bundle, place);
  const auto created = shim.create();
  REQUIRE(created);
  const auto removed = shim.remove();
  REQUIRE(removed);
  CHECK(removed->exit_status == 128 + SIGKILL);
  CHECK(is_gone(static_cast<pid_t>(created->pid)));
  containerd.wait_for("/tasks/create /tasks/exit /tasks/delete");
  CHECK(wire::decode<wire::TaskDelete>(containerd.envelopes()[2].event->value)->id == "");
}

TEST_CASE("shim: what cannot be made says why, and leaves nothing") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"), [](nlohmann::json& config) {
    config["mounts"].push_back(
        {{"destination", "/x"}, {"type", "bind"}, {"source", "/does-not-exist"}, {"options", {"bind"}}});
  });
  const Place place;
  Shim shim(bundle, place);
  const auto created = shim.create();
  REQUIRE(!created);
  CHECK(created.error().code == Code::unknown);
  CHECK_THAT(created.error().message, Catch::Contains("OCI runtime create failed") &&
                                          Catch::Contains("/does-not-exist: No such file or directory"));
  CHECK(support::names_in(shim.state_root()).empty());
  CHECK(shim.state().error().code == Code::not_found);
}

TEST_CASE("shim: a program that cannot be run fails the start, and the container is ended") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/script"));
  support::write_file(bundle.rootfs("/bin/script"), "#!/no/such/interpreter\n", 0755);
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim shim(bundle, place);
  REQUIRE(shim.create());
  const auto started = shim.start();
  REQUIRE(!started);
  CHECK_THAT(started.error().message,
             Catch::Contains("OCI runtime start failed") && Catch::Contains("/bin/script"));
  CHECK(shim.wait()->exit_status != 0);
  containerd.wait_for("/tasks/create /tasks/exit");
  CHECK(shim.exec("e1", words("/bin/true")).error().code == Code::failed_precondition);
  REQUIRE(shim.remove());
}

TEST_CASE("shim: a further process that cannot be made can be removed") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  REQUIRE(shim.exec("e1", {"/bin/no-such-program"}));
  const auto started = shim.start("e1");
  REQUIRE(!started);
  CHECK_THAT(started.error().message, Catch::Contains("OCI runtime exec failed"));
  CHECK(shim.state("e1")->status == TaskStatus::stopped);
  CHECK(shim.remove("e1"));
  REQUIRE(shim.kill(SIGKILL));
  CHECK(shim.wait());
}

TEST_CASE("shim: unknown services, methods and containers have the codes that containerd goes by") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  CHECK(shim.call<wire::Empty>("NoSuchMethod", wire::Empty{}).error().code == Code::unimplemented);
  CHECK(shim.receive<wire::Empty>(shim.send("State", "", "containerd.runtime.sandbox.v1.Sandbox"))
            .error()
            .code == Code::unimplemented);
  CHECK(
      shim.receive<wire::StateResponse>(shim.send("State", wire::encode(of("c1")), "containerd.task.v3.Task"))
          .error()
          .code == Code::not_found);
  CHECK(shim.call<wire::Empty>("Pause", of("none")).error().code == Code::not_found);
  CHECK(shim.receive<wire::Empty>(shim.send("Kill", "\xff")).error().code == Code::invalid_argument);
  CHECK(shim.call<wire::Empty>("Checkpoint", of("c1")).error().code == Code::unimplemented);
  // else containerd 1.6 keeps it for ever
  CHECK(shim.call<wire::ConnectResponse>("Connect", of("c1")).error().code == Code::not_found);
  const auto created = shim.create();
  REQUIRE(created);
  const auto connected = shim.call<wire::ConnectResponse>("Connect", of("c1"));
  REQUIRE(connected);
  CHECK(connected->task_pid == created->pid);
  CHECK(connected->shim_pid == static_cast<std::uint32_t>(shim.pid()));
}

TEST_CASE("shim: paused, resumed, measured, limited") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim shim(bundle, place);
  shim.run();
  REQUIRE(shim.call<wire::Empty>("Pause", of("c1")));
  CHECK(shim.state()->status == TaskStatus::paused);
  REQUIRE(shim.call<wire::Empty>("Resume", of("c1")));
  CHECK(shim.state()->status == TaskStatus::running);
  const auto stats = shim.call<wire::StatsResponse>("Stats", of("c1"));
  REQUIRE(stats);
  CHECK_THAT(stats->stats->type_url, Catch::StartsWith("io.containerd.cgroups.v"));
  CHECK(!stats->stats->value.empty());
  wire::UpdateRequest update;
  update.id = "c1";
  update.resources = wire::Any{"", R"({"pids":{"limit":77}})"};
  REQUIRE(shim.call<wire::Empty>("Update", update));
  bool limited = false;
  for (const auto& folder : cgroup_folders(bundle.name()))
    limited |= support::read_file(folder + "/pids.max") == "77\n";
  CHECK(limited);
  update.resources->value = "{";
  CHECK(shim.call<wire::Empty>("Update", update).error().code == Code::invalid_argument);
  containerd.wait_for("/tasks/create /tasks/start /tasks/paused /tasks/resumed");
  REQUIRE(shim.kill(SIGKILL));
  CHECK(shim.wait());
}

TEST_CASE("shim: its socket is for its own user alone") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  const Shim shim(bundle, place);
  struct stat file {};
  REQUIRE(stat(shim.socket().c_str(), &file) == 0);
  CHECK((file.st_mode & 07777) == 0600);
  REQUIRE(stat(place.path("s").c_str(), &file) == 0);
  CHECK((file.st_mode & 07777) == 0700);
}

TEST_CASE("shim: one that was never started goes with the further processes in it") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  REQUIRE(shim.create());
  REQUIRE(shim.exec("e1", words("/bin/sleep 1000")));
  REQUIRE(shim.start("e1"));
  REQUIRE(shim.exec("e2", words("/bin/sleep 1000")));  // and never started
  const auto waiting = shim.send("Wait", wire::encode(wire::ProcessRequest{"c1", "e2"}));
  const auto began = std::chrono::steady_clock::now();
  CHECK(shim.remove());
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
  CHECK(shim.receive<wire::WaitResponse>(waiting)->exit_status == 255);
}

TEST_CASE("shim: want of memory is told") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/probe fill 200"), [](nlohmann::json& config) {
    config["linux"]["resources"]["memory"] = {{"limit", 16 << 20}, {"swap", 16 << 20}};
  });
  const Place place;
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim shim(bundle, place);
  const auto created = shim.create();
  if (!created) SKIP_TEST(created.error().message);
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 128 + SIGKILL);
  containerd.wait_for("/tasks/create /tasks/start /tasks/oom /tasks/exit");
}

TEST_CASE("shim: who waits for a further process that cannot be started is answered at once") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  REQUIRE(shim.exec("e1", words("/no/such/program")));
  const auto waiting = shim.send("Wait", wire::encode(wire::ProcessRequest{"c1", "e1"}));
  CHECK(!shim.start("e1"));
  CHECK(shim.receive<wire::WaitResponse>(waiting)->exit_status == 255);
  CHECK(shim.remove("e1"));
  REQUIRE(shim.kill(SIGKILL));
  CHECK(shim.wait());
}
