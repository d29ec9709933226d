// runtime.md, "Lifecycle" and "Operations": create, start, run, and what each leaves.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"
#include "tests/support/unix_socket.hpp"

using namespace lodger::test;
using nlohmann::json;

TEST_CASE("lifecycle: create prepares everything but runs nothing (runtime.md, Create)", "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("echo started ; await 15 7");
  Container container(bundle);
  container.create();
  CHECK(container.status() == "created");
  CHECK(container.output() == "");
  CHECK(ns_id(container.pid(), "pid") != ns_id(getpid(), "pid"));

  container.start();
  container.wait_for_output("awaiting=15");
  CHECK(container.facts()["echo"] == "started");
  CHECK(container.status() == "running");

  REQUIRE(container.call({"kill", container.id(), "TERM"}).status == 0);
  container.wait_for("stopped");
  REQUIRE(container.call({"delete", container.id()}).status == 0);
  const Finished state = container.call({"state", container.id()});
  CHECK(state.status != 0);
  CHECK_THAT(state.err, Catch::Contains("does not exist"));
}

TEST_CASE("lifecycle: the program does not run between create and start", "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("create /tmp/ran ; hold");
  Container container(bundle);
  container.create();
  usleep(100'000);
  CHECK(access(bundle.rootfs("/tmp/ran").c_str(), F_OK) != 0);
  container.start();
  container.wait_for_output("holding=1");
  CHECK(access(bundle.rootfs("/tmp/ran").c_str(), F_OK) == 0);
}

TEST_CASE("lifecycle: changes of config.json after create have no effect (runtime.md, Create)",
          "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("echo before");
  Container container(bundle);
  container.create();
  bundle.write_config(default_config(bundle.name(), {"/bin/probe", "echo", "after"}).dump());
  container.start();
  container.wait_for("stopped");
  CHECK(container.facts()["echo"] == "before");
}

TEST_CASE("lifecycle: config.json may be gone after create", "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("echo before");
  Container container(bundle);
  container.create();
  REQUIRE(unlink(bundle.beside("config.json").c_str()) == 0);
  container.start();
  container.wait_for("stopped");
  CHECK(container.facts()["echo"] == "before");
  CHECK(container.call({"delete", container.id()}).status == 0);
}

TEST_CASE("lifecycle: start of anything but a created container fails without effect (runtime.md, Start)",
          "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("await 15 0");
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("awaiting");
  const pid_t pid = container.pid();
  const Finished again = container.call({"start", container.id()});
  CHECK(again.status != 0);
  CHECK(again.err != "");
  CHECK(container.status() == "running");
  CHECK(container.pid() == pid);

  container.call({"kill", container.id(), "TERM"});
  container.wait_for("stopped");
  CHECK(container.call({"start", container.id()}).status != 0);
  CHECK(container.status() == "stopped");
}

TEST_CASE("lifecycle: create without process works, start without one fails (runtime.md, Start)",
          "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("echo never", [](json& config) { config.erase("process"); });
  Container container(bundle);
  container.create();
  CHECK(container.status() == "created");
  const Finished started = container.call({"start", container.id()});
  CHECK(started.status != 0);
  CHECK_THAT(started.err, Catch::Contains("process"));
}

TEST_CASE("lifecycle: run gives the payload's exit status and deletes the container", "[lifecycle]") {
  NEEDS_ROOT();
  for (const int wanted : {0, 1, 42, 255}) {
    const Bundle bundle("exit " + std::to_string(wanted));
    Container container(bundle);
    CHECK(container.run().status == wanted);
    CHECK(container.leftovers() == std::vector<std::string>{});
    CHECK(container.call({"state", container.id()}).status != 0);
  }
}

TEST_CASE("lifecycle: run gives 128 + N for a payload killed by signal N", "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  Running run = container.begin(container.making("run"));
  run.wait_for("holding=1");
  REQUIRE(container.call({"kill", container.id(), "KILL"}).status == 0);
  CHECK(run.wait().status == 128 + SIGKILL);
}

TEST_CASE("lifecycle: run hands signals on to the payload", "[lifecycle]") {
  NEEDS_ROOT();
  const int signal = GENERATE(SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT);
  const Bundle bundle("await " + std::to_string(signal) + " 33");
  Container container(bundle);
  Running run = container.begin(container.making("run"));
  run.wait_for("awaiting=");
  run.kill(signal);
  const Finished done = run.wait();
  CHECK(done.status == 33);
  CHECK(Facts(done.out)["signal"] == std::to_string(signal));
}

TEST_CASE("lifecycle: run --keep keeps the stopped container until delete", "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("exit 3");
  Container container(bundle);
  CHECK(container.run({"--keep"}).status == 3);
  CHECK(container.status() == "stopped");
  CHECK(container.call({"delete", container.id()}).status == 0);
}

TEST_CASE("lifecycle: run --detach returns at once with the container running", "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  Running run = container.begin(container.making("run", {"--detach"}));
  CHECK(run.wait().status == 0);
  CHECK(container.status() == "running");
}

TEST_CASE("lifecycle: stdin, stdout and stderr of run are the payload's", "[lifecycle]") {
  NEEDS_ROOT();
  std::string text = "first line\r\nsecond\n";
  for (int i = 0; i < 100'000; ++i) text += static_cast<char>(i * 7 % 256);
  const Bundle bundle("copy");
  Container container(bundle);
  const Finished done = container.run({}, {.input = text});
  CHECK(done.status == 0);
  CHECK(done.out == text);
  CHECK(done.err == "");
}

TEST_CASE("lifecycle: the bundle defaults to the current folder, and state gives it absolute",
          "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  REQUIRE(container.begin({"create", container.id()}, {.folder = bundle.path()}).wait().status == 0);
  CHECK(container.state()["bundle"] == bundle.path());
}

TEST_CASE("lifecycle: a relative bundle path is taken from the current folder", "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  const auto slash = bundle.path().rfind('/');
  REQUIRE(container
              .begin({"create", "-b", bundle.path().substr(slash + 1), container.id()},
                     {.folder = bundle.path().substr(0, slash)})
              .wait()
              .status == 0);
  CHECK(container.state()["bundle"] == bundle.path());
}

TEST_CASE("lifecycle: containers can be made side by side", "[lifecycle]") {
  NEEDS_ROOT();
  std::vector<std::unique_ptr<Bundle>> bundles;
  std::vector<std::unique_ptr<Container>> containers;
  std::vector<Running> runs;
  for (int i = 0; i < 8; ++i) {
    bundles.push_back(std::make_unique<Bundle>("uts ; exit " + std::to_string(i)));
    containers.push_back(std::make_unique<Container>(*bundles.back()));
  }
  for (auto& container : containers) runs.push_back(container->begin(container->making("run")));
  for (int i = 0; i < 8; ++i) CHECK(runs[static_cast<std::size_t>(i)].wait().status == i);
}

TEST_CASE("lifecycle: one id, many creators: exactly one wins", "[lifecycle]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  std::vector<Running> creators;
  for (int i = 0; i < 6; ++i) creators.push_back(container.begin(container.making("create")));
  int won = 0;
  for (auto& creator : creators) won += creator.wait().status == 0 ? 1 : 0;
  CHECK(won == 1);
  CHECK(container.status() == "created");
}

TEST_CASE("lifecycle: a start that was killed before it gave the order is followed by another",
          "[lifecycle]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "the gate is lodger's own");
  const Bundle bundle("echo ran");
  Container container(bundle);
  container.create();
  const std::string gate = container.root() + "/" + container.id() + "/start.sock";
  for (int i = 0; i < 3; ++i) {  // what is left of such a start: a connection that ends
    const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    const sockaddr_un name = support::socket_address(gate);
    REQUIRE(connect(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
    close(socket);
  }
  CHECK(container.status() == "created");
  container.start();
  container.wait_for_output("echo=ran");
}
