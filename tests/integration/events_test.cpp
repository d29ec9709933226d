// events: figures of a container's cgroup, and the word when memory runs out, in the JSON that callers of
// runc read.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <unistd.h>

#include <sstream>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

std::vector<json> lines(const std::string& text) {
  std::vector<json> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(json::parse(line));
  return out;
}

Edit limited() {
  return [](json& config) {
    config["linux"]["resources"]["memory"] = {{"limit", 32 << 20}, {"swap", 32 << 20}};
    config["linux"]["resources"]["pids"] = {{"limit", 77}};
  };
}

}  // namespace

TEST_CASE("events: --stats prints the figures once", "[events]") {
  NEEDS_ROOT();
  Started it({"/bin/sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo worked; sleep 100"},
             limited());
  it.container.wait_for_output("worked");
  const Finished done = it.container.call({"events", "--stats", it.container.id()});
  INFO(done.out << done.err);
  REQUIRE(done.status == 0);
  const auto all = lines(done.out);
  REQUIRE(all.size() == 1);
  CHECK(all[0]["type"] == "stats");
  CHECK(all[0]["id"] == it.container.id());
  const json& data = all[0]["data"];
  CHECK(data["cpu"]["usage"]["total"].get<std::uint64_t>() > 1'000'000);
  CHECK(data["memory"]["usage"]["limit"] == 32 << 20);
  CHECK(data["memory"]["usage"]["usage"].get<std::uint64_t>() > 0);
  CHECK(data["memory"]["raw"].size() > 10);
  CHECK(data["pids"]["limit"] == 77);
  CHECK(data["pids"]["current"].get<int>() >= 1);
  for (const char* key : {"cpuset", "blkio", "hugetlb", "intel_rdt", "network_interfaces"})
    CHECK(data.contains(key));
  CHECK(data["memory"]["swap"].contains("limit"));
  const std::string unified = unified_folder(it.bundle);
  if (unified.empty() || access((unified + "/cpu.pressure").c_str(), F_OK) != 0) return;
  CHECK(data["cpu"]["psi"]["some"].contains("avg10"));  // accounting/psi.rst
  CHECK(data["memory"]["psi"]["full"]["total"].is_number());
  CHECK(data["blkio"]["psi"]["full"]["avg300"].is_number());
}

TEST_CASE("events: the figures come again and again until the container ends", "[events]") {
  NEEDS_ROOT();
  Started it({"/bin/sh", "-c", "sleep 1000"});
  auto running = it.container.begin({"events", "--interval", "50ms", it.container.id()});
  CHECK(eventually([&] { return lines(running.out()).size() >= 3; }));
  REQUIRE(it.container.call({"kill", it.container.id(), "KILL"}).status == 0);
  const Finished done = running.wait();
  INFO(done.err);
  CHECK(done.status == 0);
  for (const auto& event : lines(done.out)) CHECK(event["type"] == "stats");
}

TEST_CASE("events: a process that is ended for lack of memory is told of", "[events]") {
  NEEDS_ROOT();
  // A child is killed, the container's own process goes on.
  Started it({"/bin/sh", "-c",
              "mkfifo /go; echo ready; read x </go; dd if=/dev/zero of=/dev/null bs=200M count=1; echo done; "
              "sleep 1000"},
             limited());
  it.container.wait_for_output("ready");
  auto running = it.container.begin({"events", "--interval", "200ms", it.container.id()});
  running.wait_for("stats");
  CHECK_THAT(running.out(), !Catch::Contains("oom\""));
  write_file(it.bundle.rootfs("/go"), "x\n");
  it.container.wait_for_output("done");
  CHECK(eventually([&] { return running.out().find(R"({"type":"oom","id":")") != std::string::npos; }));
  REQUIRE(it.container.call({"kill", it.container.id(), "KILL"}).status == 0);
  CHECK(running.wait().status == 0);
}

TEST_CASE("events: the lack of memory that ends the container is told of, too", "[events]") {
  NEEDS_ROOT();
  Started it({"/bin/sh", "-c",
              "mkfifo /go; echo ready; read x </go; exec dd if=/dev/zero of=/dev/null bs=200M count=1"},
             limited());
  it.container.wait_for_output("ready");
  auto running = it.container.begin({"events", "--interval", "100ms", it.container.id()});
  running.wait_for("stats");
  write_file(it.bundle.rootfs("/go"), "x\n");
  const Finished done = running.wait();
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK_THAT(done.out, Catch::Contains(R"("type":"oom")"));
}

TEST_CASE("events: what is not there or not running has no figures", "[events]") {
  NEEDS_ROOT();
  Started it({"/bin/sh", "-c", "exit 0"});
  it.container.wait_for("stopped");
  const auto says = [&](std::vector<std::string> line, const std::string& text) {
    line.insert(line.begin(), "events");
    const auto done = it.container.call(line);
    INFO(done.err);
    CHECK(done.status == 1);
    CHECK(done.out.empty());
    CHECK_THAT(done.err, Catch::Contains(text));
  };
  says({"--stats", it.container.id()}, "not running");
  says({it.container.id()}, "not running");
  says({"--stats", "no-such-container"}, "does not exist");
  says({"--interval", "0", it.container.id()}, "must be greater than 0");
  says({"--interval", "soon", it.container.id()}, "invalid value for --interval");
}
