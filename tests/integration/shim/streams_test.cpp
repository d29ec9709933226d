#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "../support/needs.hpp"
#include "caller.hpp"
#include "tests/support/files.hpp"

using namespace lodger::test;
using wire::Code;

namespace {

/// The writing end of a FIFO that has a reader.
class Writer {
 public:
  explicit Writer(const std::string& fifo) : fd_(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)) {
    REQUIRE(fd_ >= 0);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { close(); }
  void say(const std::string& text) const {
    REQUIRE(::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

wire::CloseIoRequest close_input(const std::string& exec_id = "") {
  wire::CloseIoRequest request;
  request.id = "c1";
  request.exec_id = exec_id;
  request.standard_in = true;
  return request;
}

}  // namespace

TEST_CASE("shim: standard input goes on when its writer does, and ends with CloseIO") {
  NEEDS_ROOT();
  // with a label the shim stands in between; this kernel may have no AppArmor, an io owner does the same
  const bool between = GENERATE(false, true);
  const Bundle bundle(shell("cat; echo end"));
  const Place place;
  Shim shim(bundle, place);
  Reader out(place.fifo("out"));
  auto request = shim.create_request(place.path("out"));
  request.standard_in = place.fifo("in");
  wire::RuncOptions options;
  options.root = place.path("root");
  options.io_uid = options.io_gid = between ? 65534 : 0;
  request.options = wire::Any{"containerd.runc.v1.Options", wire::encode(options)};
  REQUIRE(shim.call<wire::PidResponse>("Create", request));
  REQUIRE(shim.start());
  Writer(place.path("in")).say("one\n");
  CHECK(support::eventually([&] { return out.text() == "one\n"; }));
  Writer(place.path("in")).say("two\n");
  CHECK(support::eventually([&] { return out.text() == "one\ntwo\n"; }));
  REQUIRE(shim.call<wire::Empty>("CloseIO", close_input()));
  CHECK(shim.wait()->exit_status == 0);
  CHECK(out.all() == "one\ntwo\nend\n");
}

TEST_CASE("shim: a client that is late to read finds what a quick process wrote") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  REQUIRE(shim.exec("e1", words("/bin/busybox echo quick"), place.fifo("out")));
  std::string read;
  std::jthread client([&, path = place.path("out")](const std::stop_token& stopped) {
    usleep(300'000);
    const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    for (bool last = false; read.empty() && !last; usleep(10'000)) {
      last = stopped.stop_requested();
      char bytes[64];
      if (const auto size = ::read(fd, bytes, sizeof bytes); size > 0)
        read.assign(bytes, static_cast<std::size_t>(size));
    }
    ::close(fd);
  });
  REQUIRE(shim.start("e1"));
  const auto ended = shim.wait("e1");
  REQUIRE(ended);
  CHECK(ended->exit_status == 0);
  CHECK(shim.remove("e1"));
  client.request_stop();
  client.join();
  CHECK(read == "quick\n");
}

TEST_CASE("shim: CloseIO that comes before the process is there is kept for it") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  Reader out(place.fifo("out"));
  REQUIRE(shim.exec("e1", words("/bin/cat"), place.path("out"), place.fifo("in")));
  REQUIRE(shim.call<wire::Empty>("CloseIO", close_input("e1")));
  REQUIRE(shim.start("e1"));
  CHECK(shim.wait("e1")->exit_status == 0);
}

TEST_CASE("shim: two streams are told apart, a file is appended to, and none is nowhere") {
  NEEDS_ROOT();
  const Bundle bundle(shell("echo out; echo err >&2"));
  const Place place;
  support::write_file(place.path("log"), "before\n");
  Shim shim(bundle, place);
  Reader out(place.fifo("out"));
  auto request = shim.create_request(place.path("out"));
  request.standard_err = "file://" + place.path("log");
  REQUIRE(shim.call<wire::PidResponse>("Create", request));
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
  CHECK(out.all() == "out\n");
  CHECK(support::read_file(place.path("log")) == "before\nerr\n");
}

TEST_CASE("shim: a reader that goes away and comes back misses nothing, and the process goes on") {
  NEEDS_ROOT();
  const Bundle bundle(shell("echo one; read x; echo two; read x; echo three"));
  const Place place;
  Shim shim(bundle, place);
  auto request = shim.create_request(place.fifo("out"));
  request.standard_in = place.fifo("in");
  auto first = std::make_unique<Reader>(place.path("out"));
  REQUIRE(shim.call<wire::PidResponse>("Create", request));
  REQUIRE(shim.start());
  const Writer in(place.path("in"));
  CHECK(support::eventually([&] { return first->text() == "one\n"; }));
  first.reset();
  in.say("\n");
  Reader second(place.path("out"));
  CHECK(support::eventually([&] { return second.text() == "two\n"; }));
  in.say("\n");
  CHECK(second.all() == "two\nthree\n");
  CHECK(shim.wait()->exit_status == 0);
}

TEST_CASE("shim: a terminal") {
  NEEDS_ROOT();
  const Bundle bundle(shell("stty size; read line; echo got $line; stty size; exit 4"),
                      [](nlohmann::json& config) { config["process"]["terminal"] = true; });
  REQUIRE(::symlink("busybox", bundle.rootfs("/bin/stty").c_str()) == 0);
  const Place place;
  Shim shim(bundle, place);
  Reader out(place.fifo("out"));
  auto request = shim.create_request(place.path("out"));
  request.standard_in = place.fifo("in");
  request.terminal = true;
  REQUIRE(shim.call<wire::PidResponse>("Create", request));
  wire::ResizeRequest size{"c1", "", 132, 43};
  REQUIRE(shim.call<wire::Empty>("ResizePty", size));
  REQUIRE(shim.start());
  CHECK(support::eventually([&] { return out.text() == "43 132\r\n"; }));
  size = {"c1", "", 80, 25};
  REQUIRE(shim.call<wire::Empty>("ResizePty", size));
  Writer(place.path("in")).say("hello\n");
  CHECK(shim.wait()->exit_status == 4);
  CHECK(shim.remove()->exit_status == 4);
  CHECK(out.all() == "43 132\r\nhello\r\ngot hello\r\n25 80\r\n");
}

TEST_CASE("shim: all of a terminal's output is there when the container is removed") {
  NEEDS_ROOT();
  const Bundle bundle(shell("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done"),
                      [](nlohmann::json& config) { config["process"]["terminal"] = true; });
  const Place place;
  Shim shim(bundle, place);
  Reader out(place.fifo("out"));
  auto request = shim.create_request(place.path("out"));
  request.terminal = true;
  REQUIRE(shim.call<wire::PidResponse>("Create", request));
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
  REQUIRE(shim.remove());
  CHECK_THAT(out.all(), Catch::EndsWith("2999\r\n"));
}

TEST_CASE("shim: a program that logs") {
  NEEDS_ROOT();
  const Bundle bundle(shell("echo out; echo err >&2"));
  const Place place;
  support::write_file(place.path("logger"),
                      "#!/bin/sh\n"
                      "exec 5>&-\n"
                      "{ echo \"$CONTAINER_NAMESPACE/$CONTAINER_ID $*\"; cat <&3; cat <&4; } >" +
                          place.path("logged") + ".tmp\nmv " + place.path("logged") + ".tmp " +
                          place.path("logged") + "\n",
                      0755);
  Shim shim(bundle, place);
  const auto name = "binary://" + place.path("logger") + "?color=deep%20blue&n=1";
  auto request = shim.create_request(name);
  request.standard_err = name;
  REQUIRE(shim.call<wire::PidResponse>("Create", request));
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
  CHECK(support::eventually([&] { return support::exists(place.path("logged")); }));
  CHECK(support::read_file(place.path("logged")) == "test/c1 color deep blue n 1\nout\nerr\n");
}

TEST_CASE("shim: a logging program that ends at once, or is not there, fails the creation") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  auto created = shim.create("binary-v2:///bin/false");
  REQUIRE(!created);
  CHECK_THAT(created.error().message, Catch::Contains("/bin/false") && Catch::Contains("without a word"));
  created = shim.create("binary:///no/such/logger");
  REQUIRE(!created);
  CHECK_THAT(created.error().message, Catch::Contains("/no/such/logger: No such file or directory"));
  created = shim.create("http://example");
  REQUIRE(!created);
  CHECK_THAT(created.error().message, Catch::Contains("http://example"));
  CHECK(support::names_in(shim.state_root()).empty());
}

TEST_CASE("shim: one stream for both outputs") {
  NEEDS_ROOT();
  const Bundle bundle(shell("echo out; echo err >&2"));
  const Place place;
  Shim shim(bundle, place);
  Reader out(place.fifo("out"));
  auto request = shim.create_request(place.path("out"));
  request.standard_err = request.standard_out;
  REQUIRE(shim.call<wire::PidResponse>("Create", request));
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
  CHECK(out.all() == "out\nerr\n");
}

TEST_CASE("shim: who goes on holding a further process's output keeps neither its removal nor its reader") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  Reader out(place.fifo("out"));
  REQUIRE(shim.exec("e1", shell("sleep 1000 & i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done"),
                    place.path("out")));
  REQUIRE(shim.start("e1"));
  CHECK(shim.wait("e1")->exit_status == 0);
  const auto began = std::chrono::steady_clock::now();
  // asked twice at once, as by two clients
  const auto first = shim.send("Delete", wire::encode(wire::ProcessRequest{"c1", "e1"}));
  const auto second = shim.send("Delete", wire::encode(wire::ProcessRequest{"c1", "e1"}));
  CHECK(shim.receive<wire::DeleteResponse>(first)->exit_status == 0);
  const auto again = shim.receive<wire::DeleteResponse>(second);
  CHECK((again ? again->exit_status == 0 : again.error().code == Code::not_found));
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
  CHECK_THAT(out.all(), Catch::EndsWith("1999\n"));
}

TEST_CASE("shim: a terminal that only the call or only the process speaks of is refused") {
  NEEDS_ROOT();
  const bool in_process = GENERATE(false, true);
  const Bundle bundle(words("/bin/true"),
                      [&](nlohmann::json& config) { config["process"]["terminal"] = in_process; });
  const Place place;
  Shim shim(bundle, place);
  auto request = shim.create_request();
  request.terminal = !in_process;
  const auto created = shim.call<wire::PidResponse>("Create", request);
  REQUIRE(!created);
  CHECK_THAT(created.error().message, Catch::Contains("terminal"));
  CHECK(support::names_in(shim.state_root()).empty());
}

TEST_CASE("shim: file:// with a FIFO's name, and nobody there to read it") {
  NEEDS_ROOT();
  const Bundle bundle(shell("echo out"));
  const Place place;
  Shim shim(bundle, place);
  REQUIRE(shim.create("file://" + place.fifo("out")));
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
}
