// runtime.md, "State" and "Query State"; `list`, `spec`, `features` and `--version`.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

TEST_CASE("state: all fields of the state document (runtime.md, State)", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) {
    config["annotations"] = {{"org.example.key", "value"}, {"empty", ""}};
  });
  Container container(bundle);
  container.create();
  const json state = container.state();
  CHECK_THAT(state.at("ociVersion").get<std::string>(), Catch::StartsWith("1."));
  CHECK(state.at("id") == container.id());
  CHECK(state.at("status") == "created");
  CHECK(state.at("pid").get<pid_t>() > 1);
  CHECK(state.at("bundle") == bundle.path());
  CHECK(state.at("rootfs") == bundle.rootfs());
  CHECK(state.at("annotations").at("org.example.key") == "value");
  CHECK(state.at("annotations").at("empty") == "");
  // RFC 3339, in UTC: engines parse it
  CHECK_THAT(state.at("created").get<std::string>(),
             Catch::Matches("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z"));
  CHECK(state.contains("owner"));
}

TEST_CASE("state: the pid is the container's first process", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("holding");
  const std::string nspid = proc_status(container.pid(), "NSpid");
  CHECK(nspid.substr(nspid.size() - 2) == "\t1");
  CHECK(read_file("/proc/" + std::to_string(container.pid()) + "/cmdline").substr(0, 10) == "/bin/probe");
}

TEST_CASE("state: a stopped container has no pid", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("exit 0");
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for("stopped");
  const json state = container.state();
  CHECK((!state.contains("pid") || state.at("pid") == 0));
}

TEST_CASE("state: a container killed from outside is seen as stopped", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  container.start();
  REQUIRE(kill(container.pid(), SIGKILL) == 0);
  container.wait_for("stopped");
}

TEST_CASE("state: of an unknown id fails with the words that engines look for", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  const Finished done = container.call({"state", "nobody"});
  CHECK(done.status != 0);
  CHECK(done.out == "");
  CHECK_THAT(done.err, Catch::Contains("does not exist"));
}

TEST_CASE("state: the folder of a container is closed to others", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  struct stat folder {};
  REQUIRE(stat((container.root() + "/" + container.id()).c_str(), &folder) == 0);
  CHECK((folder.st_mode & 0077 & ~0011U) == 0);
}

TEST_CASE("state: list shows each container as table, ids and JSON", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  const Finished table = container.call({"list"});
  REQUIRE(table.status == 0);
  CHECK_THAT(table.out, Catch::Matches("ID +PID +STATUS +BUNDLE +CREATED +OWNER *\n(.|\n)*"));
  CHECK_THAT(table.out, Catch::Contains(container.id()) && Catch::Contains("created") &&
                            Catch::Contains(bundle.path()) &&
                            Catch::Contains(std::to_string(container.pid())));
  CHECK(container.call({"list", "--quiet"}).out == container.id() + "\n");
  CHECK(container.call({"list", "-q"}).out == container.id() + "\n");
  const json all = json::parse(container.call({"list", "--format", "json"}).out);
  REQUIRE(all.size() == 1);
  CHECK(all[0].at("id") == container.id());
  CHECK(all[0].at("status") == "created");
  CHECK(all[0].at("pid") == container.pid());
}

TEST_CASE("state: list of an empty root shows no container", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  const Finished quiet = container.call({"list", "-q"});
  CHECK(quiet.status == 0);
  CHECK(quiet.out == "");
  CHECK(container.call({"list", "--format", "xml"}).status != 0);
}

TEST_CASE("state: flags in every spelling that callers use", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  const std::string lodger = runtime_path(), root = container.root(), log = bundle.beside("log");
  // containerd, podman, CRI-O: "--x=y", "--x y", repeated, -x for a long flag, flags after the command
  REQUIRE(
      run_command({lodger, "--root=" + root, "--root=" + root, "--log", log, "--log-format=json", "create",
                   "--bundle=" + bundle.path(), "--pid-file", bundle.beside("pid"), container.id()})
          .status == 0);
  CHECK(read_file(bundle.beside("pid")) == std::to_string(container.pid()));
  CHECK(run_command({lodger, "-root", root, "state", container.id()}).status == 0);
  CHECK(run_command({lodger, "--root", root, "list", "-format=json"}).status == 0);
}

TEST_CASE("log: --debug tells the steps of a start and of an exec, and nothing does without it", "[state]") {
  NEEDS_ROOT();
  NEEDS(is_lodger(), "checks lodger's own words");
  const Bundle bundle("hold");
  Container container(bundle);
  const auto logged = [&](std::vector<std::string> args, const std::string& name) {
    const std::string log = bundle.beside(name);
    args.insert(args.begin(), {"--log", log});
    const auto done = container.call(args, {.fds = {{STDERR_FILENO, 1}, {STDERR_FILENO, 2}}});
    REQUIRE(done.status == 0);
    return read_file(log);
  };
  const auto made = logged({"--debug", "create", "--bundle", bundle.path(), container.id()}, "create.log");
  CHECK_THAT(made, Catch::Contains("level=debug msg=\"nsexec container setup: init is process " +
                                   std::to_string(container.pid()) + ";") &&
                       Catch::Contains(" pid ") && Catch::Contains("msg=\"child process in init(): root "));
  CHECK_THAT(logged({"--log-level=debug", "start", container.id()}, "start.log"),
             Catch::Contains("msg=\"init: closing the pipe to signal completion: /bin/probe runs\""));
  const auto joined = logged({"--debug", "exec", container.id(), "/bin/busybox", "true"}, "exec.log");
  CHECK_THAT(joined, Catch::Contains(" joins process " + std::to_string(container.pid()) + "\"") &&
                         Catch::Contains("]: affinity: 0x") &&
                         Catch::Contains("msg=\"setns_init: about to exec /bin/busybox\""));
  CHECK(logged({"exec", container.id(), "/bin/busybox", "true"}, "quiet.log") == "");
}

TEST_CASE("state: --log-format json gives errors as records with level and msg", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) { config["root"]["path"] = "missing"; });
  Container container(bundle);
  const std::string log = bundle.beside("log.json");
  auto args = container.making("create");
  args.insert(args.begin(), {"--log", log, "--log-format", "json"});
  const Finished done = container.call(args);
  CHECK(done.status != 0);
  const std::string text = read_file(log);
  REQUIRE(text.ends_with('\n'));
  const std::string last = text.substr(text.rfind('\n', text.size() - 2) + 1);
  const json record = json::parse(last);
  CHECK(record.at("level") == "error");
  CHECK_THAT(record.at("msg").get<std::string>(), Catch::Contains("missing"));
  CHECK(record.contains("time"));
}

TEST_CASE("state: features is a document of features.md", "[state]") {
  NEEDS_ROOT();
  const Finished done = run_command({runtime_path(), "features"});
  REQUIRE(done.status == 0);
  const json features = json::parse(done.out);
  CHECK_THAT(features.at("ociVersionMin").get<std::string>(), Catch::StartsWith("1.0"));
  CHECK_THAT(features.at("ociVersionMax").get<std::string>(), Catch::StartsWith("1."));
  CHECK(features.at("hooks").size() == 6);
  const auto mounts = features.at("mountOptions").get<std::vector<std::string>>();
  for (const char* option : {"ro", "rbind", "rro", "nosuid", "private"})
    CHECK(std::count(mounts.begin(), mounts.end(), option) == 1);
  const json& os = features.at("linux");
  const auto namespaces = os.at("namespaces").get<std::vector<std::string>>();
  for (const char* name : {"cgroup", "ipc", "mount", "network", "pid", "user", "uts"})
    CHECK(std::count(namespaces.begin(), namespaces.end(), name) == 1);
  CHECK(os.at("seccomp").at("enabled") == true);
  CHECK(os.at("cgroup").at("v1") == true);
}

TEST_CASE("state: --version has the lines that engines parse", "[state]") {
  const Finished done = run_command({runtime_path(), "--version"});
  CHECK(done.status == 0);
  CHECK_THAT(done.out, Catch::Contains("version ") && Catch::Contains("spec: 1."));
}

TEST_CASE("state: spec writes a configuration that runs", "[state]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  REQUIRE(unlink(bundle.beside("config.json").c_str()) == 0);
  REQUIRE(container.call({"spec", "--bundle", bundle.path()}).status == 0);
  const json written = json::parse(read_file(bundle.beside("config.json")));
  CHECK(written.at("process").at("args") == json({"sh"}));
  // never over a file that is there
  CHECK(container.call({"spec", "--bundle", bundle.path()}).status != 0);
  json config = written;
  config["process"]["args"] = {"/bin/probe", "ids"};
  config["process"]["terminal"] = false;
  config["linux"]["cgroupsPath"] = "/lodger-test/" + bundle.name();
  bundle.write_config(config.dump());
  const Finished done = container.run();
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK(Facts(done.out)["uid"] == "0");
}
