// exec beside what else can be done with a container: paused, of namespaces that are another's, watched.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <signal.h>

#include "support/census.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"
#include "support/terminal.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

void hold(Container& container) {
  container.create();
  container.start();
  container.wait_for_output("holding");
}

}  // namespace

TEST_CASE("exec_joined: a paused container is refused, or with --ignore-paused waited for", "[exec_joined]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  hold(container);
  const Finished paused = container.call({"pause", container.id()});
  INFO(paused.err);
  REQUIRE(paused.status == 0);
  const Finished refused = container.call({"exec", container.id(), "/bin/probe", "echo", "ran"});
  CHECK(refused.status == 255);
  CHECK(refused.out == "");
  CHECK_THAT(refused.err, Catch::Contains("paused"));
  Running waits = container.begin(
      {"exec", "--ignore-paused", container.id(), "/bin/probe", "echo", "ran", ";", "exit", "6"});
  usleep(300'000);
  CHECK(waits.out() == "");
  CHECK(!is_gone(waits.pid()));
  REQUIRE(container.call({"resume", container.id()}).status == 0);
  const Finished done = waits.wait();
  INFO(done.err);
  CHECK(done.status == 6);
  CHECK(Facts(done.out)["echo"] == "ran");
}

TEST_CASE("exec_joined: --pidfd-socket hands out a pidfd of the process, and not of the container's",
          "[exec_joined]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  hold(container);
  Receiver receiver(bundle.beside("pidfd.sock"));
  const std::string file = bundle.beside("pid");
  const Finished done = container.call({"exec", "--detach", "--pid-file", file, "--pidfd-socket",
                                        receiver.path(), container.id(), "/bin/probe", "hold"});
  INFO(done.err);
  REQUIRE(done.status == 0);
  const pid_t pid = std::stoi(read_file(file));
  CHECK(pid != container.pid());
  const int fd = receiver.descriptor();
  CHECK_THAT(read_file("/proc/self/fdinfo/" + std::to_string(fd)),
             Catch::Contains("Pid:\t" + std::to_string(pid) + "\n"));
  kill(pid, SIGKILL);
  pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
  CHECK(poll(&ended, 1, 10'000) == 1);
  const Finished nobody = container.call(
      {"exec", "--pidfd-socket", bundle.beside("no-such.sock"), container.id(), "/bin/probe", "echo", "ran"});
  CHECK(nobody.status == 255);
  CHECK(nobody.out == "");
  CHECK_THAT(nobody.err, Catch::Contains("no-such.sock"));
}

TEST_CASE("exec_joined: namespaces that the container joined by path are the process's", "[exec_joined]") {
  NEEDS_ROOT();
  const Bundle other("hold");
  Container first(other);
  hold(first);
  const auto path = [&](const char* name) { return "/proc/" + std::to_string(first.pid()) + "/ns/" + name; };
  const Bundle bundle("hold", [&](json& config) {
    auto& namespaces = config["linux"]["namespaces"];
    std::erase_if(namespaces.get_ref<json::array_t&>(), [](const json& entry) {
      return entry["type"] == "pid" || entry["type"] == "uts" || entry["type"] == "ipc";
    });
    for (const char* type : {"pid", "uts", "ipc"})
      namespaces.push_back({{"type", type}, {"path", path(type)}});
    config.erase("hostname");
  });
  Container second(bundle);
  hold(second);
  const Finished done = second.call({"exec", second.id(), "/bin/probe", "ns"});
  INFO(done.err);
  REQUIRE(done.status == 0);
  const Facts facts(done.out);
  for (const char* name : {"pid", "uts", "ipc"})
    CHECK(facts["ns." + std::string(name)] == ns_id(first.pid(), name));
  CHECK(facts["ns.mnt"] == ns_id(second.pid(), "mnt"));
  CHECK(facts["ns.mnt"] != ns_id(first.pid(), "mnt"));
}
