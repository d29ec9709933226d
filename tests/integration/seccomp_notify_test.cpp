// config-linux.md, "Seccomp" (listenerPath, listenerMetadata) and "The Container Process State": calls that
// an agent decides on.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "support/agent.hpp"
#include "support/congested.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json rule(std::vector<std::string> names, const char* action) {
  return {{"names", names}, {"action", action}};
}

/// Everything allowed, and an agent asked about `calls`.
json asking(std::vector<std::string> calls, const std::string& path) {
  return {{"defaultAction", "SCMP_ACT_ALLOW"},
          {"listenerPath", path},
          {"syscalls", {rule(std::move(calls), "SCMP_ACT_NOTIFY")}}};
}

Edit profile(json value) {
  return [value = std::move(value)](json& config) { config["linux"]["seccomp"] = value; };
}

/// A bundle whose profile names a socket beside its configuration, where `judge` listens.
struct Asked {
  Bundle bundle;
  std::string path;
  Agent agent;
  Container container;
  Asked(const std::string& line, std::vector<std::string> calls, Agent::Judge judge, const Edit& edit = {})
      : bundle(line), path(bundle.beside("agent.sock")), agent(path, std::move(judge)), container(bundle) {
    bundle.edit([&](json& config) {
      config["linux"]["seccomp"] = asking(std::move(calls), path);
      if (edit) edit(config);
    });
  }
};

Answer go_on(const seccomp_notif&) { return {.go_on = true}; }

std::string number(long nr) { return std::to_string(nr); }

/// getpgrp gets a value, mkdir an error, all else goes on.
Answer decide(const seccomp_notif& call) {
  if (call.data.nr == SYS_getpgrp) return {.value = 4242};
  if (call.data.nr == SYS_mkdir) return {.error = ENOMEDIUM};
  return {.go_on = true};
}
const std::vector<std::string> decided = {"getpgrp", "mkdir", "personality"};
const std::string decisions = "syscall " + number(SYS_getpgrp) + " ; mkdir /tmp/x ; syscall " +
                              number(SYS_personality) + " 0xffffffff ; status ; attributes";

void check_decisions(const Facts& facts) {
  CHECK(facts["syscall:" + number(SYS_getpgrp)] == "4242");
  CHECK(facts["mkdir:/tmp/x.errno"] == std::to_string(ENOMEDIUM));
  CHECK(facts["syscall:" + number(SYS_personality)] == "0");
  CHECK(facts["status.Seccomp"] == "2");
}

}  // namespace

TEST_CASE("seccomp notify: the agent answers with a value, an error, or lets the call go on",
          "[seccomp_notify]") {
  NEEDS_ROOT();
  const auto [uid, nnp] = GENERATE(table<int, bool>({{0, false}, {0, true}, {1000, false}, {1000, true}}));
  const int user = uid;
  const bool privileges = nnp;
  Asked it(decisions, decided, decide, [&](json& config) {
    config["process"]["user"] = {{"uid", user}, {"gid", user}};
    config["process"]["noNewPrivileges"] = privileges;
  });
  const Finished done = it.container.run();
  INFO(done.err);
  REQUIRE(done.status == 0);
  const Facts facts(done.out);
  check_decisions(facts);
  CHECK(facts["nnp"] == (nnp ? "1" : "0"));
  CHECK(it.agent.documents(1).size() == 1);
}

TEST_CASE("seccomp notify: the container process state (config-linux.md)", "[seccomp_notify]") {
  NEEDS_ROOT();
  Asked it("hold", {"mkdir"}, go_on, [](json& config) {
    config["linux"]["seccomp"]["listenerMetadata"] = "a \"b\"\n";
    config["annotations"] = {{"key", "value"}};
  });
  it.container.create();
  CHECK(it.agent.documents().empty());
  it.container.start();
  REQUIRE(it.agent.documents(1).size() == 1);  // whole: the connection was closed
  CHECK(it.agent.descriptors().front() == 1);
  const json said = json::parse(it.agent.documents().front());
  CHECK(said["ociVersion"] == it.container.state()["ociVersion"]);
  CHECK(said["fds"] == json({"seccompFd"}));
  CHECK(said["pid"] == it.container.pid());
  CHECK(said["metadata"] == "a \"b\"\n");
  CHECK(said["state"]["id"] == it.container.id());
  CHECK(said["state"]["pid"] == it.container.pid());
  CHECK(said["state"]["status"] == "created");
  CHECK(said["state"]["bundle"] == it.bundle.path());
  CHECK(said["state"]["annotations"] == json({{"key", "value"}}));
}

TEST_CASE("seccomp notify: exec sends a state of its own", "[seccomp_notify]") {
  NEEDS_ROOT();
  Asked it("hold", decided, decide);
  it.container.create();
  it.container.start();
  std::vector<std::string> line = {"exec", "--pid-file", it.bundle.beside("pid"), it.container.id(),
                                   "/bin/probe"};
  for (const auto& word : words(decisions)) line.push_back(word);
  const Finished done = it.container.call(line);
  INFO(done.err);
  REQUIRE(done.status == 0);
  check_decisions(Facts(done.out));
  REQUIRE(it.agent.documents(2).size() == 2);
  const json said = json::parse(it.agent.documents()[1]);
  CHECK(said["pid"] == std::stoi(read_file(it.bundle.beside("pid"))));
  CHECK(said["state"]["pid"] == it.container.pid());
  CHECK(said["state"]["status"] == "running");
}

TEST_CASE("seccomp notify: calls of the start itself may be asked about", "[seccomp_notify]") {
  NEEDS_ROOT();
  Asked it("echo ran", {"execve", "execveat", "openat", "open", "read", "close", "exit_group"}, go_on,
           [](json& config) { config["process"]["noNewPrivileges"] = GENERATE(false, true); });
  const Finished done = it.container.run();
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK(Facts(done.out)["echo"] == "ran");
  CHECK(std::ranges::count(it.agent.asked(), SYS_execve) == 1);
}

TEST_CASE("seccomp notify: startContainer hooks have the filter, and nobody to ask", "[seccomp_notify]") {
  NEEDS_ROOT();
  Asked it("echo ran ; mkdir /tmp/by-process", {"mkdir"}, go_on, [](json& config) {
    config["hooks"]["startContainer"] = {
        {{"path", "/bin/probe"}, {"args", {"probe", "mkdir", "/tmp/by-hook"}}}};
  });
  const Finished done = it.container.run();
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK(it.agent.asked() == std::vector<int>{SYS_mkdir});
  CHECK(std::filesystem::exists(it.bundle.rootfs("/tmp/by-process")));
  CHECK_FALSE(std::filesystem::exists(it.bundle.rootfs("/tmp/by-hook")));
}

TEST_CASE("seccomp notify: in a user namespace", "[seccomp_notify]") {
  NEEDS_ROOT();
  Asked it(decisions, decided, decide, [](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "user"}});
    for (const char* map : {"uidMappings", "gidMappings"})
      config["linux"][map] = {{{"containerID", 0}, {"hostID", 0}, {"size", 65536}}};
  });
  const Finished done = it.container.run();
  INFO(done.err);
  REQUIRE(done.status == 0);
  check_decisions(Facts(done.out));
}

TEST_CASE("seccomp notify: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "[seccomp_notify]") {
  NEEDS_ROOT();
  Asked it(decisions, decided, decide, [](json& config) {
    config["linux"]["seccomp"]["flags"] = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  });
  const Finished done = it.container.run();
  NEEDS(done.err.find("seccomp: Invalid argument") == done.err.npos, "this kernel does not have the flag");
  INFO(done.err);
  REQUIRE(done.status == 0);
  check_decisions(Facts(done.out));
}

TEST_CASE("seccomp notify: a listenerPath where nobody listens fails the start by its name",
          "[seccomp_notify]") {
  NEEDS_ROOT();
  Bundle bundle("hold");
  const std::string path = bundle.beside("nobody.sock");
  const bool exists = GENERATE(false, true);
  if (exists) write_file(path, "");
  bundle.edit(profile(asking({"mkdir"}, path)));
  Container container(bundle);
  SECTION("start: the container has stopped, and delete removes it") {
    container.create();
    const Finished done = container.call({"start", container.id()});
    CHECK(done.status == 1);
    CHECK_THAT(done.err,
               Catch::Contains("failed to connect with seccomp agent: linux.seccomp.listenerPath " + path));
    CHECK(container.status() == "stopped");
    CHECK(container.call({"delete", container.id()}).status == 0);
  }
  SECTION("run: nothing stays") {
    const Finished done = container.run({"--detach"});
    CHECK(done.status == 1);
    CHECK_THAT(done.err, Catch::Contains("linux.seccomp.listenerPath " + path));
    CHECK(container.leftovers().empty());
  }
}

TEST_CASE("seccomp notify: an agent that accepts no connection fails the start instead of hanging it",
          "[seccomp_notify]") {
  NEEDS_ROOT();
  Bundle bundle("hold");
  const std::string path = bundle.beside("busy.sock");
  bundle.edit(profile(asking({"mkdir"}, path)));
  const Congested full(path);
  Container container(bundle);
  const Finished done = container.run({"--detach"});
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("linux.seccomp.listenerPath " + path + ": nobody accepted"));
  CHECK(container.leftovers().empty());
}

TEST_CASE("seccomp notify: exec fails where the agent is gone, and the container goes on",
          "[seccomp_notify]") {
  NEEDS_ROOT();
  Bundle bundle("hold");
  Container container(bundle);
  {
    const std::string path = bundle.beside("agent.sock");
    Agent agent(path, go_on);
    bundle.edit(profile(asking({"mkdir"}, path)));
    container.create();
    container.start();
  }
  const Finished done = container.call({"exec", container.id(), "/bin/probe", "echo", "ran"});
  CHECK(done.status == 255);
  CHECK(done.out == "");
  CHECK_THAT(done.err, Catch::Contains("linux.seccomp.listenerPath"));
  CHECK(container.status() == "running");
}

TEST_CASE("seccomp notify: an agent that lets go of the listener fails the exec instead of hanging it",
          "[seccomp_notify]") {
  NEEDS_ROOT();
  Asked it("echo ran", {"execve"}, nullptr);
  const Finished done = it.container.run();
  CHECK(done.status == 1);
  CHECK(done.out == "");
  CHECK_THAT(done.err, Catch::Contains("exec /bin/probe: "));
}

TEST_CASE("seccomp notify: an agent may refuse the program itself", "[seccomp_notify]") {
  NEEDS_ROOT();
  Asked it("echo ran", {"execve"}, [](const seccomp_notif&) { return Answer{.error = EACCES}; });
  const Finished done = it.container.run();
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("permission denied"));
}

TEST_CASE("seccomp notify: the listener is that of the configuration at create", "[seccomp_notify]") {
  NEEDS_ROOT();
  Asked it("hold", {"mkdir"}, go_on);
  it.container.create();
  it.bundle.edit([](json& config) { config["linux"]["seccomp"]["listenerPath"] = "/nowhere"; });
  it.container.start();
  CHECK(it.agent.documents(1).size() == 1);
}

TEST_CASE("seccomp notify: without SCMP_ACT_NOTIFY the listener's path is ignored (config-linux.md)",
          "[seccomp_notify]") {
  NEEDS_ROOT();
  json value = {{"defaultAction", "SCMP_ACT_ALLOW"}, {"listenerPath", "/nowhere"}, {"listenerMetadata", "m"}};
  CHECK(inside("status", profile(value))["status.Seccomp"] == "2");
}

TEST_CASE("seccomp notify: profiles that cannot work are refused before anything is made",
          "[seccomp_notify]") {
  NEEDS_ROOT();
  refused(profile(asking({"mkdir"}, "")), {"linux.seccomp.listenerPath"});
  refused(profile(asking({"mkdir"}, "agent.sock")), {"linux.seccomp.listenerPath", "agent.sock"});
  for (const char* call : {"sendmsg", "recvmsg", "write"})
    refused(profile(asking({"mkdir", call}, "/a")), {"linux.seccomp.syscalls[0]", call});
  json value = asking({"mkdir"}, "/a");
  value["defaultAction"] = "SCMP_ACT_NOTIFY";
  refused(profile(value), {"linux.seccomp.defaultAction"});
  value = {{"defaultAction", "SCMP_ACT_ALLOW"}, {"listenerMetadata", "m"}};
  refused(profile(value), {"linux.seccomp.listenerMetadata"});
  value = {{"defaultAction", "SCMP_ACT_ALLOW"}, {"flags", {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}}};
  refused(profile(value), {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SCMP_ACT_NOTIFY"});
}

TEST_CASE("seccomp notify: a profile that stops the listener on its way is refused", "[seccomp_notify]") {
  NEEDS_ROOT();
  json value = asking({"mkdir"}, "/a");
  value["syscalls"].push_back(rule({"recvmsg"}, "SCMP_ACT_ERRNO"));
  refused(profile(value), {"linux.seccomp", "recvmsg"});
  value = asking({"mkdir"}, "/a");
  value["defaultAction"] = "SCMP_ACT_ERRNO";
  value["syscalls"].push_back(rule({"recvmsg", "read", "write", "execve"}, "SCMP_ACT_ALLOW"));
  refused(profile(value), {"linux.seccomp", "sendmsg"});
}
