// ps: which processes are the container's, as pids and as lines of the host's ps(1).
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "support/census.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

struct Two {
  Bundle bundle{std::vector<std::string>{"/bin/sh", "-c", "sleep 4321 & echo up; wait"}};
  Container container{bundle};
  Two() {
    container.create();
    container.start();
    container.wait_for_output("up");
  }
  std::vector<pid_t> pids() {
    const auto done = container.call({"ps", "--format", "json", container.id()});
    INFO(done.err);
    REQUIRE(done.status == 0);
    return json::parse(done.out).get<std::vector<pid_t>>();
  }
};

}  // namespace

TEST_CASE("ps: json is the array of all pids of the host", "[ps]") {
  NEEDS_ROOT();
  Two it;
  REQUIRE(eventually([&] { return it.pids().size() == 2; }));
  const auto pids = it.pids();
  CHECK(std::ranges::count(pids, it.container.pid()) == 1);
  for (const pid_t pid : pids) CHECK(ns_id(pid, "pid") == ns_id(it.container.pid(), "pid"));
}

TEST_CASE("ps: processes of a cgroup below the container's count too", "[ps]") {
  NEEDS_ROOT();
  Two it;
  const auto folders = cgroup_folders(it.bundle.name());
  REQUIRE_FALSE(folders.empty());
  const pid_t own = it.container.pid();
  pid_t other = 0;
  REQUIRE(eventually([&] {
    for (const pid_t pid : it.pids())
      if (pid != own) other = pid;
    return other != 0;
  }));
  for (const auto& folder : folders) {
    const auto below = folder + "/below";
    REQUIRE(mkdir(below.c_str(), 0755) == 0);
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"})
      if (access((below + file).c_str(), F_OK) == 0 && folder.find("cpuset") != std::string::npos)
        write_file(below + file, read_file(folder + file));
    write_file(below + "/cgroup.procs", std::to_string(other));
  }
  CHECK(it.pids().size() == 2);
}

TEST_CASE("ps: the table has ps's headings and the container's lines alone", "[ps]") {
  NEEDS_ROOT();
  NEEDS(run_command({"/bin/sh", "-c", "command -v ps"}).status == 0, "there is no ps on this machine");
  Two it;
  REQUIRE(eventually([&] { return it.pids().size() == 2; }));
  const auto done = it.container.call({"ps", it.container.id()});
  INFO(done.out << done.err);
  REQUIRE(done.status == 0);
  CHECK_THAT(done.out, Catch::StartsWith("UID ") && Catch::Contains("sleep 4321"));
  CHECK(std::ranges::count(done.out, '\n') == 3);

  const auto chosen = it.container.call({"ps", it.container.id(), "-o", "comm,pid"});
  INFO(chosen.out << chosen.err);
  REQUIRE(chosen.status == 0);
  CHECK_THAT(chosen.out, Catch::StartsWith("COMMAND") && Catch::Contains(std::to_string(it.container.pid())));
  CHECK(std::ranges::count(chosen.out, '\n') == 3);
}

TEST_CASE("ps: what ps(1) or the caller gets wrong is told", "[ps]") {
  NEEDS_ROOT();
  NEEDS(run_command({"/bin/sh", "-c", "command -v ps"}).status == 0, "there is no ps on this machine");
  Two it;
  const auto says = [&](std::vector<std::string> line, const std::string& text) {
    line.insert(line.begin(), "ps");
    const auto done = it.container.call(line);
    INFO(done.out << done.err);
    CHECK(done.status == 1);
    CHECK(done.out.empty());
    CHECK_THAT(done.err, Catch::Contains(text));
  };
  says({it.container.id(), "-o", "comm"}, "PID");
  says({it.container.id(), "--no-such-option"}, "ps: exit status");
  says({"--format", "xml", it.container.id()}, "invalid format option");
  says({"no-such-container"}, "does not exist");
}

TEST_CASE("ps: a stopped container has no processes", "[ps]") {
  NEEDS_ROOT();
  Two it;
  REQUIRE(it.container.call({"kill", it.container.id(), "KILL"}).status == 0);
  it.container.wait_for("stopped");
  CHECK(eventually([&] { return it.pids().empty(); }));
}
