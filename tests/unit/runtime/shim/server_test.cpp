#include "runtime/shim/server.hpp"

#include <catch2/catch.hpp>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace lodger;
using namespace lodger::shim;
using wire::Code;

namespace {

struct Text {
  std::string text;
  void fields(auto& visit) { visit(1, text); }
};

/// A server on a socket of the test's own, in a thread, and a client.
class Room {
 public:
  explicit Room(Server::Handler handler) : loop(*Loop::make()) {
    auto listener = *kernel::unix_socket(SOCK_STREAM);
    address = *kernel::unix_address(path.c_str());
    REQUIRE(kernel::bind(listener, address));
    REQUIRE(kernel::listen(listener, 5));
    server.emplace(loop, std::move(listener), std::move(handler));
    REQUIRE(server->listen());
    auto ends = *kernel::socket_pair(SOCK_STREAM);
    stopper = std::move(ends.ours);
    stopped = std::move(ends.theirs);
    REQUIRE(loop.watch(stopped.get(), EPOLLIN, [this](std::uint32_t) { loop.stop(); }));
    thread = std::thread([this] { static_cast<void>(loop.run()); });
  }
  ~Room() {
    static_cast<void>(kernel::send(stopper.get(), std::string_view("x")));
    thread.join();
    ::unlink(path.c_str());
  }

  kernel::Fd<kernel::Socket> client() const {
    auto socket = *kernel::unix_socket(SOCK_STREAM);
    REQUIRE(kernel::connect(socket, address));
    return socket;
  }

  std::string path = "/tmp/lodger-shim-test-" + std::to_string(::getpid());
  sockaddr_un address{};
  Loop loop;
  std::optional<Server> server;
  kernel::Fd<kernel::Socket> stopper, stopped;
  std::thread thread;
};

std::string call(std::uint32_t stream, const char* method, const std::string& text = "") {
  wire::Request request;
  request.service = "test";
  request.method = method;
  request.payload = wire::encode(Text{text});
  return wire::frame(stream, wire::FrameHeader::Type::request, wire::encode(request));
}

void send(const kernel::Fd<kernel::Socket>& socket, const std::string& bytes) {
  REQUIRE(kernel::send_stream(socket.get(), bytes));
}

struct Answer {
  std::uint32_t stream = 0;
  wire::Response response;
  std::string text() const { return wire::decode<Text>(response.payload)->text; }
};

/// Nothing within `patience` milliseconds: stream 0.
Answer receive(const kernel::Fd<kernel::Socket>& socket, wire::FrameReader& frames, int patience = 5000) {
  for (;;) {
    if (const auto frame = frames.next())
      return {frame->header.stream, *wire::decode<wire::Response>(frame->message)};
    pollfd wait{socket.get(), POLLIN, 0};
    if (::poll(&wait, 1, patience) != 1) return {};
    char bytes[65536];
    const auto n = kernel::read(socket.get(), bytes);
    if (!n || *n == 0) return {};
    frames.add({bytes, *n});
  }
}

}  // namespace

TEST_CASE("calls are answered by their streams, those that wait do not keep others") {
  std::vector<Reply> waiting;
  Room room([&](const wire::Request& request, const Reply& reply) {
    const auto text = wire::decode<Text>(request.payload)->text;
    if (request.method == "Wait") return waiting.push_back(reply);
    if (request.method == "Echo") return reply.answer(Text{text});
    if (request.method == "End") {
      for (const auto& each : waiting) each.answer(Text{text});
      return reply.answer(Text{});
    }
    reply.fail(Code::unimplemented, "no " + request.method);
  });
  const auto client = room.client();
  wire::FrameReader frames;
  send(client, call(1, "Wait") + call(3, "Echo", "hello"));
  auto answer = receive(client, frames);
  CHECK(answer.stream == 3);
  CHECK(answer.text() == "hello");
  send(client, call(5, "Nothing"));
  answer = receive(client, frames);
  CHECK(answer.stream == 5);
  CHECK(answer.response.status->code == Code::unimplemented);
  CHECK(answer.response.status->message == "no Nothing");
  send(client, call(7, "End", "over"));
  answer = receive(client, frames);
  CHECK(answer.stream == 1);
  CHECK(answer.text() == "over");
  CHECK(receive(client, frames).stream == 7);
}

TEST_CASE("an answer to somebody who has gone goes nowhere, and others are served on") {
  std::vector<Reply> waiting;
  Room room([&](const wire::Request& request, const Reply& reply) {
    if (request.method == "Wait") return waiting.push_back(reply);
    for (const auto& each : waiting) each.answer(Text{"late"});
    reply.answer(Text{"on"});
  });
  {
    const auto gone = room.client();
    send(gone, call(1, "Wait"));
    send(gone, call(3, "Now"));
    wire::FrameReader frames;
    receive(gone, frames);
  }
  const auto client = room.client();
  wire::FrameReader frames;
  send(client, call(1, "Now"));
  CHECK(receive(client, frames).text() == "on");
}

TEST_CASE("what is no request is refused, and the connection stays") {
  Room room([](const wire::Request&, const Reply& reply) { reply.answer(Text{"fine"}); });
  const auto client = room.client();
  wire::FrameReader frames;
  send(client, wire::frame(1, wire::FrameHeader::Type::request, "\xff\xff\xff"));
  CHECK(receive(client, frames).response.status->code == Code::invalid_argument);
  send(client, wire::frame(2, wire::FrameHeader::Type::data, "x") + call(3, "A"));
  CHECK(receive(client, frames).stream == 3);
  send(client, wire::frame(5, wire::FrameHeader::Type::request, std::string(wire::longest_message + 1, 'x')) +
                   call(7, "A"));
  auto answer = receive(client, frames);
  CHECK(answer.stream == 5);
  CHECK(answer.response.status->code == Code::resource_exhausted);
  CHECK(receive(client, frames).stream == 7);
}

TEST_CASE("a peer that does not read gets all of it later, and keeps nobody waiting") {
  const std::string big(1 << 20, 'b');
  Room room([&](const wire::Request& request, const Reply& reply) {
    reply.answer(Text{request.method == "Big" ? big : "small"});
  });
  const auto lazy = room.client(), other = room.client();
  for (std::uint32_t i = 0; i < 8; ++i) send(lazy, call(1 + 2 * i, "Big"));
  wire::FrameReader frames, more;
  send(other, call(1, "Small"));
  CHECK(receive(other, frames).text() == "small");
  for (std::uint32_t i = 0; i < 8; ++i) {
    const auto answer = receive(lazy, more);
    CHECK(answer.stream == 1 + 2 * i);
    CHECK(answer.text() == big);
  }
}

TEST_CASE("a peer that asks and asks and never reads is not asked for more") {
  const std::string big(1 << 20, 'b');
  std::atomic<unsigned> asked = 0;
  Room room([&](const wire::Request&, const Reply& reply) {
    ++asked;
    reply.answer(Text{big});
  });
  const auto lazy = room.client();
  constexpr unsigned many = 200;
  std::thread sender([&] {
    for (std::uint32_t i = 0; i < many; ++i) send(lazy, call(1 + 2 * i, "Big", std::string(8000, 'x')));
  });
  unsigned before;
  do {  // until the server does nothing more
    before = asked;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  } while (asked == 0 || asked != before);
  CHECK(asked < many / 4);
  wire::FrameReader frames;
  for (std::uint32_t i = 0; i < many; ++i) CHECK(receive(lazy, frames).stream == 1 + 2 * i);
  sender.join();
}

TEST_CASE("timers come in their order, cancelled ones not at all") {
  auto loop = *Loop::make();
  std::string order;
  using std::chrono::milliseconds;
  loop.after(milliseconds(20), [&] { order += "c", loop.stop(); });
  loop.after(milliseconds(5), [&] {
    order += "a";
    loop.after(milliseconds(0), [&] { order += "b"; });
  });
  loop.cancel(loop.after(milliseconds(1), [&] { order += "x"; }));
  REQUIRE(loop.run());
  CHECK(order == "abc");
}
