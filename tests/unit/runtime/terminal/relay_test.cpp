#include "runtime/terminal/relay.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

using lodger::terminal::Flow;

namespace {

/// A pipe whose ends can be closed on their own; neither end ever blocks.
struct Pipe {
  int out = -1, in = -1;
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    out = ends[0];
    in = ends[1];
  }
  ~Pipe() {
    close_in();
    close_out();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_in() { close_one(in); }
  void close_out() { close_one(out); }
  void put(const std::string& text) const {
    REQUIRE(::write(in, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  /// All that is there.
  std::string take() const {
    std::string text;
    char part[8192];
    for (ssize_t n = 0; (n = ::read(out, part, sizeof part)) > 0;)
      text.append(part, static_cast<std::size_t>(n));
    return text;
  }
  /// Bytes until it takes no more.
  std::size_t fill() const {
    std::size_t all = 0;
    const char part[4096] = {};
    for (ssize_t n = 0; (n = ::write(in, part, sizeof part)) > 0;) all += static_cast<std::size_t>(n);
    return all;
  }

 private:
  static void close_one(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

/// As the runtime has it while it relays: EPIPE instead of a signal.
struct NoSigpipe {
  sighandler_t before = signal(SIGPIPE, SIG_IGN);
  ~NoSigpipe() { signal(SIGPIPE, before); }
};

constexpr auto both = {Flow::Broken::stops, Flow::Broken::discards};

}  // namespace

TEST_CASE("relay: bytes pass unchanged, and it asks for the side that it waits for") {
  const Pipe from, to;
  Flow flow(from.out, to.in, Flow::Broken::stops);
  CHECK(flow.wanted().fd == from.out);
  CHECK(flow.wanted().events == POLLIN);
  const std::string text("a\0b\r\n", 5);
  from.put(text);
  flow.move();
  CHECK(flow.wanted().fd == to.in);
  CHECK(flow.wanted().events == POLLOUT);
  flow.move();
  CHECK(to.take() == text);
  CHECK(flow.wanted().fd == from.out);
}

TEST_CASE("relay: nothing to be read and nothing to be written is no end") {
  const Pipe from, to;
  Flow flow(from.out, to.in, Flow::Broken::stops);
  flow.move();
  CHECK_FALSE(flow.ended());
  const std::size_t filled = to.fill();
  from.put("late");
  flow.move();
  flow.move();
  CHECK_FALSE(flow.ended());
  CHECK(flow.wanted().fd == to.in);
  CHECK(to.take().size() == filled);
  flow.move();
  CHECK(to.take() == "late");
}

TEST_CASE("relay: a farewell follows what was read, once") {
  Pipe from, to;
  Flow flow(from.out, to.in, Flow::Broken::stops, "bye");
  from.put("text ");
  from.close_in();
  for (int i = 0; i < 4; ++i) flow.move();
  CHECK(to.take() == "text bye");
  CHECK_FALSE(flow.ended());
  flow.move();
  CHECK(flow.ended());
  CHECK(to.take() == "");
}

TEST_CASE("relay: the end of the source ends it, after what came before") {
  for (const auto broken : both) {
    Pipe from;
    const Pipe to;
    Flow flow(from.out, to.in, broken);
    from.put("last");
    from.close_in();
    for (int i = 0; i < 3; ++i) flow.move();
    CHECK(flow.ended());
    CHECK(to.take() == "last");
    CHECK(flow.wanted().fd == -1);
  }
}

TEST_CASE("relay: the error by which a terminal's master tells of its other end ends it") {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(master >= 0);
  REQUIRE(unlockpt(master) == 0);
  const int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(slave >= 0);
  const Pipe to;
  Flow flow(master, to.in, Flow::Broken::discards);
  close(slave);
  flow.move();
  CHECK(flow.ended());
  close(master);
}

TEST_CASE("relay: a reader that is gone stops it where it is told to stop") {
  const NoSigpipe guard;
  const Pipe from;
  Pipe to;
  Flow flow(from.out, to.in, Flow::Broken::stops);
  to.close_out();
  from.put("x");
  flow.move();
  flow.move();
  CHECK(flow.ended());
  from.put("left alone");
  flow.move();
  CHECK(from.take() == "left alone");
}

TEST_CASE("relay: a reader that is gone does not hold up the source where it is told to discard") {
  const NoSigpipe guard;
  Pipe from, to;
  Flow flow(from.out, to.in, Flow::Broken::discards);
  to.close_out();
  from.put("x");
  flow.move();
  flow.move();
  CHECK_FALSE(flow.ended());
  for (int i = 0; i < 40; ++i) {  // more than a pipe holds
    from.put(std::string(4096, 'y'));
    CHECK(flow.wanted().fd == from.out);
    flow.move();
  }
  CHECK(from.take() == "");
  from.close_in();
  flow.move();
  CHECK(flow.ended());
}

TEST_CASE("relay: it holds one chunk at most, that a pipe takes without blocking (pipe(7), PIPE_BUF)") {
  const Pipe from, to;
  Flow flow(from.out, to.in, Flow::Broken::stops);
  from.put(std::string(10'000, 'z'));
  flow.move();
  flow.move();
  CHECK(to.take().size() == 4096);
  CHECK(from.take().size() == 10'000 - 4096);
}

TEST_CASE("relay: draining moves all that is there, in order, and does not wait for more") {
  const Pipe from, to;
  Flow flow(from.out, to.in, Flow::Broken::stops);
  std::string text;
  for (int i = 0; i < 3000; ++i) text += std::to_string(i) + "\n";
  from.put(text);
  flow.drain();
  CHECK_FALSE(flow.ended());
  CHECK(to.take() == text);
  flow.drain();
  CHECK(to.take() == "");
}

TEST_CASE("relay: draining comes to its end with the source, and with a reader that is gone") {
  const NoSigpipe guard;
  for (const auto broken : both) {
    Pipe from, to;
    Flow flow(from.out, to.in, broken);
    to.close_out();
    from.put(std::string(20'000, 'q'));
    from.close_in();
    flow.drain();
    CHECK(flow.ended());
    CHECK(from.take().size() == (broken == Flow::Broken::stops ? 20'000 - 4096 : 0));
  }
}
