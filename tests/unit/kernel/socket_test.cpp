#include "kernel/socket.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/unit/scratch.hpp"

using namespace lodger;

namespace {

std::span<const char> bytes(const std::string& text) { return {text.data(), text.size()}; }

}  // namespace

TEST_CASE("a message keeps its borders, and the end shows as size 0") {
  auto pair = kernel::socket_pair(SOCK_SEQPACKET);
  REQUIRE(pair);
  REQUIRE(kernel::send(pair->ours.get(), bytes("one")));
  REQUIRE(kernel::send(pair->ours.get(), bytes("three")));
  pair->ours = {};
  char text[16];
  CHECK(kernel::receive(pair->theirs.get(), text)->size == 3);
  CHECK(kernel::receive(pair->theirs.get(), text)->size == 5);
  CHECK(kernel::receive(pair->theirs.get(), text)->size == 0);
}

TEST_CASE("descriptors travel, close-on-exec, as many as one message carries") {
  auto pair = kernel::socket_pair(SOCK_SEQPACKET);
  const auto count = GENERATE(std::size_t{1}, std::size_t{2}, kernel::most_fds);
  const std::vector<int> sent(count, 0);
  std::vector<int> received(count, -1);
  REQUIRE(kernel::send(pair->ours.get(), bytes("x"), sent));
  char text[4];
  const auto got = kernel::receive(pair->theirs.get(), text, received);
  REQUIRE(got);
  CHECK(got->fds == count);
  for (const int fd : received) {
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    ::close(fd);
  }
}

TEST_CASE("more descriptors than there is room for are an error") {
  auto pair = kernel::socket_pair(SOCK_SEQPACKET);
  const int two[] = {0, 0};
  REQUIRE(kernel::send(pair->ours.get(), bytes("x"), two));
  int room = -1;
  char text[4];
  const auto got = kernel::receive(pair->theirs.get(), text, {&room, 1});
  REQUIRE(!got);
  CHECK(got.error().code == EMFILE);
}

TEST_CASE("sending to nobody raises no signal") {
  auto pair = kernel::socket_pair(SOCK_SEQPACKET);
  pair->theirs = {};
  const auto sent = kernel::send(pair->ours.get(), bytes("x"));
  REQUIRE(!sent);
  CHECK(sent.error().code == EPIPE);
}

TEST_CASE("path sockets: bound, connected, accepted; long paths are refused") {
  const tests::Scratch scratch;
  const auto address = kernel::unix_address((scratch / "socket").c_str());
  REQUIRE(address);
  const auto listening = kernel::unix_socket(SOCK_SEQPACKET), client = kernel::unix_socket(SOCK_SEQPACKET);
  REQUIRE(kernel::bind(*listening, *address));
  REQUIRE(kernel::listen(*listening, 1));
  REQUIRE(kernel::connect(*client, *address));
  const auto accepted = kernel::accept(*listening);
  REQUIRE(accepted);
  REQUIRE(kernel::send(client->get(), bytes("hi")));
  char text[4];
  CHECK(kernel::receive(accepted->get(), text)->size == 2);
  CHECK(kernel::unix_address(std::string(107, 'x').c_str()));
  CHECK(kernel::unix_address(std::string(108, 'x').c_str()).error().code == ENAMETOOLONG);
}

TEST_CASE("a stream takes all of a text in its own time, the descriptor with the first bytes") {
  auto pair = kernel::socket_pair(SOCK_STREAM);
  REQUIRE(pair);
  const int flags = ::fcntl(pair->ours.get(), F_GETFL);
  REQUIRE(::fcntl(pair->ours.get(), F_SETFL, flags | O_NONBLOCK) == 0);
  const std::string much(4 << 20, 'x');
  const int fd = 0;
  // More than the buffer holds: without a reader it takes a part and no more.
  const auto part = kernel::send_some(pair->ours.get(), bytes(much), {&fd, 1});
  REQUIRE(part);
  CHECK(*part < much.size());
  CHECK(kernel::send_stream(pair->ours.get(), bytes(much)).error().code == EAGAIN);
  std::string text(*part, 0);
  int got = -1;
  const auto first = kernel::receive(pair->theirs.get(), text, {&got, 1});
  REQUIRE(first);
  CHECK(first->fds == 1);
  ::close(got);
  pair->theirs = {};
  CHECK(kernel::send_stream(pair->ours.get(), bytes(much)).error().code == EPIPE);
}
