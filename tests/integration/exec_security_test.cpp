// Attacks on a process on its way into a container, by the container and by what is asked for.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

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

TEST_CASE(
    "exec_security: CVE-2016-9962, a container that looks at every new process sees nothing of the host",
    "[exec_security]") {
  NEEDS_ROOT();
  // Reads each process's descriptors as fast as it can. What leads to memfd, pidfd or a socket of ours would
  // show as such.
  const Bundle bundle(std::vector<std::string>{
      "/bin/sh", "-c",
      "echo looking; while [ ! -e /tmp/stop ]; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] && continue; "
      "ls -l $p/fd $p/exe 2>/dev/null | grep -E 'memfd:|pidfd|/proc|cgroup' | grep -v 'fd:$'; done; done"});
  Container container(bundle);
  run(container, "looking");
  for (int i = 0; i < 100; ++i)
    CHECK(container.call({"exec", container.id(), "/bin/probe", "exit", "0"}).status == 0);
  shell(container, "touch /tmp/stop");
  container.wait_for("stopped");
  const std::string seen = container.output();
  INFO(seen);
  CHECK(seen.find("memfd:plan") == std::string::npos);
  CHECK(seen.find("pidfd") == std::string::npos);
  CHECK(seen.find("tasks") == std::string::npos);
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
