#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <sstream>

#include "../support/census.hpp"
#include "../support/needs.hpp"
#include "caller.hpp"
#include "tests/support/files.hpp"

using namespace lodger::test;
using wire::Code;

namespace {

wire::Any toml(const std::string& text) {
  wire::RuntimeOptions options;
  options.config_body = text;
  return {"runtimeoptions.v1.Options", wire::encode(options)};
}

}  // namespace

TEST_CASE("shim: what containerd asks before it starts one") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  const auto info = call_shim(bundle, place, "c1", "-info");
  REQUIRE(info.succeeded());
  const auto decoded = wire::decode<wire::RuntimeInfo>(info.out);
  REQUIRE(decoded);
  CHECK(decoded->name == "io.containerd.lodger.v2");
  REQUIRE(decoded->features);
  CHECK(nlohmann::json::parse(decoded->features->value)["linux"]["mountExtensions"]["idmap"]["enabled"] ==
        true);
  CHECK_THAT(call_shim(bundle, place, "c1", "-v").out, Catch::Contains("Version:"));
  CHECK_THAT(call_shim(bundle, place, "c1", "stop").err, Catch::Contains("\"start\" or \"delete\""));
  CHECK(call_shim(bundle, place, "../c1", "start").refused());
}

TEST_CASE("shim: a pod's containers share one, which stays until the last is gone") {
  NEEDS_ROOT();
  PodOfTwo pod;
  auto& [first, second, place, one, two] = pod;
  CHECK(one.socket() == two.socket());
  CHECK(one.pid() == two.pid());
  REQUIRE(one.create());
  REQUIRE(two.create());
  REQUIRE(one.start());
  REQUIRE(two.start());
  REQUIRE(one.kill(SIGKILL));
  CHECK(one.wait());
  REQUIRE(one.remove());
  REQUIRE(one.call<wire::Empty>("Shutdown", wire::ShutdownRequest{"c1", false}));
  CHECK(two.state()->status == wire::TaskStatus::running);
  REQUIRE(two.kill(SIGKILL));
  CHECK(two.wait());
}

TEST_CASE("shim: after its own unexpected end its container is ended and removed") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  const auto created = shim.create();
  REQUIRE(created);
  REQUIRE(shim.start());
  ::kill(shim.pid(), SIGKILL);
  CHECK(support::eventually([&] { return is_gone(shim.pid()); }));
  CHECK(!is_gone(static_cast<pid_t>(created->pid)));
  const auto removed = call_shim(bundle, place, "c1", "delete");
  INFO(removed.summary());
  REQUIRE(removed.succeeded());
  CHECK(wire::decode<wire::DeleteResponse>(removed.out)->exit_status == 128 + SIGKILL);
  CHECK(is_gone(static_cast<pid_t>(created->pid)));
  CHECK(support::names_in(shim.state_root()).empty());
  // and once more, as containerd may
  CHECK(call_shim(bundle, place, "c1", "delete").succeeded());
  // the dead one's socket is no obstacle to a new one
  const Shim another(bundle, place);
  CHECK(another.socket() == shim.socket());
  CHECK(another.pid() != shim.pid());
}

TEST_CASE("shim: what happens while containerd is away is told when it is back") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  CHECK(shim.wait()->exit_status == 0);
  const Containerd containerd(place.path("c.sock.ttrpc"));
  shim.reconnect();
  CHECK(shim.wait()->exit_status == 0);
  containerd.wait_for("/tasks/create /tasks/start /tasks/exit");
}

TEST_CASE("shim: options in an engine's words") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  auto request = shim.create_request();
  const auto refusal = [&](const wire::Any& options) {
    request.options = options;
    const auto created = shim.call<wire::PidResponse>("Create", request);
    REQUIRE(!created);
    CHECK(created.error().code == Code::invalid_argument);
    return created.error().message;
  };
  CHECK_THAT(refusal(toml("BinaryName = \"/usr/sbin/runc\"")),
             Catch::Contains("BinaryName \"/usr/sbin/runc\""));
  CHECK_THAT(refusal(toml("Rot = \"/x\"")), Catch::Contains("unknown option \"Rot\""));
  CHECK_THAT(refusal(toml("SystemdCgroup = 1")), Catch::Contains("another kind"));
  CHECK_THAT(refusal(toml("SystemdCgroup =")), Catch::Contains("line 1"));
  CHECK_THAT(refusal({"some.other.Options", "x"}), Catch::Contains("some.other.Options"));
  request.options = toml("BinaryName = \"/usr/bin/lodger\"\nRoot = \"" + place.path("root") + "\"\n");
  REQUIRE(shim.call<wire::PidResponse>("Create", request));
  CHECK(support::names_in(place.path("root") + "/test") == std::vector<std::string>{"c1"});
}

TEST_CASE("shim: containerd's own service manager is not its containers'") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  REQUIRE(::setenv("NOTIFY_SOCKET", place.path("notify").c_str(), 1) == 0);
  Shim shim(bundle, place);
  ::unsetenv("NOTIFY_SOCKET");
  shim.run();
  CHECK(shim.state()->status == wire::TaskStatus::running);
}

TEST_CASE("shim: a containerd that comes back finds it by the bundle's address file") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  const Shim shim(bundle, place);
  CHECK(support::read_file(bundle.beside("address")) == "unix://" + shim.socket());
}

TEST_CASE("shim: one that cannot leave its address does not begin, and leaves no socket") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  REQUIRE(std::filesystem::create_directory(bundle.path() + "/address"));
  const auto started = start_shim(bundle, place, "c1", options_of(place));
  CHECK(started.refused());
  CHECK_THAT(started.err, Catch::Contains("address"));
  CHECK(support::names_in(place.path("s")).empty());
}

TEST_CASE("shim: with too few descriptors it serves, or has ended and leaves no socket") {
  NEEDS_ROOT();
  constexpr int least = 4, most = 20;
  int unfinished = 0;
  for (int limit = least; limit < most; ++limit) {
    CAPTURE(limit);
    const Bundle bundle(words("/bin/true"));
    const Place place;
    const auto started =
        start_shim(bundle, place, "c1", options_of(place),
                   {"/bin/sh", "-c", "ulimit -n " + std::to_string(limit) + "; exec \"$@\"", "sh"});
    std::filesystem::remove_all(bundle.path());  // ends one that serves
    CHECK(support::eventually(
        [&] { return !support::exists(place.path("s")) || support::names_in(place.path("s")).empty(); }));
    unfinished += started.succeeded() ? 0 : 1;
  }
  CHECK(unfinished > 0);
  CHECK(unfinished < most - least);
}

TEST_CASE(
    "shim: a hook that takes long keeps nobody else waiting, nor does the end of what it waits for get "
    "lost") {
  NEEDS_ROOT();
  const Place place;
  const Bundle first(words("/bin/sleep 1000"), in_pod);
  const Bundle second(words("/bin/true"), [&](nlohmann::json& config) {
    in_pod(config);
    config["hooks"]["poststart"] = nlohmann::json::array({waiting_hook(place.path("go"))});
  });
  const Containerd containerd(place.path("c.sock.ttrpc"));
  Shim one(first, place, "c1"), two(second, place, "c2");
  REQUIRE(one.create());
  REQUIRE(one.start());
  REQUIRE(two.create());
  const auto started = two.send("Start", wire::encode(wire::ProcessRequest{"c2", ""}));
  // c2's process ends while its hook runs
  const auto began = std::chrono::steady_clock::now();
  REQUIRE(one.exec("e1", words("/bin/true")));
  REQUIRE(one.start("e1"));
  CHECK(one.wait("e1")->exit_status == 0);
  CHECK(one.state()->status == wire::TaskStatus::running);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
  CHECK_THAT(containerd.topics(), !Catch::Contains("/tasks/exit /tasks/exit"));
  support::write_file(place.path("go"), "");
  CHECK(two.receive<wire::PidResponse>(started));
  CHECK(two.wait()->exit_status == 0);
  std::string of_second;
  support::eventually([&] {
    of_second.clear();
    for (const auto& event : containerd.envelopes()) {
      const auto whose = wire::decode<wire::OfContainer>(event.event->value);
      if (whose && whose->container_id == "c2") of_second += event.topic + " ";
    }
    return of_second.ends_with("/tasks/exit ");
  });
  CHECK(of_second == "/tasks/create /tasks/start /tasks/exit ");
  REQUIRE(one.kill(SIGKILL));
  CHECK(one.wait());
  CHECK(one.remove());
}

TEST_CASE("shim: what a container leaves behind is reaped") {
  NEEDS_ROOT();
  // without a pid namespace the shim is who orphans come to
  const Bundle bundle({"/bin/sh", "-c", "(sleep 0.3 & exec sleep 0.1) & sleep 1000"},
                      [](nlohmann::json& config) { config["linux"]["namespaces"].erase(0); });
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  const auto children = [&] {
    std::istringstream pids(support::read_file("/proc/" + std::to_string(shim.pid()) + "/task/" +
                                               std::to_string(shim.pid()) + "/children"));
    return std::distance(std::istream_iterator<std::string>(pids), {});
  };
  CHECK(support::eventually([&] { return children() == 2; }, std::chrono::milliseconds(500)));
  CHECK(support::eventually([&] { return children() == 1; }));
}
