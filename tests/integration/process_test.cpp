// config.md, "Process": who the payload is and what it is given, from inside and from outside.
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

namespace {

json& process(json& config) { return config["process"]; }

}  // namespace

TEST_CASE("process: user, group and additional groups (config.md, User)", "[process]") {
  NEEDS_ROOT();
  const Facts facts = inside("ids", [](json& config) {
    process(config)["user"] = {{"uid", 1234}, {"gid", 5678}, {"additionalGids", {7, 5, 100000}}};
  });
  for (const char* id : {"uid", "euid", "suid"}) CHECK(facts[id] == "1234");
  for (const char* id : {"gid", "egid", "sgid"}) CHECK(facts[id] == "5678");
  CHECK(facts["groups"] == "5,7,100000");
}

TEST_CASE("process: without additionalGids no group of the caller stays", "[process]") {
  NEEDS_ROOT();
  CHECK(inside("ids", [](json& config) {
          process(config)["user"] = {{"uid", 1}, {"gid", 2}};
        })["groups"] == "");
}

TEST_CASE("process: umask (config.md, User)", "[process]") {
  NEEDS_ROOT();
  CHECK(inside("umask", [](json& config) { process(config)["user"]["umask"] = 0027; })["umask"] == "0027");
  CHECK(inside("umask", [](json& config) { process(config)["user"]["umask"] = 0; })["umask"] == "0000");
}

TEST_CASE("process: cwd, and a cwd that is not there is made", "[process]") {
  NEEDS_ROOT();
  CHECK(inside("cwd", [](json& config) { process(config)["cwd"] = "/etc"; })["cwd"] == "/etc");
  const Facts made =
      inside("cwd ; stat /not/there", [](json& config) { process(config)["cwd"] = "/not/there"; });
  CHECK(made["cwd"] == "/not/there");
  CHECK(made["stat:/not/there.mode"] == "0755");
}

TEST_CASE("process: cwd must be absolute and a folder (config.md, Process)", "[process]") {
  NEEDS_ROOT();
  refused([](json& config) { process(config)["cwd"] = "etc"; }, {"cwd"});
  refused([](json& config) { process(config)["cwd"] = ""; }, {"cwd"});
  refused([](json& config) { process(config)["cwd"] = "/bin/probe"; }, {"/bin/probe"});
}

TEST_CASE("process: cwd in a folder that only the user may enter", "[process]") {
  NEEDS_ROOT();
  const Bundle bundle("cwd ; ids", [](json& config) {
    process(config)["cwd"] = "/home";
    process(config)["user"] = {{"uid", 1000}, {"gid", 1000}};
    process(config)["capabilities"] = json::object();
  });
  REQUIRE(mkdir(bundle.rootfs("/home").c_str(), 0700) == 0);
  REQUIRE(chown(bundle.rootfs("/home").c_str(), 1000, 1000) == 0);
  REQUIRE(chmod(bundle.rootfs("/home").c_str(), 0700) == 0);
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(Facts(done.out)["cwd"] == "/home");
}

TEST_CASE("process: resource limits, soft and hard (config.md, POSIX process)", "[process]") {
  NEEDS_ROOT();
  // only lowered, or kept: raising a hard limit takes CAP_SYS_RESOURCE, which a test machine may lack
  const Facts facts = inside("rlimits", [](json& config) {
    process(config)["rlimits"] = {
        {{"type", "RLIMIT_NOFILE"}, {"soft", 100}, {"hard", 200}},
        {{"type", "RLIMIT_CORE"}, {"soft", 0}, {"hard", 0}},
        {{"type", "RLIMIT_MSGQUEUE"}, {"soft", 4096}, {"hard", 8192}},
        {{"type", "RLIMIT_AS"}, {"soft", 1ULL << 33}, {"hard", 18446744073709551615ULL}}};
  });
  CHECK(facts["rlimit.NOFILE"] == "100:200");
  CHECK(facts["rlimit.CORE"] == "0:0");
  CHECK(facts["rlimit.MSGQUEUE"] == "4096:8192");
  CHECK(facts["rlimit.AS"] == "8589934592:unlimited");
}

TEST_CASE("process: duplicate, unknown and upside-down limits are refused (config.md: MUST error)",
          "[process]") {
  NEEDS_ROOT();
  const json one = {{"type", "RLIMIT_NOFILE"}, {"soft", 1}, {"hard", 2}};
  refused([&](json& config) { process(config)["rlimits"] = {one, one}; }, {"process.rlimits"});
  refused(
      [&](json& config) {
        process(config)["rlimits"] = {{{"type", "RLIMIT_PATIENCE"}, {"soft", 1}, {"hard", 2}}};
      },
      {"RLIMIT_PATIENCE"});
  refused(
      [&](json& config) {
        process(config)["rlimits"] = {{{"type", "RLIMIT_NOFILE"}, {"soft", 20}, {"hard", 10}}};
      },
      {"process.rlimits"});
}

TEST_CASE("process: capability sets are the configuration's (config.md, Linux Process)", "[process]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& config) {
    process(config)["capabilities"] = {{"bounding", {"CAP_KILL", "CAP_SYS_CHROOT", "CAP_CHOWN"}},
                                       {"permitted", {"CAP_KILL", "CAP_CHOWN"}},
                                       {"effective", {"CAP_KILL"}},
                                       {"inheritable", {"CAP_CHOWN"}},
                                       {"ambient", {"CAP_CHOWN"}}};
  });
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("holding");
  const pid_t pid = container.pid();
  // root's execve(2) raises permitted and effective to what is bounding (or inheritable): capabilities(7)
  CHECK(proc_status(pid, "CapBnd") == "0000000000040021");
  CHECK(proc_status(pid, "CapInh") == "0000000000000001");
}

TEST_CASE("process: an ordinary user has the ambient set and no more", "[process]") {
  NEEDS_ROOT();
  const Facts facts = inside("status", [](json& config) {
    process(config)["user"] = {{"uid", 1000}, {"gid", 1000}};
    process(config)["capabilities"] = {{"bounding", {"CAP_NET_BIND_SERVICE", "CAP_KILL"}},
                                       {"permitted", {"CAP_NET_BIND_SERVICE", "CAP_KILL"}},
                                       {"effective", {"CAP_NET_BIND_SERVICE", "CAP_KILL"}},
                                       {"inheritable", {"CAP_NET_BIND_SERVICE"}},
                                       {"ambient", {"CAP_NET_BIND_SERVICE"}}};
  });
  CHECK(facts["status.CapAmb"] == "0000000000000400");
  CHECK(facts["status.CapEff"] == "0000000000000400");
  CHECK(facts["status.CapPrm"] == "0000000000000400");
  CHECK(facts["status.CapInh"] == "0000000000000400");
  CHECK(facts["status.CapBnd"] == "0000000000000420");
}

TEST_CASE("process: an ambient capability that the kernel would not hold is left out with a warning",
          "[process]") {
  NEEDS_ROOT();
  const Finished done = outcome("status", [](json& config) {
    process(config)["capabilities"]["inheritable"] = {"CAP_KILL"};
    process(config)["capabilities"]["ambient"] = {"CAP_KILL", "CAP_CHOWN"};
  });
  CHECK(done.status == 0);
  CHECK_THAT(done.err,
             Catch::Contains("can't raise ambient capability CAP_CHOWN: ") && !Catch::Contains("CAP_KILL"));
  CHECK(Facts(done.out)["status.CapAmb"] == "0000000000000020");
}

TEST_CASE("process: an ordinary user without ambient set has no capability", "[process]") {
  NEEDS_ROOT();
  const Facts facts = inside("status", [](json& config) {
    process(config)["user"] = {{"uid", 1000}, {"gid", 1000}};
  });
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
    CHECK(facts[std::string("status.") + set] == "0000000000000000");
}

TEST_CASE("process: nothing is inheritable unless the configuration says so (CVE-2022-29162)", "[process]") {
  NEEDS_ROOT();
  const Facts facts = inside("status");
  CHECK(facts["status.CapInh"] == "0000000000000000");
  CHECK(facts["status.CapAmb"] == "0000000000000000");
  CHECK(facts["status.CapEff"] == "00000000a80425fb");
}

TEST_CASE("process: without capabilities there are none", "[process]") {
  NEEDS_ROOT();
  const Facts facts =
      inside("status", [](json& config) { process(config)["capabilities"] = json::object(); });
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    CHECK(facts[std::string("status.") + set] == "0000000000000000");
}

TEST_CASE("process: a capability that this kernel does not know is warned of, not fatal (config.md)",
          "[process]") {
  NEEDS_ROOT();
  const Finished done = outcome("status", [](json& config) {
    process(config)["capabilities"]["bounding"] = {"CAP_KILL", "CAP_TIME_TRAVEL"};
    process(config)["capabilities"]["effective"] = {"CAP_KILL", "CAP_TIME_TRAVEL"};
    process(config)["capabilities"]["permitted"] = {"CAP_KILL"};
  });
  CHECK(done.status == 0);
  CHECK_THAT(done.err, Catch::Contains("CAP_TIME_TRAVEL"));
  if (is_lodger()) CHECK_THAT(done.err, Catch::StartsWith("lodger: warning: process.capabilities: "));
  CHECK(Facts(done.out)["status.CapBnd"] == "0000000000000020");
}

TEST_CASE("process: noNewPrivileges", "[process]") {
  NEEDS_ROOT();
  CHECK(inside("attributes", [](json& config) { process(config)["noNewPrivileges"] = true; })["nnp"] == "1");
  CHECK(inside("attributes", [](json& config) { process(config)["noNewPrivileges"] = false; })["nnp"] == "0");
  CHECK(inside("attributes")["nnp"] == "0");
}

TEST_CASE("process: oomScoreAdj is set, and left alone without the entry (config.md: MUST NOT change)",
          "[process]") {
  NEEDS_ROOT();
  CHECK(inside("attributes", [](json& config) { process(config)["oomScoreAdj"] = 321; })["oom_score_adj"] ==
        "321\\n");
  CHECK(inside("attributes", [](json& config) { process(config)["oomScoreAdj"] = 0; })["oom_score_adj"] ==
        "0\\n");
  std::string ours = read_file("/proc/self/oom_score_adj");
  ours.pop_back();
  CHECK(inside("attributes")["oom_score_adj"] == ours + "\\n");
  refused([](json& config) { process(config)["oomScoreAdj"] = 5000; }, {"oomScoreAdj"});
}

TEST_CASE("process: the environment is the configuration's alone", "[process]") {
  NEEDS_ROOT();
  const Facts facts = inside("env", [](json& config) {
    process(config)["env"] = {"PATH=/bin", "EMPTY=", "SPACE=a", "TWICE=first", "EQ=a=b"};
  });
  CHECK(facts["env.PATH"] == "/bin");
  CHECK(facts["env.EMPTY"] == "");
  CHECK(facts["env.EQ"] == "a=b");
  CHECK(facts["env.TWICE"] == "first");
  CHECK_FALSE(facts.has("env.LODGER"));
  // the five, and HOME
  CHECK(facts["env.count"] == "6");
}

TEST_CASE("process: a variable that stands twice has its last value, and stands once", "[process]") {
  NEEDS_ROOT();
  const Facts facts = inside("env", [](json& config) {
    process(config)["env"] = {"PATH=/nowhere", "ONE=1", "HOME=/gone", "HOME=", "ONE=2", "PATH=/bin", "ONE="};
  });
  CHECK(facts["env.PATH"] == "/bin");
  CHECK(facts["env.ONE"] == "");
  CHECK(facts["env.HOME"] == "/");
  CHECK(facts["env.count"] == "3");
}

TEST_CASE("process: what is no NAME=VALUE is refused", "[process]") {
  NEEDS_ROOT();
  for (const char* entry : {"NAME", "", "=value"})
    refused([&](json& config) { process(config)["env"].push_back(entry); }, {"process.env["});
}

TEST_CASE("process: HOME comes from the container's passwd, or is /", "[process]") {
  NEEDS_ROOT();
  const Bundle bundle("env", [](json& config) { process(config)["user"] = {{"uid", 1000}, {"gid", 1000}}; });
  write_file(bundle.rootfs("/etc/passwd"),
             "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:U:/home/user:/bin/sh\n");
  Container container(bundle);
  CHECK(Facts(container.run().out)["env.HOME"] == "/home/user");
  CHECK(inside("env")["env.HOME"] == "/");
  CHECK(inside("env", [](json& config) { process(config)["env"] = {"HOME=/set"}; })["env.HOME"] == "/set");
}

TEST_CASE("process: arguments arrive as they are", "[process]") {
  NEEDS_ROOT();
  const std::vector<std::string> args = {"/bin/probe",           "args", ";",       "echo",
                                         "two words\tand\nmore", "",     "--flag=x"};
  const Bundle bundle(args);
  Container container(bundle);
  const Facts facts(container.run().out);
  CHECK(facts["arg.count"] == "7");
  CHECK(facts["arg.0"] == "/bin/probe");
  CHECK(facts["arg.4"] == "two words\tand\\nmore");
  CHECK(facts["arg.5"] == "");
}

TEST_CASE("process: a program without a slash is looked up in the container's PATH", "[process]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"probe", "args"},
                      [](json& config) { process(config)["env"] = {"PATH=/nowhere:/etc:/bin"}; });
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK(Facts(done.out)["arg.0"] == "probe");
}

TEST_CASE("process: a program that only the user's capabilities let it execute", "[process]") {
  NEEDS_ROOT();
  const bool capable = GENERATE(true, false);
  const Bundle bundle("echo ran", [&](json& config) {
    process(config)["user"] = {{"uid", 1000}, {"gid", 1000}};
    for (const char* set : {"bounding", "permitted", "effective", "inheritable", "ambient"})
      process(config)["capabilities"][set] = {capable ? "CAP_DAC_OVERRIDE" : "CAP_KILL"};
  });
  REQUIRE(chmod(bundle.rootfs("/bin/probe").c_str(), 0700) == 0);
  Container container(bundle);
  const Finished done = container.run();
  INFO(done.err);
  CHECK((done.status == 0) == capable);
  if (!capable) CHECK_THAT(done.err, Catch::Contains("permission denied"));
}

TEST_CASE("process: with a slash it is taken from the container's cwd", "[process]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"./probe", "args"},
                      [](json& config) { process(config)["cwd"] = "/bin"; });
  Container container(bundle);
  CHECK(Facts(container.run().out)["arg.0"] == "./probe");
}

TEST_CASE("process: no attribute of the runtime stays on the payload", "[process]") {
  NEEDS_ROOT();
  const Facts facts = inside("attributes ; status");
  CHECK(facts["pdeathsig"] == "0");
  CHECK(facts["dumpable"] == "1");
  CHECK(facts["securebits"] == "0");
  CHECK(facts["status.SigBlk"] == "0000000000000000");
  // 32 and 33 are the C library's, which ignores them in what posix_spawn(3) starts: this test's own doing
  CHECK((std::stoull(facts["status.SigIgn"], nullptr, 16) & 0x7fffffff) == 0);
  CHECK(facts["status.Seccomp"] == "0");
  CHECK(facts["sid"] == "1");
}

TEST_CASE("process: personality LINUX32 (config-linux.md, Personality)", "[process]") {
  NEEDS_ROOT();
  const Facts facts = inside("attributes ; uts", [](json& config) {
    config["linux"]["personality"] = {{"domain", "LINUX32"}};
  });
  CHECK(facts["personality"] == "8");
  CHECK(facts["machine"] == "i686");
  refused([](json& config) { config["linux"]["personality"] = {{"domain", "VMS"}}; }, {"VMS"});
}

TEST_CASE("process: a limit of descriptors that cannot be set is refused by create, not by start",
          "[process]") {
  NEEDS_ROOT();
  constexpr std::uint64_t beyond_nr_open = 1ULL << 40;
  const Bundle bundle("rlimits", [&](json& config) {
    process(config)["rlimits"] = {
        {{"type", "RLIMIT_NOFILE"}, {"soft", beyond_nr_open}, {"hard", beyond_nr_open}}};
  });
  Container container(bundle);
  const Finished created = container.call(container.making("create"));
  CHECK(created.status != 0);
  CHECK_THAT(created.err, Catch::Contains("process.rlimits[0]"));
}

TEST_CASE("process: a limit of descriptors lower than init's own need", "[process]") {
  NEEDS_ROOT();
  const Bundle bundle("rlimits", [](json& config) {
    process(config)["rlimits"] = {{{"type", "RLIMIT_NOFILE"}, {"soft", 4}, {"hard", 4}}};
  });
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("rlimit.NOFILE=4:4");
}
