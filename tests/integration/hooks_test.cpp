// config.md, "POSIX-platform Hooks", and runtime.md, "Lifecycle": order, namespace, state, failure.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "support/census.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

const char* const kinds[] = {"prestart",       "createRuntime", "createContainer",
                             "startContainer", "poststart",     "poststop"};

/// A hook of the probe that writes its line to `file` and ends with `status`.
json hook(const std::string& program, const std::string& file, const std::string& tag, int status = 0) {
  return {{"path", program}, {"args", {"hook", "hook", file, tag, std::to_string(status)}}};
}

/// One line that a hook wrote.
struct Line {
  std::string tag, mount_namespace, root, cwd;
  json state;
};

std::vector<Line> lines_of(const std::string& file) {
  std::vector<Line> out;
  std::istringstream all(read_file(file));
  for (std::string text; std::getline(all, text);) {
    std::istringstream fields(text);
    Line line;
    std::string rest;
    fields >> line.tag >> line.mount_namespace >> line.root >> line.cwd;
    std::getline(fields, rest);
    INFO(text);
    line.state = json::parse(rest);
    out.push_back(line);
  }
  return out;
}

/// A bundle with hooks of all kinds. All write into one folder, seen inside and outside at the same path.
struct Hooked {
  Bundle bundle;
  std::string log;
  explicit Hooked(const std::string& line = "hold", const Edit& more = {})
      : bundle(line), log(bundle.beside("log")) {
    bundle.edit([&](json& config) {
      const std::string folder = bundle.path();
      config["mounts"].push_back(
          {{"destination", folder}, {"source", folder}, {"type", "bind"}, {"options", {"bind"}}});
      for (const char* kind : kinds) {
        const bool in_container = kind == std::string("startContainer");
        config["hooks"][kind] = {hook(in_container ? "/bin/probe" : probe_path(), log, kind)};
      }
      if (more) more(config);
    });
  }
  std::vector<std::string> tags() const {
    std::vector<std::string> out;
    for (const auto& entry : lines_of(log)) out.push_back(entry.tag);
    return out;
  }
};

}  // namespace

TEST_CASE("hooks: all six kinds run in order at their points (runtime.md, Lifecycle)", "[hooks]") {
  NEEDS_ROOT();
  const Hooked it;
  Container container(it.bundle);
  container.create();
  CHECK(it.tags() == std::vector<std::string>{"prestart", "createRuntime", "createContainer"});
  container.start();
  container.wait_for_output("holding");
  CHECK(eventually([&] { return it.tags().size() == 5; }));
  CHECK(it.tags() == std::vector<std::string>{"prestart", "createRuntime", "createContainer",
                                              "startContainer", "poststart"});
  CHECK(container.remove().status == 0);
  CHECK(it.tags() == std::vector<std::string>(std::begin(kinds), std::end(kinds)));
}

TEST_CASE("hooks: each runs in its namespace (config.md, Hooks)", "[hooks]") {
  NEEDS_ROOT();
  const Hooked it;
  Container container(it.bundle);
  container.create();
  const std::string inner = ns_id(container.pid(), "mnt"), outer = ns_id(getpid(), "mnt");
  container.start();
  container.wait_for_output("holding");
  container.remove();
  struct stat host_root {};
  stat("/", &host_root);
  for (const auto& line : lines_of(it.log)) {
    INFO(line.tag);
    const bool in_container = line.tag == "createContainer" || line.tag == "startContainer";
    CHECK(line.mount_namespace == (in_container ? inner : outer));
    // createContainer comes before pivot_root and still sees the host's root; startContainer comes after
    CHECK((line.root == std::to_string(host_root.st_ino)) == (line.tag != "startContainer"));
  }
}

TEST_CASE("hooks: each gets the state on stdin (config.md, Hooks; runtime.md, State)", "[hooks]") {
  NEEDS_ROOT();
  const Hooked it("hold", [](json& config) { config["annotations"] = {{"org.example", "note"}}; });
  Container container(it.bundle);
  container.create();
  const pid_t pid = container.pid();
  container.start();
  container.wait_for_output("holding");
  container.remove();
  const auto lines = lines_of(it.log);
  REQUIRE(lines.size() == 6);
  for (const auto& line : lines) {
    INFO(line.tag << " " << line.state);
    CHECK(line.state.at("id") == container.id());
    CHECK(line.state.at("bundle") == it.bundle.path());
    CHECK(line.state.at("annotations").at("org.example") == "note");
    CHECK(line.state.contains("ociVersion"));
  }
  CHECK(lines[0].state.at("pid") == pid);
  CHECK(lines[1].state.at("pid") == pid);
  CHECK(lines[4].state.at("pid") == pid);
  CHECK(lines[0].state.at("status") == "creating");
  CHECK(lines[1].state.at("status") == "creating");
  CHECK(lines[3].state.at("status") == "created");
  CHECK(lines[4].state.at("status") == "running");
  CHECK(lines[5].state.at("status") == "stopped");
}

TEST_CASE("hooks: arguments and environment are the hook's own", "[hooks]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  const std::string log = bundle.beside("env");
  bundle.write_config([&] {
    json config = json::parse(read_file(bundle.beside("config.json")));
    config["hooks"]["createRuntime"] = {
        {{"path", probe_path()}, {"args", {"my name", "hook-env", log}}, {"env", {"ONE=1", "TWO=2"}}}};
    return config.dump();
  }());
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  REQUIRE(done.status == 0);
  const std::string text = read_file(log);
  CHECK_THAT(text, Catch::StartsWith("ONE=1\nTWO=2\ncmdline my name"));
}

TEST_CASE("hooks: startContainer without an environment of its own has the process's", "[hooks]") {
  NEEDS_ROOT();
  const json own = GENERATE(json(), json::array());
  const Bundle bundle("echo ran", [&](json& config) {
    config["process"]["env"] = {"PATH=/bin", "ONE=1"};
    json hook = {{"path", "/bin/probe"}, {"args", {"hook", "hook-env", "/tmp/env"}}};
    if (!own.is_null()) hook["env"] = own;
    config["hooks"]["startContainer"] = {hook};
  });
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  REQUIRE(done.status == 0);
  CHECK_THAT(read_file(bundle.rootfs("/tmp/env")),
             Catch::StartsWith(own.is_null() ? "PATH=/bin\nONE=1\nHOME=" : "cmdline hook"));
}

TEST_CASE("hooks: createContainer starts in the container's root", "[hooks]") {
  NEEDS_ROOT();
  const Hooked it("echo ran");
  Container container(it.bundle);
  REQUIRE(container.run().status == 0);
  const auto lines = lines_of(it.log);
  REQUIRE(lines.size() > 3);
  REQUIRE(lines[2].tag == "createContainer");
  CHECK(lines[2].cwd == it.bundle.rootfs(""));
}

TEST_CASE("hooks: startContainer is under the process's filter, with and without no_new_privs", "[hooks]") {
  NEEDS_ROOT();
  const bool no_new_privileges = GENERATE(true, false), filtered = GENERATE(true, false);
  const Bundle bundle("echo ran", [&](json& config) {
    config["process"]["noNewPrivileges"] = no_new_privileges;
    if (filtered)
      config["linux"]["seccomp"] = {
          {"defaultAction", "SCMP_ACT_ALLOW"},
          {"syscalls", {{{"names", {"mkdir", "mkdirat"}}, {"action", "SCMP_ACT_KILL"}}}}};
    config["hooks"]["startContainer"] = {{{"path", "/bin/probe"}, {"args", {"hook", "mkdir", "/tmp/made"}}}};
  });
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK((access(bundle.rootfs("/tmp/made").c_str(), F_OK) == 0) == !filtered);
  CHECK((done.status == 0) == !filtered);
  if (filtered) CHECK_THAT(done.err, Catch::Contains("killed by signal 31 (bad system call)"));
}

TEST_CASE("hooks: several of one kind run in order of the list", "[hooks]") {
  NEEDS_ROOT();
  const Hooked it("echo ran");
  Container container(it.bundle);
  const_cast<Bundle&>(it.bundle).edit([&](json& config) {
    config["hooks"] = {{"createRuntime",
                        {hook(probe_path(), it.log, "a"), hook(probe_path(), it.log, "b"),
                         hook(probe_path(), it.log, "c")}}};
  });
  CHECK(container.run().status == 0);
  CHECK(it.tags() == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("hooks: a failing hook of create undoes the container, and poststop runs (runtime.md, Lifecycle)",
          "[hooks]") {
  NEEDS_ROOT();
  const std::string kind = GENERATE("prestart", "createRuntime", "createContainer");
  const Hooked it("create /tmp/ran", [&](json& config) { config["hooks"][kind][0]["args"][4] = "3"; });
  Container container(it.bundle);
  const Finished done = container.call(container.making("create"));
  INFO(kind << ": " << done.err);
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("hook") && Catch::Contains("3"));
  CHECK(container.call({"state", container.id()}).status != 0);
  CHECK(container.leftovers() == std::vector<std::string>{});
  CHECK(access(it.bundle.rootfs("/tmp/ran").c_str(), F_OK) != 0);
  REQUIRE_FALSE(it.tags().empty());
  CHECK(it.tags().back() == "poststop");
}

TEST_CASE("hooks: a failing startContainer hook keeps the program from running", "[hooks]") {
  NEEDS_ROOT();
  const Hooked it("create /tmp/ran",
                  [](json& config) { config["hooks"]["startContainer"][0]["args"][4] = "3"; });
  Container container(it.bundle);
  container.create();
  const Finished done = container.call({"start", container.id()});
  INFO(done.err);
  CHECK(done.status != 0);
  CHECK(access(it.bundle.rootfs("/tmp/ran").c_str(), F_OK) != 0);
}

TEST_CASE("hooks: a failing poststart hook stops the container (runtime.md, Lifecycle)", "[hooks]") {
  NEEDS_ROOT();
  const Hooked it("hold", [](json& config) { config["hooks"]["poststart"][0]["args"][4] = "3"; });
  Container container(it.bundle);
  container.create();
  const pid_t pid = container.pid();
  const Finished done = container.call({"start", container.id()});
  INFO(done.err);
  CHECK(done.status != 0);
  CHECK(eventually([&] { return access(("/proc/" + std::to_string(pid)).c_str(), F_OK) != 0; }));
}

TEST_CASE("hooks: a failing poststop hook is a warning, and the next one runs (runtime.md, Lifecycle)",
          "[hooks]") {
  NEEDS_ROOT();
  const Hooked it("echo ran", [](json&) {});
  const_cast<Bundle&>(it.bundle).edit([&](json& config) {
    config["hooks"] = {
        {"poststop", {hook(probe_path(), it.log, "first", 3), hook(probe_path(), it.log, "second")}}};
  });
  Container container(it.bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK(it.tags() == std::vector<std::string>{"first", "second"});
  CHECK_THAT(done.err, Catch::Contains("poststop"));
  if (is_lodger()) CHECK_THAT(done.err, Catch::StartsWith("lodger: warning: "));
}

TEST_CASE("hooks: one that outlives its timeout is killed and fails (config.md, Hooks)", "[hooks]") {
  NEEDS_ROOT();
  const Hooked it("echo ran");
  const_cast<Bundle&>(it.bundle).edit([&](json& config) {
    config["hooks"] = {
        {"createRuntime", {{{"path", "/bin/sleep"}, {"args", {"sleep", "30"}}, {"timeout", 1}}}}};
  });
  Container container(it.bundle);
  const auto began = std::chrono::steady_clock::now();
  const Finished done = container.run();
  CHECK(done.status != 0);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(8));
  CHECK_THAT(done.err, Catch::Contains("/bin/sleep"));
}

TEST_CASE("hooks: a timeout that is not positive, and a relative path, are refused", "[hooks]") {
  NEEDS_ROOT();
  refused(
      [](json& config) {
        config["hooks"] = {{"createRuntime", {{{"path", "/bin/true"}, {"timeout", 0}}}}};
      },
      {"timeout"});
  refused(
      [](json& config) {
        config["hooks"] = {{"createRuntime", {{{"path", "bin/true"}}}}};
      },
      {"bin/true"});
}

TEST_CASE("hooks: a program that is not there fails the container by its path", "[hooks]") {
  NEEDS_ROOT();
  refused(
      [](json& config) {
        config["hooks"] = {{"createRuntime", {{{"path", "/no/such/hook"}}}}};
      },
      {"/no/such/hook"});
}

TEST_CASE("hooks: a foreground run that is interrupted while one hangs undoes everything", "[hooks]") {
  NEEDS_ROOT();
  const std::string kind =
      GENERATE("prestart", "createRuntime", "createContainer", "startContainer", "poststart");
  INFO(kind);
  const Bundle bundle("echo ran", [&](json& config) {
    config["hooks"][kind] = {{{"path", "/bin/sleep"}, {"args", {"sleep", "30"}}}};
  });
  Container container(bundle);
  const auto done = run_command({"/usr/bin/timeout", "--signal=INT", "0.5", runtime_path(), "--root",
                                 container.root(), "run", "--bundle", bundle.path(), container.id()});
  CHECK(done.status != 0);
  CHECK(done.out == (kind == "poststart" ? "echo=ran\n" : ""));
  CHECK_THAT(done.err, Catch::Contains("interrupted by a signal"));
  CHECK(access((container.root() + "/" + container.id()).c_str(), F_OK) != 0);
}

TEST_CASE("hooks: what a failed creation's hooks left running goes with it, in the host's pid namespace too",
          "[hooks]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  const std::string pid_file = bundle.beside("daemon");
  const_cast<Bundle&>(bundle).edit([&](json& config) {
    config["linux"]["namespaces"].erase(0);  // pid
    const std::string daemon = "sleep 300 <&- >&- 2>&- & echo $! > " + pid_file;
    config["hooks"]["createContainer"] = {
        {{"path", "/bin/sh"}, {"args", {"sh", "-c", daemon}}, {"env", {"PATH=/bin:/usr/bin"}}},
        {{"path", "/bin/false"}}};
  });
  Container container(bundle);
  const Finished done = container.call(container.making(GENERATE("create", "run")));
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/bin/false"));
  const pid_t daemon = std::stoi(read_file(pid_file));
  CHECK(eventually([&] { return is_gone(daemon); }, std::chrono::seconds(2)));
  CHECK(container.leftovers() == std::vector<std::string>{});
}
