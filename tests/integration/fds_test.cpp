// Descriptors: what reaches the payload (0, 1, 2 and what --preserve-fds names), and what leaves by sockets
// and files.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/passed.hpp"
#include "support/terminal.hpp"

using namespace lodger::test;
using nlohmann::json;

TEST_CASE("fds: the payload has 0, 1 and 2 and no other", "[fds]") {
  NEEDS_ROOT();
  const Facts facts = inside("fds");
  CHECK(facts["fd.count"] == "3");
  for (const char* fd : {"fd.0", "fd.1", "fd.2"}) CHECK(facts.has(fd));
}

TEST_CASE("fds: what the caller leaks does not reach the payload (CVE-2024-21626)", "[fds]") {
  NEEDS_ROOT();
  const Passed leak("leaked");
  const Bundle bundle("fds");
  Container container(bundle);
  const Finished done = container.run({}, {.fds = {{leak.fd, 3}, {leak.fd, 7}, {leak.fd, 99}}});
  INFO(done.err);
  CHECK(Facts(done.out)["fd.count"] == "3");
}

TEST_CASE("fds: nor with create, nor into hooks", "[fds]") {
  NEEDS_ROOT();
  const Passed leak("leaked");
  const Bundle bundle("fds ; hold");
  const std::string log = bundle.beside("hook");
  bundle.write_config([&] {
    json config = json::parse(read_file(bundle.beside("config.json")));
    config["hooks"]["createRuntime"] = {
        {{"path", "/bin/sh"}, {"args", {"sh", "-c", "ls /proc/self/fd >" + log}}}};
    return config.dump();
  }());
  Container container(bundle);
  container.create({}, {.fds = {{leak.fd, 3}, {leak.fd, 11}}});
  container.start();
  container.wait_for_output("holding");
  CHECK(container.facts()["fd.count"] == "3");
  // ls itself has its folder open as 3
  CHECK(read_file(log) == "0\n1\n2\n3\n");
}

TEST_CASE("fds: init that waits for its start holds its streams, its socket and its gate", "[fds]") {
  NEEDS_ROOT();
  Created it({});
  const std::string folder = "/proc/" + std::to_string(it.container.pid()) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto target = std::filesystem::read_symlink(entry.path()).string();
    INFO(entry.path().string() << " leads to " << target);
    const bool stream = entry.path().filename().string() < "3";
    CHECK((stream || target.starts_with("socket:")));
  }
}

TEST_CASE("fds: --preserve-fds N passes 3 to N+2 and no more", "[fds]") {
  NEEDS_ROOT();
  const Passed one("first"), two("second"), three("third");
  const Bundle bundle("fds ; read-fd 3 ; read-fd 4 ; read-fd 5");
  Container container(bundle);
  const Finished done =
      container.run({"--preserve-fds", "2"}, {.fds = {{one.fd, 3}, {two.fd, 4}, {three.fd, 5}}});
  INFO(done.err);
  const Facts facts(done.out);
  CHECK(facts["fd.count"] == "5");
  CHECK(facts["read_fd:3.data"] == "first");
  CHECK(facts["read_fd:4.data"] == "second");
  CHECK(facts["read_fd:5.errno"] == std::to_string(EBADF));
}

TEST_CASE("fds: --preserve-fds of descriptors that are not open is refused", "[fds]") {
  NEEDS_ROOT();
  refused({}, {}, {"--preserve-fds", "3"});
  refused({}, {}, {"--preserve-fds", "many"});
}

TEST_CASE("fds: the pid file holds the pid, without a newline, as soon as create is done", "[fds]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  const std::string file = bundle.beside("pid");
  write_file(file, "old contents that are longer than a pid");
  container.create({"--pid-file", file});
  CHECK(read_file(file) == std::to_string(container.pid()));
}

TEST_CASE("fds: a pid file that cannot be written fails the creation and leaves nothing", "[fds]") {
  NEEDS_ROOT();
  refused({}, {"/no/such/folder"}, {"--pid-file", "/no/such/folder/pid"});
}

TEST_CASE("fds: --pidfd-socket hands out a pidfd of the container's process", "[fds]") {
  NEEDS_ROOT();
  const Bundle bundle("await 15 0");
  Container container(bundle);
  Receiver receiver(bundle.beside("pidfd.sock"));
  container.create({"--pidfd-socket", receiver.path()});
  const int fd = receiver.descriptor();
  const std::string info = read_file("/proc/self/fdinfo/" + std::to_string(fd));
  CHECK_THAT(info, Catch::Contains("Pid:\t" + std::to_string(container.pid()) + "\n"));
  container.start();
  container.wait_for_output("awaiting");
  container.call({"kill", container.id(), "TERM"});
  pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
  CHECK(poll(&ended, 1, 10'000) == 1);
}

TEST_CASE("fds: a closed stdin, stdout or stderr does not confuse the set-up", "[fds]") {
  NEEDS_ROOT();
  const Bundle bundle("create /tmp/ran ; fds");
  Container container(bundle);
  const Finished done =
      run_command({"/bin/sh", "-c", "exec \"$0\" --root \"$1\" run --bundle \"$2\" \"$3\" <&- 2>&-",
                   runtime_path(), container.root(), bundle.path(), container.id()});
  CHECK(access(bundle.rootfs("/tmp/ran").c_str(), F_OK) == 0);
  CHECK_THAT(done.out, !Catch::Contains("/run/lodger-test") && !Catch::Contains("state.json"));
}

namespace {

/// `run` by a caller whose soft and hard limits of descriptors are these, with 2,000 bind mounts.
Finished run_with_limits(const char* soft, const char* hard) {
  const Bundle bundle(
      std::vector<std::string>{"/bin/busybox", "sh", "-c", "ulimit -Sn; ls /many | wc -l"}, [](json& config) {
        config["mounts"].push_back({{"destination", "/many"}, {"source", "tmpfs"}, {"type", "tmpfs"}});
        for (int i = 0; i < 2000; ++i)
          config["mounts"].push_back({{"destination", "/many/" + std::to_string(i)},
                                      {"source", "config.json"},
                                      {"type", "bind"},
                                      {"options", {"bind"}}});
      });
  Container container(bundle);
  std::vector<std::string> command = {
      "/bin/sh", "-c",          "ulimit -Sn $1 && ulimit -Hn $2 && shift 2 && exec \"$@\"", "sh", soft,
      hard,      runtime_path()};
  for (const auto& word : container.making("run")) command.push_back(word);
  return run_command(command);
}

}  // namespace

TEST_CASE("fds: more bind mounts than the soft limit of descriptors", "[fds]") {
  NEEDS_ROOT();
  const Finished done = run_with_limits("1000", "4096");
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK(done.out == "1000\n2000\n");  // the container has the caller's limit
}

TEST_CASE("fds: more bind mounts than the hard limit are refused before anything is made", "[fds]") {
  NEEDS_ROOT();
  const Finished done = run_with_limits("1000", "2000");
  CHECK(done.status != 0);
  CHECK(done.out.empty());
  CHECK_THAT(done.err, Catch::Contains("mounts: ") && Catch::Contains("hard limit of lodger is 2000"));
}
