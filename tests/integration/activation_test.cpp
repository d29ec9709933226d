// Descriptors of socket activation reach the container's process, which learns of them as of a service
// manager's. sd_listen_fds(3).
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/passed.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// Every descriptor's contents, and what the environment says. A shell's $$ is its pid in the container.
constexpr const char* tell =
    "echo pid=$$; env | grep ^LISTEN_; for i in 3 4 5; do if [ -e /proc/self/fd/$i ]; then echo "
    "fd$i=$(cat <&$i); fi; done";

const std::vector<std::string> telling = {"/bin/sh", "-c", tell};

/// lodger with this command line, which finds `first` and `second` as descriptors 3 and 4; LISTEN_PID names
/// it, or is `pid`.
Finished activated(Container& container, const std::vector<std::string>& args, const std::string& pid = "$$",
                   const std::string& count = "2") {
  const Passed one("first"), two("second"), three("third");
  std::vector<std::string> line = {
      "/bin/sh",
      "-c",
      "export LISTEN_PID=" + pid + " LISTEN_FDS=" + count + " LISTEN_FDNAMES=web:admin; exec \"$@\"",
      "sh",
      runtime_path(),
      "--root",
      container.root()};
  line.insert(line.end(), args.begin(), args.end());
  return run_command(line, {.fds = {{one.fd, 3}, {two.fd, 4}, {three.fd, 5}}});
}

/// exec's line for `telling`
std::vector<std::string> exec_of(const Container& container, const std::vector<std::string>& flags = {}) {
  std::vector<std::string> args = {"exec"};
  args.insert(args.end(), flags.begin(), flags.end());
  args.push_back(container.id());
  args.insert(args.end(), telling.begin(), telling.end());
  return args;
}

void check_all(const std::string& out, const std::string& pid) {
  const Facts facts(out);
  CHECK(facts["pid"] == pid);
  CHECK(facts["LISTEN_PID"] == pid);
  CHECK(facts["LISTEN_FDS"] == "2");
  CHECK(facts["LISTEN_FDNAMES"] == "web:admin");
  CHECK(facts["fd3"] == "first");
  CHECK(facts["fd4"] == "second");
}

void hold(Container& container) {
  container.create();
  container.start();
  container.wait_for_output("holding");
}

}  // namespace

TEST_CASE("activation: run hands the descriptors on, in place of what the configuration says",
          "[activation]") {
  NEEDS_ROOT();
  const Bundle bundle(telling, [](json& config) {
    for (const char* entry : {"LISTEN_FDS=7", "LISTEN_PID=7", "LISTEN_FDNAMES=x"})
      config["process"]["env"].push_back(entry);
  });
  Container container(bundle);
  const Finished done = activated(container, container.making("run"));
  INFO(done.out << done.err);
  REQUIRE(done.status == 0);
  check_all(done.out, "1");
  CHECK(!Facts(done.out).has("fd5"));
}

TEST_CASE("activation: a pid of the host's namespace is told as such, and HOME comes beside it",
          "[activation]") {
  NEEDS_ROOT();
  const Bundle bundle(
      std::vector<std::string>{"/bin/sh", "-c", std::string(tell) + "; echo home=$HOME"}, [](json& config) {
        std::erase_if(config["linux"]["namespaces"].get_ref<json::array_t&>(),
                      [](const json& entry) { return entry["type"] == "pid"; });
        std::erase_if(config["process"]["env"].get_ref<json::array_t&>(),
                      [](const json& entry) { return entry.get<std::string>().starts_with("HOME="); });
      });
  Container container(bundle);
  const Finished done = activated(container, container.making("run"));
  INFO(done.out << done.err);
  REQUIRE(done.status == 0);
  const Facts facts(done.out);
  CHECK(facts["pid"].size() > 1);
  check_all(done.out, facts["pid"]);
  CHECK(facts["home"] != "");
}

TEST_CASE("activation: create keeps them until the start", "[activation]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"/bin/sh", "-c", std::string("exec >/tmp/out; ") + tell});
  Container container(bundle);
  const Finished made = activated(container, container.making("create"));
  INFO(made.err);
  REQUIRE(made.status == 0);
  container.start();
  container.wait_for("stopped");
  check_all(read_file(bundle.rootfs("/tmp/out")), "1");
}

TEST_CASE("activation: exec, with the pid that its process has, and --preserve-fds behind them",
          "[activation]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  hold(container);
  const Finished done = activated(container, exec_of(container, {"--preserve-fds", "1"}));
  INFO(done.out << done.err);
  REQUIRE(done.status == 0);
  const Facts facts(done.out);
  CHECK(facts["pid"] != "1");
  check_all(done.out, facts["pid"]);
  CHECK(facts["fd5"] == "third");
}

TEST_CASE("activation: variables for somebody else hand on nothing", "[activation]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  hold(container);
  const Finished done = activated(container, exec_of(container), "1");
  INFO(done.out << done.err);
  REQUIRE(done.status == 0);
  const Facts facts(done.out);
  for (const char* name : {"fd3", "fd4", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"})
    CHECK(!facts.has(name));
}

TEST_CASE("activation: what is no number, or not open, is refused before anything is made", "[activation]") {
  NEEDS_ROOT();
  for (const char* count : {"4", "two", "-1", "2x", "4294967297", "4294967295"}) {
    const Bundle bundle("echo ran");
    Container container(bundle);
    const Finished done = activated(container, container.making("run"), "$$", count);
    INFO(count << ": " << done.out << done.err);
    CHECK(done.status != 0);
    CHECK(done.out == "");
    CHECK_THAT(done.err, Catch::Contains("LISTEN_FDS " + std::string(count)));
    CHECK(container.leftovers().empty());
  }
}
