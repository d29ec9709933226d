// sd_notify(3): a container's notifications on the way to the host's service manager, which the test plays.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"
#include "tests/support/unix_socket.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// The service manager's socket.
class Manager {
 public:
  explicit Manager(const Bundle& bundle) : path_(bundle.beside("notify.host")) {
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_un address = support::socket_address(path_);
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { close(fd_); }

  Setting setting() const {
    Setting with;
    with.env = {"NOTIFY_SOCKET=" + path_};
    return with;
  }
  /// The next datagram but barriers, "" where there is none. Descriptors are dropped, as by who knows none.
  std::string next() {
    char text[8192];
    for (;;) {
      const ssize_t n = recv(fd_, text, sizeof text, 0);
      if (n < 0) return "";
      const std::string got(text, static_cast<std::size_t>(n));
      if (got != "BARRIER=1") return got;
    }
  }
  std::string await() {
    std::string got;
    eventually([&] { return !(got = next()).empty(); });
    return got;
  }

 private:
  std::string path_;
  int fd_;
};

}  // namespace

TEST_CASE("notify: start returns when the container is ready, and the manager knows its process",
          "[notify]") {
  NEEDS_ROOT();
  const Bundle bundle("notify STATUS=soon ; sleep 300 ; notify READY=1+MAINPID=1 ; hold");
  Manager manager(bundle);
  Container container(bundle);
  container.create({}, manager.setting());
  CHECK(manager.next() == "");
  auto starting = container.begin({"start", container.id()}, manager.setting());
  CHECK(manager.await() == "STATUS=soon\n");
  CHECK(manager.await() == "READY=1\nMAINPID=" + std::to_string(container.pid()) + "\n");
  CHECK(starting.wait().status == 0);
  CHECK(container.status() == "running");
  CHECK(container.output().find("holding") != std::string::npos);
}

TEST_CASE("notify: run --detach waits as start does", "[notify]") {
  NEEDS_ROOT();
  const Bundle bundle("sleep 200 ; notify READY=1 ; hold");
  Manager manager(bundle);
  Container container(bundle);
  const auto done = container.run({"--detach"}, manager.setting());
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK(manager.next() == "READY=1\nMAINPID=" + std::to_string(container.pid()) + "\n");
}

TEST_CASE("notify: in the foreground notifications pass to the end, and the manager's process is ours",
          "[notify]") {
  NEEDS_ROOT();
  const Bundle bundle("notify READY=1 ; sleep 50 ; notify STOPPING=1 ; exit 3");
  Manager manager(bundle);
  Container container(bundle);
  auto running = container.begin(container.making("run"), manager.setting());
  CHECK(manager.await() == "READY=1\nMAINPID=" + std::to_string(running.pid()) + "\n");
  CHECK(manager.await() == "STOPPING=1\n");
  CHECK(running.wait().status == 3);
}

TEST_CASE("notify: a container that ends before it is ready keeps nobody waiting", "[notify]") {
  NEEDS_ROOT();
  const Bundle bundle("notify STATUS=failed ; exit 1");
  Manager manager(bundle);
  Container container(bundle);
  container.create({}, manager.setting());
  CHECK(container.call({"start", container.id()}, manager.setting()).status == 0);
  CHECK(manager.next() == "STATUS=failed\n");
  CHECK(manager.next() == "");
}

TEST_CASE("notify: neither descriptors nor long texts nor others' names get through", "[notify][security]") {
  NEEDS_ROOT();
  const std::string flood = "STATUS=" + std::string(5000, 'x');
  const Bundle bundle({"/bin/probe", "notify", flood, ";", "notify", "MAINPID=1", ";", "notify",
                       "FDSTORE=1+BARRIER=1", ";", "notify-fd", ";", "hold"});
  Manager manager(bundle);
  Container container(bundle);
  container.create({}, manager.setting());
  REQUIRE(container.call({"start", container.id()}, manager.setting()).status == 0);
  CHECK(manager.next() == "READY=1\nMAINPID=" + std::to_string(container.pid()) + "\n");
  CHECK(manager.next() == "");
}

TEST_CASE("notify: the container sees a socket of its own, for any of its users", "[notify]") {
  NEEDS_ROOT();
  const Bundle bundle("env ; notify READY=1 ; create /run/notify/x ; hold", [](json& config) {
    config["process"]["env"].push_back("NOTIFY_SOCKET=/somewhere/else");
    config["process"]["user"] = {{"uid", 1234}, {"gid", 1234}};
    config["root"]["readonly"] = true;
  });
  Manager manager(bundle);
  Container container(bundle);
  container.create({}, manager.setting());
  REQUIRE(container.call({"start", container.id()}, manager.setting()).status == 0);
  container.wait_for_output("holding");
  const auto output = container.output();
  CHECK_THAT(output,
             Catch::Contains("NOTIFY_SOCKET=/run/notify/notify.sock") && !Catch::Contains("/somewhere/else"));
  CHECK_THAT(output, Catch::Contains("notify.errno=0"));
  const auto mount = mount_at(container.pid(), "/run/notify");
  for (const char* option : {"ro", "nosuid", "nodev", "noexec"}) CHECK(mount.has(option));
  CHECK(access(bundle.rootfs("/run/notify/notify.sock").c_str(), F_OK) != 0);
}

TEST_CASE("notify: without NOTIFY_SOCKET there is none of it, and what is no address is refused",
          "[notify]") {
  NEEDS_ROOT();
  const Bundle bundle("notify READY=1 ; hold");
  {
    Container container(bundle);
    container.create();
    container.start();
    container.wait_for_output("holding");
    CHECK_THAT(container.output(), Catch::Contains("notify.socket=none"));
  }
  Container container(bundle);
  Setting wrong;
  wrong.env = {"NOTIFY_SOCKET=vsock:2:1234"};
  const auto done = container.call(container.making("create"), wrong);
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("NOTIFY_SOCKET vsock:2:1234"));
  CHECK(container.leftovers().empty());
}

TEST_CASE("notify: a manager that is not there fails the start before the process begins", "[notify]") {
  NEEDS_ROOT();
  const Bundle bundle("echo began ; hold");
  Container container(bundle);
  Setting nobody;
  nobody.env = {"NOTIFY_SOCKET=" + bundle.beside("nobody")};
  container.create({}, nobody);
  const auto done = container.call({"start", container.id()}, nobody);
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("nobody") && Catch::Contains("No such file"));
  CHECK(container.status() == "created");
  container.start();  // without it in the environment
  container.wait_for_output("began");
}

TEST_CASE("notify: what a start leaves that was killed while waiting goes with the container", "[notify]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Manager manager(bundle);
  Container container(bundle);
  container.create({}, manager.setting());
  auto starting = container.begin({"start", container.id()}, manager.setting());
  container.wait_for("running");
  starting.kill(SIGKILL);
  starting.wait();
  CHECK(access((container.root() + "/" + container.id() + "/notify/notify.sock").c_str(), F_OK) == 0);
  CHECK(container.remove().status == 0);
  CHECK(access((container.root() + "/" + container.id()).c_str(), F_OK) != 0);
}
