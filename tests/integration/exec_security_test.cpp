// Attacks on a process on its way into a container, by the container and by what is asked for.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

Finished shell(Container& container, const std::string& script, const std::vector<std::string>& flags = {}) {
  std::vector<std::string> args = {"exec"};
  args.insert(args.end(), flags.begin(), flags.end());
  args.insert(args.end(), {container.id(), "/bin/sh", "-c", script});
  return container.call(args);
}

void run(Container& container, const char* wait_for = "holding") {
  container.create();
  container.start();
  container.wait_for_output(wait_for);
}

}  // namespace

TEST_CASE("exec_security: seccomp holds for it as for the first process", "[exec_security]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) {
    config["linux"]["seccomp"] = {
        {"defaultAction", "SCMP_ACT_ALLOW"},
        {"syscalls", {{{"names", {"mkdir", "mkdirat"}}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", 99}}}}};
  });
  Container container(bundle);
  run(container);
  const Finished done =
      container.call({"exec", container.id(), "/bin/probe", "status", ";", "syscall", "83"});
  const Facts facts(done.out);
  CHECK(facts["status.Seccomp"] == "2");
  CHECK(facts["syscall:83.errno"] == "99");
}

TEST_CASE("exec_security: CVE-2024-21626, no working directory leads out", "[exec_security]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  run(container);
  for (int fd = 3; fd < 40; ++fd) {
    const Finished done = shell(container, "pwd", {"--cwd", "/proc/self/fd/" + std::to_string(fd)});
    INFO(fd << ": " << done.out << done.err);
    CHECK(done.status != 0);
    CHECK(done.out == "");
  }
}

TEST_CASE("exec_security: CVE-2019-5736, /proc/self/exe is never the runtime", "[exec_security]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  REQUIRE(symlink("/proc/self/exe", bundle.rootfs("/evil").c_str()) == 0);
  write_file(bundle.rootfs("/script"), "#!/proc/self/exe\n", 0755);
  run(container);
  struct stat before {};
  REQUIRE(stat(runtime_path().c_str(), &before) == 0);
  for (const char* target : {"/proc/self/exe", "/evil", "/script"}) {
    const Finished done = container.call({"exec", container.id(), target, "--version"});
    INFO(target << ": " << done.out << done.err);
    CHECK(done.status != 0);
    CHECK(done.out.find("version") == std::string::npos);
  }
  struct stat after {};
  REQUIRE(stat(runtime_path().c_str(), &after) == 0);
  CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
}

namespace {

void in_user_namespace(json& config) {
  config["linux"]["namespaces"].push_back({{"type", "user"}});
  config["linux"]["namespaces"].push_back({{"type", "network"}});
  config["linux"]["uidMappings"] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
  config["linux"]["gidMappings"] = config["linux"]["uidMappings"];
}

void may_trace(json& config) {
  for (const char* set : {"bounding", "effective", "permitted"})
    config["process"]["capabilities"][set].push_back("CAP_SYS_PTRACE");
}

/// What a container gets hold of that tries to trace every process that comes, while the host sends some.
std::string loot_of(const Edit& edit) {
  const Bundle bundle("stalk /tmp/stop", edit);
  Container container(bundle);
  run(container, "stalking");
  for (int i = 0; i < 200; ++i)
    CHECK(container.call({"exec", container.id(), "/bin/probe", "exit", "0"}).status == 0);
  write_file(bundle.rootfs("/tmp/stop"), "");
  container.wait_for_output("stalked");
  const std::string seen = container.output();
  CHECK(std::ranges::count(seen, '\n') > 50);  // else it was too slow to be a danger
  return seen.find("stalk.loot") == seen.npos ? "" : seen.substr(seen.find("stalk.loot"));
}

}  // namespace

// Root of the same user namespace as ours may trace us anyway where it has CAP_SYS_PTRACE: ptrace(2).
TEST_CASE("exec_security: CVE-2016-9962, nobody in a container gets hold of what a process comes with",
          "[exec_security]") {
  NEEDS_ROOT();
  SECTION("root") { CHECK(loot_of({}) == ""); }
  SECTION("root of a user namespace, with CAP_SYS_PTRACE in it") {
    CHECK(loot_of([](json& config) {
            in_user_namespace(config);
            may_trace(config);
          }) == "");
  }
}

TEST_CASE("exec_security: a passwd that is a FIFO, and a /dev/pts that is none, harm nobody",
          "[exec_security]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) {
    config["process"]["env"] = {"PATH=/bin"};
    std::erase_if(config["mounts"].get_ref<json::array_t&>(),
                  [](const json& mount) { return mount["destination"] == "/dev/pts"; });
  });
  Container container(bundle);
  unlink(bundle.rootfs("/etc/passwd").c_str());
  mkdir(bundle.rootfs("/etc").c_str(), 0755);
  REQUIRE(mkfifo(bundle.rootfs("/etc/passwd").c_str(), 0644) == 0);
  run(container);
  CHECK(shell(container, "exit 4").status == 4);
  shell(container, "rm -f /dev/pts; mkdir -p /dev/pts; mknod /dev/pts/ptmx c 5 2");
  const Finished done = shell(container, "echo ran", {"-t"});
  INFO(done.out << done.err);
  CHECK(done.status == 255);
  CHECK_THAT(done.err, Catch::Contains("terminal"));
}
