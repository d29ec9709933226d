// A further process in a container. runc-exec(8); config.md, "Process".
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/census.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/passed.hpp"
#include "support/proc.hpp"
#include "support/terminal.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// A container that runs and does nothing.
struct Held {
  Bundle bundle;
  Container container;
  explicit Held(const Edit& edit = {}) : bundle("hold", edit), container(bundle) {
    container.create();
    container.start();
    container.wait_for_output("holding");
  }
  /// `exec FLAGS ID /probe VERBS`
  std::vector<std::string> line(const std::string& verbs, const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> args = {"exec"};
    args.insert(args.end(), flags.begin(), flags.end());
    args.insert(args.end(), {container.id(), "/bin/probe"});
    for (const auto& word : words(verbs)) args.push_back(word);
    return args;
  }
  Finished exec(const std::string& verbs, const std::vector<std::string>& flags = {},
                const Setting& setting = {}) {
    return container.call(line(verbs, flags), setting);
  }
  Facts facts(const std::string& verbs, const std::vector<std::string>& flags = {}) {
    const Finished done = exec(verbs, flags);
    INFO("exec: status " << done.status << "\n" << done.out << done.err);
    REQUIRE(done.status == 0);
    return Facts(done.out);
  }
  /// Writes a process document whose args are the probe's verbs.
  std::string process_file(const std::string& verbs, const Edit& edit = {}) const {
    json process = default_config("x", {"/bin/probe"})["process"];
    process["args"] = json::array({"/bin/probe"});
    for (const auto& word : words(verbs)) process["args"].push_back(word);
    if (edit) edit(process);
    const std::string file = bundle.beside("process.json");
    write_file(file, process.dump());
    return file;
  }
};

void fails(const Finished& done, const std::string& text) {
  INFO(done.out << done.err);
  CHECK(done.status == 255);
  CHECK(done.out == "");
  CHECK_THAT(done.err, Catch::Contains(text));
}

}  // namespace

TEST_CASE("exec: the process is in the container's namespaces, root and cgroup", "[exec]") {
  NEEDS_ROOT();
  Held it;
  const pid_t pid = it.container.pid();
  const Facts facts = it.facts("ns");
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"})
    CHECK(facts["ns." + std::string(name)] == ns_id(pid, name));
  Running sleeper = it.container.begin(it.line("hold"));
  sleeper.wait_for("holding");
  for (const auto& folder : cgroup_folders(it.bundle.name())) {
    INFO(folder);
    const std::string procs = read_file(folder + "/cgroup.procs");
    CHECK(std::count(procs.begin(), procs.end(), '\n') == 2);
  }
}

TEST_CASE("exec: its exit status is lodger's, a signal's is 128 and more", "[exec]") {
  NEEDS_ROOT();
  Held it;
  CHECK(it.exec("exit 0").status == 0);
  CHECK(it.exec("exit 37").status == 37);
  CHECK(it.container.call({"exec", it.container.id(), "/bin/sh", "-c", "kill -9 $$"}).status ==
        128 + SIGKILL);
  CHECK(it.container.status() == "running");
}

TEST_CASE("exec: without --process the container's process is the base", "[exec]") {
  NEEDS_ROOT();
  Held it([](json& config) {
    config["process"]["env"].push_back("FROM=config");
    config["process"]["cwd"] = "/tmp";
    config["process"]["user"]["umask"] = 027;
    config["process"]["rlimits"] = {{{"type", "RLIMIT_NOFILE"}, {"soft", 77}, {"hard", 88}}};
    config["process"]["noNewPrivileges"] = true;
  });
  const Facts facts = it.facts("env ; cwd ; umask ; rlimits ; attributes", {"--env", "AND=this", "-e", "X="});
  CHECK(facts["env.FROM"] == "config");
  CHECK(facts["env.AND"] == "this");
  CHECK(facts["env.X"] == "");
  CHECK(facts["env.HOME"] != "");
  CHECK(facts["cwd"] == "/tmp");
  CHECK(facts["umask"] == "0027");
  CHECK(facts["rlimit.NOFILE"] == "77:88");
  CHECK(facts["nnp"] == "1");
  CHECK(it.facts("cwd", {"--cwd", "/proc"})["cwd"] == "/proc");
}

TEST_CASE("exec: users are numbers, whole, or refused (CVE-2026-30892)", "[exec]") {
  NEEDS_ROOT();
  Held it;
  const Facts one = it.facts("ids", {"-u", "1"});
  CHECK(one["uid"] == "1");
  CHECK(one["gid"] == "0");
  const Facts two = it.facts("ids", {"--user", "1:2", "-g", "7", "-g", "9"});
  CHECK(two["uid"] == "1");
  CHECK(two["gid"] == "2");
  CHECK_THAT(two["groups"], Catch::Contains("7") && Catch::Contains("9"));
  for (const char* wrong :
       {"", ":2", "x", "-1", "4294967295", "1:", "1:2:3", " 1", "1 ", "root", "+1", "0x1"})
    fails(it.exec("echo ran", {"--user", wrong}), "--user");
  fails(it.exec("echo ran", {"--additional-gids", "wheel"}), "--additional-gids");
}

TEST_CASE("exec: --cap gives effective, permitted and bounding, never inheritable (CVE-2022-29162)",
          "[exec]") {
  NEEDS_ROOT();
  Held it;
  const auto has = [](const std::string& mask) { return (std::stoull(mask, nullptr, 16) >> 19 & 1) == 1; };
  const Facts without = it.facts("status");
  CHECK(!has(without["status.CapBnd"]));
  const Facts with = it.facts("status", {"--cap", "CAP_SYS_PTRACE"});
  for (const char* set : {"CapBnd", "CapEff", "CapPrm"}) CHECK(has(with["status." + std::string(set)]));
  CHECK(std::stoull(with["status.CapInh"], nullptr, 16) == 0);
  CHECK(std::stoull(with["status.CapAmb"], nullptr, 16) == 0);
  const Finished unknown = it.exec("echo ran", {"--cap", "CAP_NONSENSE"});
  CHECK(unknown.status == 0);
  CHECK_THAT(unknown.err, Catch::Contains("CAP_NONSENSE"));
}

TEST_CASE("exec: --cap is ambient where the container has it inheritable", "[exec]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) {
    config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
    config["process"]["capabilities"]["inheritable"] = {"CAP_KILL"};
  });
  Container container(bundle);
  container.create();
  container.start();
  const Finished done = container.call(
      {"exec", "--cap", "CAP_KILL", "--cap", "CAP_CHOWN", container.id(), "/bin/probe", "status"});
  INFO(done.err);
  for (const char* set : {"CapInh", "CapAmb", "CapEff"})
    CHECK(std::stoull(Facts(done.out)["status." + std::string(set)], nullptr, 16) == 1 << 5);
}

TEST_CASE("exec: --process is the whole process, and errors name its members", "[exec]") {
  NEEDS_ROOT();
  Held it;
  const auto file = it.process_file("ids ; env ; cwd", [](json& process) {
    process["user"] = {{"uid", 12}, {"gid", 13}};
    process["env"] = {"ONLY=this"};
    process["cwd"] = "/dev";
  });
  const Finished done = it.container.call({"exec", "--process", file, it.container.id()});
  INFO(done.err);
  REQUIRE(done.status == 0);
  const Facts facts(done.out);
  CHECK(facts["uid"] == "12");
  CHECK(facts["gid"] == "13");
  CHECK(facts["env.ONLY"] == "this");
  CHECK(facts["cwd"] == "/dev");
  const Finished asked = it.container.call({"exec", "-t", "--process", file, it.container.id()});
  CHECK(Facts(asked.out)["cwd"] == "/dev");
  fails(it.exec("echo ran", {"--process", file}), "--process");
  for (const std::vector<std::string>& flag : {std::vector<std::string>{"--cwd", "/"},
                                               {"-e", "A=b"},
                                               {"-u", "1"},
                                               {"-u", ""},
                                               {"-g", "1"},
                                               {"--process-label", "x"},
                                               {"--apparmor", "x"},
                                               {"--no-new-privs"},
                                               {"--cap", "CAP_KILL"}}) {
    std::vector<std::string> line = {"exec", "--process", file};
    line.insert(line.end(), flag.begin(), flag.end());
    line.push_back(it.container.id());
    fails(it.container.call(line), "--process");
  }
  const auto broken = it.process_file("exit 0", [](json& process) { process["args"] = 7; });
  fails(it.container.call({"exec", "-p", broken, it.container.id()}), "process.args");
  const auto relative = it.process_file("exit 0", [](json& process) { process["cwd"] = "here"; });
  fails(it.container.call({"exec", "-p", relative, it.container.id()}), "process.cwd");
  fails(it.container.call({"exec", "-p", "/no/such", it.container.id()}), "/no/such");
}

TEST_CASE("exec: what engines pass beside --process is taken", "[exec]") {
  NEEDS_ROOT();
  Held it;
  const Passed one("first");
  const auto file = it.process_file("tty ; read-fd 3 ; echo over", [](json& p) { p["terminal"] = true; });
  const auto pid_file = it.bundle.beside("pid");
  Receiver receiver(it.bundle.beside("console.sock"));
  const Finished done = it.container.call(
      {"exec", "--process", file, "--tty", "--detach", "--pid-file", pid_file, "--console-socket",
       receiver.path(), "--preserve-fds", "1", "--cgroup", "/", "--ignore-paused", it.container.id()},
      {.fds = {{one.fd, 3}}});
  INFO(done.err);
  REQUIRE(done.status == 0);
  std::string text = read_until(receiver.descriptor(), "echo=over");
  std::erase(text, '\r');
  CHECK(Facts(text)["tty.0"] == "1");
  CHECK(Facts(text)["read_fd:3.data"] == "first");
  CHECK(std::stoi(read_file(pid_file)) > 0);
}

TEST_CASE("exec: --process may be a pipe, as shells make them: <(...)", "[exec]") {
  NEEDS_ROOT();
  Held it;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const std::string text = read_file(it.process_file("echo piped"));
  REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  const Finished done =
      it.container.call({"exec", "--process", "/dev/fd/7", it.container.id()}, {.fds = {{ends[0], 7}}});
  ::close(ends[0]);
  INFO(done.err);
  CHECK(done.out == "echo=piped\n");
}

TEST_CASE("exec: what cannot be executed is told in the words that engines know, with status 255", "[exec]") {
  NEEDS_ROOT();
  Held it;
  const auto id = it.container.id();
  fails(it.container.call({"exec", id, "no-such-program"}), "executable file not found in $PATH");
  fails(it.container.call({"exec", id, "/no/such"}), "no such file or directory");
  fails(it.container.call({"exec", id, "/etc"}), "permission denied");
  fails(it.container.call({"exec", id}), "command");
  fails(it.exec("echo ran", {"--cwd", "/no/such"}), "/no/such");
  CHECK(access(it.bundle.rootfs("/no").c_str(), F_OK) != 0);
  fails(it.container.call({"exec", "no-such-container", "true"}), "container does not exist");
  CHECK(it.container.call({"exec", id, "--", "/bin/probe", "exit", "5"}).status == 5);
  CHECK(it.container.call({"exec", "--", id, "/bin/probe", "exit", "5"}).status == 5);
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"exec"}, {"exec", "--no-such-flag", id, "true"}})
    CHECK(it.container.call(wrong).status == 1);  // a wrong call, as with any other command
}

TEST_CASE("exec: in a created container it works, in a stopped one it is refused", "[exec]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  CHECK(container.call({"exec", container.id(), "/bin/probe", "exit", "7"}).status == 7);
  CHECK(container.status() == "created");
  container.start();
  container.call({"kill", container.id(), "KILL"});
  container.wait_for("stopped");
  fails(container.call({"exec", container.id(), "/bin/probe", "echo", "ran"}), "container not running");
}

TEST_CASE("exec: detached it leaves a process and its pid behind", "[exec]") {
  NEEDS_ROOT();
  Held it;
  const std::string file = it.bundle.beside("pid");
  REQUIRE(it.exec("hold", {"--detach", "--pid-file", file}).status == 0);
  const pid_t pid = std::stoi(read_file(file));
  CHECK(!is_gone(pid));
  CHECK(ns_id(pid, "mnt") == ns_id(it.container.pid(), "mnt"));
  it.container.call({"kill", it.container.id(), "KILL"});
  CHECK(eventually([&] { return is_gone(pid); }));
}

TEST_CASE("exec: a terminal of the container's own, in the foreground and over a socket", "[exec]") {
  NEEDS_ROOT();
  Held it;
  const Terminal terminal(33, 77);
  Running run =
      it.container.begin(it.line("tty ; echo over", {"-t"}),
                         {.fds = {{terminal.slave(), 0}, {terminal.slave(), 1}, {terminal.slave(), 2}}});
  std::string text = read_until(terminal.master(), "echo=over");
  std::erase(text, '\r');
  const Facts here(text);
  CHECK(here["tty.0"] == "1");
  CHECK_THAT(here["tty.name"], Catch::StartsWith("/dev/pts/"));
  CHECK(here["tty.size"] == "33x77");
  CHECK(here["tty.controlling.errno"] == "0");
  CHECK(run.wait().status == 0);

  // no terminal to show it on: no carriage returns
  CHECK(it.exec("echo over", {"-t"}, {.fds = {{terminal.slave(), 0}}}).out == "echo=over\n");

  Receiver receiver(it.bundle.beside("console.sock"));
  REQUIRE(it.exec("tty ; echo over", {"-t", "-d", "--console-socket", receiver.path()}).status == 0);
  std::string far = read_until(receiver.descriptor(), "echo=over");
  std::erase(far, '\r');
  CHECK(Facts(far)["tty.1"] == "1");
  fails(it.exec("echo ran", {"-t", "-d"}), "console");
  fails(it.exec("echo ran", {"--console-socket", receiver.path()}), "console");
}

TEST_CASE("exec: signals of the foreground go to the process", "[exec]") {
  NEEDS_ROOT();
  Held it;
  Running run = it.container.begin(it.line("await 15 21"));
  run.wait_for("awaiting");
  run.kill(SIGTERM);
  CHECK(run.wait().status == 21);
  CHECK(it.container.status() == "running");
}

TEST_CASE("exec: standard input and preserved descriptors go along, nothing else", "[exec]") {
  NEEDS_ROOT();
  Held it;
  const int file = open(it.bundle.beside("config.json").c_str(), O_RDONLY | O_CLOEXEC);
  const Finished done =
      it.exec("fds ; copy", {"--preserve-fds", "1"}, {.input = "some words", .fds = {{file, 3}, {file, 9}}});
  close(file);
  INFO(done.err);
  CHECK_THAT(done.out, Catch::Contains("some words"));
  CHECK_THAT(done.out, Catch::Contains("fd.count=4"));
  CHECK_THAT(it.exec("fds").out, Catch::Contains("fd.count=3"));
  fails(it.exec("echo ran", {"--preserve-fds", "5"}), "--preserve-fds");
}

TEST_CASE("exec: a user namespace is joined as its root", "[exec]") {
  NEEDS_ROOT();
  Held it([](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "user"}});
    config["linux"]["namespaces"].push_back({{"type", "network"}});
    config["linux"]["uidMappings"] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
    config["linux"]["gidMappings"] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
  });
  const Facts facts = it.facts("ids ; ns");
  CHECK(facts["uid"] == "0");
  CHECK(facts["ns.user"] == ns_id(it.container.pid(), "user"));
  CHECK(facts["ns.net"] == ns_id(it.container.pid(), "net"));
  Running sleeper = it.container.begin(it.line("hold"));
  sleeper.wait_for("holding");
}

TEST_CASE("exec: --cgroup goes below the container's own, and nowhere else", "[exec]") {
  NEEDS_ROOT();
  Held it;
  for (const auto& folder : cgroup_folders(it.bundle.name())) {
    REQUIRE(mkdir((folder + "/below").c_str(), 0755) == 0);
    if (folder.find("cpuset") == std::string::npos) continue;
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"})
      if (access((folder + "/below" + file).c_str(), F_OK) == 0)
        write_file(folder + "/below" + file, read_file(folder + file));
  }
  {
    Running run = it.container.begin(it.line("hold", {"--cgroup", "below"}));
    run.wait_for("holding");
    for (const auto& folder : cgroup_folders(it.bundle.name())) {
      INFO(folder);
      CHECK(read_file(folder + "/below/cgroup.procs") != "");
    }
  }
  CHECK(it.exec("exit 3", {"--cgroup", "/"}).status == 3);
  fails(it.exec("echo ran", {"--cgroup", "no-such"}), "no-such");
  fails(it.exec("echo ran", {"--cgroup", "../.."}), "..");
  fails(it.exec("echo ran", {"--cgroup", "nonsense:below"}), "nonsense");
}

TEST_CASE("exec: fifty at once all run", "[exec]") {
  NEEDS_ROOT();
  Held it;
  std::vector<Running> all;
  for (int i = 0; i < 50; ++i) all.push_back(it.container.begin(it.line("exit " + std::to_string(i))));
  for (int i = 0; i < 50; ++i) CHECK(all[static_cast<std::size_t>(i)].wait().status == i);
}

TEST_CASE("exec: the container's end ends it, and delete does not wait for it", "[exec]") {
  NEEDS_ROOT();
  Held it;
  Running run = it.container.begin(it.line("hold"));
  run.wait_for("holding");
  CHECK(it.container.call({"delete", "--force", it.container.id()}).status == 0);
  CHECK(run.wait().status == 128 + SIGKILL);
}
