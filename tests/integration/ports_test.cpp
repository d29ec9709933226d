// `lodger ports`: which ports containers hold. Each test has a network stack of its own in the host's place.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "support/container.hpp"
#include "support/host_stack.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;
using Flags = std::vector<std::string>;

namespace {

/// A container that runs, on the host's network unless `flags` say otherwise.
struct Serving {
  Bundle bundle;
  Container container;
  explicit Serving(const std::string& line, const Flags& flags = {"--network", "host"},
                   const Flags& globals = {}, const Setting& setting = {})
      : bundle(line, [](json& config) { config["linux"].erase("resources"); }), container(bundle, globals) {
    container.create(flags, setting);
    container.start();
    if (line.starts_with("serve")) container.wait_for_output("listening.");
  }
  std::string pid() { return std::to_string(container.pid()); }
};

json ports(Container& container, const std::string& id) {
  Flags line = {"ports", "--format", "json"};
  if (!id.empty()) line.push_back(id);
  const auto done = container.call(line);
  INFO(done.err);
  REQUIRE(done.status == 0);
  return json::parse(done.out);
}

/// "tcp 0.0.0.0 80 host probe(12)", a line each.
std::string lines_of(const json& all) {
  std::string out;
  for (const auto& port : all) {
    out += port["protocol"].get<std::string>() + " " + port["address"].get<std::string>() + " " +
           std::to_string(port["port"].get<int>()) + " " + port["network"].get<std::string>();
    for (const auto& process : port["processes"])
      out += " " + process["name"].get<std::string>() + "(" + std::to_string(process["pid"].get<int>()) + ")";
    out += '\n';
  }
  return out;
}

std::string lines_of(Container& container) { return lines_of(ports(container, container.id())); }

}  // namespace

TEST_CASE("ports: what a container on the host's network holds, and nothing of others", "[ports]") {
  NEEDS_ROOT();
  const HostStack host;
  const Bound listener(SOCK_STREAM, "127.0.0.1", 81), datagrams(SOCK_DGRAM, "::1", 80);
  const auto globals = GENERATE(Flags{}, Flags{"--cgroup-manager", "disabled"});
  const auto [stack, shown] = GENERATE(table<std::string, std::string>(
      {{"tcp4", "tcp 0.0.0.0"}, {"tcp6", "tcp ::"}, {"udp4", "udp 0.0.0.0"}, {"udp6", "udp ::"}}));
  Serving it("serve " + stack + " 8080", {"--network", "host"}, globals);
  CHECK(lines_of(it.container) == shown + " 8080 host probe(" + it.pid() + ")\n");
}

TEST_CASE("ports: the table, and the names of its columns", "[ports]") {
  NEEDS_ROOT();
  const HostStack host;
  Serving it("serve tcp4 8080");
  const auto one = it.container.call({"ports", it.container.id()});
  CHECK(support::lines(one.out).size() == 2);
  CHECK(words(support::lines(one.out).at(0)) ==
        Flags{"PROTOCOL", "ADDRESS", "PORT", "NETWORK", "PID", "PROCESS"});
  CHECK(words(support::lines(one.out).at(1)) == Flags{"tcp", "0.0.0.0", "8080", "host", it.pid(), "probe"});
  const auto all = it.container.call({"ports"});
  CHECK(words(support::lines(all.out).at(0)).front() == "ID");
  CHECK(words(support::lines(all.out).at(1)).front() == it.container.id());
}

TEST_CASE("ports: a server that exec brought in counts", "[ports]") {
  NEEDS_ROOT();
  const HostStack host;
  const auto globals = GENERATE(Flags{}, Flags{"--cgroup-manager", "disabled"});
  Serving it("hold", {"--network", "host"}, globals);
  CHECK(ports(it.container, it.container.id()) == json::array());
  Running server = it.container.begin({"exec", it.container.id(), "/bin/probe", "serve", "udp4", "5353"});
  server.wait_for("listening.udp4");
  CHECK_THAT(lines_of(it.container), Catch::StartsWith("udp 0.0.0.0 5353 host probe("));
}

TEST_CASE("ports: a socket that was handed in is the container's as well", "[ports]") {
  NEEDS_ROOT();
  const HostStack host;
  const Bound listener(SOCK_STREAM, "127.0.0.1", 8080);
  Setting setting;
  setting.fds = {{listener.fd(), 3}};
  Serving it("hold", {"--network", "host", "--preserve-fds", "1"}, {}, setting);
  CHECK(lines_of(it.container) == "tcp 127.0.0.1 8080 host probe(" + it.pid() + ")\n");
}

TEST_CASE("ports: a container with a network of its own holds none of the host's", "[ports]") {
  NEEDS_ROOT();
  const HostStack host;
  const Bound listener(SOCK_STREAM, "127.0.0.1", 8080);
  Serving it("serve tcp4 8080", {"--network", "none"});
  CHECK(lines_of(it.container) == "tcp 0.0.0.0 8080 own probe(" + it.pid() + ")\n");
}

TEST_CASE("ports: all containers of the state root, each with its own", "[ports]") {
  NEEDS_ROOT();
  const HostStack host;
  Serving first("serve tcp4 8080");
  const Bundle bundle("serve tcp6 8081"), idle("hold");
  for (const auto* other : {&bundle, &idle}) {
    const auto made = first.container.call(
        {"run", "--detach", "--network", "host", "--bundle", other->path(), other->name()});
    INFO(made.err);
    REQUIRE(made.status == 0);
  }
  json all;
  CHECK(eventually([&] { return (all = ports(first.container, "")).size() == 2; }));
  INFO(all.dump());
  for (const auto& [id, port] : {std::pair{first.container.id(), 8080}, {bundle.name(), 8081}})
    CHECK(std::ranges::count_if(
              all, [&](const json& one) { return one["id"] == id && one["port"] == port; }) == 1);
  for (const auto* other : {&bundle, &idle})
    CHECK(first.container.call({"delete", "--force", other->name()}).status == 0);
  CHECK(ports(first.container, "").size() == 1);
}

TEST_CASE("ports: a container that has ended, one that is not there, a format that is none", "[ports]") {
  NEEDS_ROOT();
  const HostStack host;
  Serving it("hold");
  const auto says = [&](const Flags& line, const std::string& text) {
    const auto done = it.container.call(line);
    INFO(done.out << done.err);
    CHECK(done.status == 1);
    CHECK(done.out.empty());
    CHECK_THAT(done.err, Catch::Contains(text));
  };
  says({"ports", "--format", "xml"}, "invalid format");
  says({"ports", "nobody"}, "container does not exist");
  REQUIRE(it.container.call({"kill", it.container.id(), "KILL"}).status == 0);
  it.container.wait_for("stopped");
  says({"ports", it.container.id()}, "container not running");
  CHECK(ports(it.container, "") == json::array());
}
