// --systemd-cgroup where systemd, or the program that speaks to it, is not to be had: a clear error before
// anything is made, and no other container is affected. None of these needs systemd.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// A copy of lodger in a folder of its own, with a program of our choice for lodger-systemd, or none.
class Alone {
 public:
  explicit Alone(const std::string& client = "")
      : bundle_("hold", [](json& config) { config["linux"]["cgroupsPath"] = "system.slice:lodger-test:x"; }),
        container_(bundle_) {
    REQUIRE(run_command({"/bin/cp", runtime_path(), lodger()}).status == 0);
    if (client.empty()) return;
    write_file(bundle_.beside("lodger-systemd"), client);
    REQUIRE(chmod(bundle_.beside("lodger-systemd").c_str(), 0755) == 0);
  }
  std::vector<std::string> line(const char* command, const std::string& manager) const {
    std::vector<std::string> words = {lodger(), "--root", container_.root(), manager};
    for (const auto& word : container_.making(command)) words.push_back(word);
    return words;
  }
  Finished create(const std::string& manager = "--systemd-cgroup") const {
    return run_command(line("create", manager));
  }

 private:
  std::string lodger() const { return bundle_.beside("lodger"); }
  Bundle bundle_;
  Container container_;
};

}  // namespace

#define NEEDS_ROOT_AND_LODGER() \
  NEEDS_ROOT();                 \
  NEEDS(is_lodger(), "checks lodger's own words")

TEST_CASE("systemd: without its program the driver is refused, and says what is missing", "[systemd]") {
  NEEDS_ROOT_AND_LODGER();
  const auto done = Alone().create();
  CHECK(done.status != 0);
  CHECK_THAT(
      done.err,
      Catch::Contains("the systemd cgroup driver needs the program lodger-systemd, which is not there") &&
          Catch::Contains("go without --systemd-cgroup"));
}

TEST_CASE("systemd: a program that cannot run is told with its own words", "[systemd]") {
  NEEDS_ROOT_AND_LODGER();
  const auto done =
      Alone("#!/bin/sh\necho libsystemd.so.0: cannot open shared object file >&2\nexit 127\n").create();
  CHECK(done.status != 0);
  CHECK_THAT(done.err,
             Catch::Contains("systemd: lodger-systemd ended without an answer: libsystemd.so.0: cannot "
                             "open shared object file"));
}

TEST_CASE("systemd: a program that talks nonsense is not believed", "[systemd]") {
  NEEDS_ROOT_AND_LODGER();
  const auto done = Alone("#!/bin/sh\necho nonsense >&0\nsleep 10\n").create("--cgroup-manager=systemd");
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("lodger-systemd"));
}

TEST_CASE("systemd: a program that falls silent is told with its last words", "[systemd]") {
  NEEDS_ROOT_AND_LODGER();
  NEEDS(access("/usr/bin/python3", X_OK) == 0, "needs python3");
  const auto done = Alone(
                        "#!/usr/bin/python3\nimport os, socket, sys\n"
                        "end = socket.socket(fileno=0)  # which stays open until the last words are said\n"
                        "end.send(b'done\\0')\nsys.stderr.write('out of breath\\n')\n")
                        .create();
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("ended without an answer: out of breath"));
}

TEST_CASE("systemd: a signal ends the waiting for it", "[systemd]") {
  NEEDS_ROOT_AND_LODGER();
  Alone alone("#!/bin/sh\nexec sleep 100\n");
  Running run(alone.line("run", "--systemd-cgroup"));
  // Once its program runs, lodger waits for that.
  const auto id = std::to_string(run.pid());
  REQUIRE(eventually([&] { return !read_file("/proc/" + id + "/task/" + id + "/children").empty(); }));
  run.kill(SIGTERM);
  const auto done = run.wait();
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("interrupted by a signal"));
}

TEST_CASE("systemd: where it is not the init, the driver is refused", "[systemd]") {
  NEEDS_ROOT_AND_LODGER();
  const auto client = runtime_path().substr(0, runtime_path().rfind('/')) + "/lodger-systemd";
  NEEDS(access(client.c_str(), X_OK) == 0, "built without libsystemd: no lodger-systemd");
  const Bundle bundle("hold",
                      [](json& config) { config["linux"]["cgroupsPath"] = "system.slice:lodger-test:x"; });
  const Container container(bundle);
  // An empty /run hides systemd's sockets, and those of a bus.
  const std::string script = "mount -t tmpfs none /run && mkdir -p " + container.root() + " && exec \"$@\"";
  const auto without = [&](const std::vector<std::string>& words) {
    std::vector<std::string> line = {
        "/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh", runtime_path(), "--root", container.root(),
        "--systemd-cgroup"};
    line.insert(line.end(), words.begin(), words.end());
    return run_command(line);
  };
  constexpr auto why =
      "unable to connect to the system's systemd: No such file or directory (is systemd the init of this "
      "machine?)";
  const auto done = without(container.making("create"));
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains(why));
  const auto checked = without({"check", "--bundle", bundle.path()});
  CHECK(checked.status == 1);
  CHECK_THAT(checked.out, Catch::Contains(why));
}

TEST_CASE("systemd: a cgroupsPath of its form without the flag is a folder, with a warning", "[systemd]") {
  NEEDS_ROOT_AND_LODGER();
  const Bundle bundle("exit 0",
                      [](json& config) { config["linux"]["cgroupsPath"] = "system.slice:lodger-test:x"; });
  Container container(bundle);
  const auto done = container.run();
  CHECK(done.status == 0);
  CHECK_THAT(done.err, Catch::Contains("\"system.slice:lodger-test:x\" has the form for --systemd-cgroup"));
  Container without(bundle, {"--cgroup-manager", "disabled"});
  CHECK(without.run().err.find("--systemd-cgroup") == std::string::npos);
}

TEST_CASE("systemd: a cgroupsPath that is no unit is refused before anything is asked", "[systemd]") {
  NEEDS_ROOT_AND_LODGER();
  const Bundle bundle("hold");  // "/lodger-test/NAME"
  Container container(bundle, {"--systemd-cgroup"});
  const auto done = container.call(container.making("create"));
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("expected cgroupsPath to be of format \"slice:prefix:name\""));
}
