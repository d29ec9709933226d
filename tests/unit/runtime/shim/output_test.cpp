#include "runtime/shim/output.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "kernel/events.hpp"
#include "kernel/time.hpp"
#include "tests/unit/scratch.hpp"

using namespace lodger;
using namespace lodger::shim;

namespace {

std::string fifo_in(const tests::Scratch& scratch) {
  const auto path = scratch / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  return path;
}

kernel::Fd<kernel::File> reader_of(const std::string& path) {
  return kernel::Fd<kernel::File>(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

bool waits(const kernel::Fd<kernel::File>& file) { return (::fcntl(file.get(), F_GETFL) & O_NONBLOCK) == 0; }

std::int64_t after(int seconds) { return kernel::monotonic_ns() + seconds * 1'000'000'000LL; }

}  // namespace

TEST_CASE("output: a FIFO's client may come a little later") {
  const tests::Scratch scratch;
  const auto path = fifo_in(scratch);
  kernel::Fd<kernel::File> client;
  std::atomic<bool> comes = false;
  std::thread late([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    comes = true;
    client = reader_of(path);
  });
  const auto output = open_output(path, {.until = after(60)});
  const bool has_come = comes;
  late.join();
  REQUIRE(output);
  CHECK(has_come);
  CHECK(output->reader);
  CHECK_FALSE(output->awaits_client);
  CHECK(waits(output->writer));
}

TEST_CASE("output: without a client it is opened all the same") {
  const tests::Scratch scratch;
  const auto path = fifo_in(scratch);
  const bool passes = GENERATE(false, true);
  const auto output = open_output(path, {.passes = passes});
  REQUIRE(output);
  CHECK(output->awaits_client);
  CHECK(waits(output->writer) != passes);
  CHECK(kernel::write_all(output->writer.get(), std::string("kept")));
  char text[8];
  const auto client = reader_of(path);
  const auto size = kernel::read(client.get(), text);
  REQUIRE(size);
  CHECK(std::string(text, *size) == "kept");
}

TEST_CASE("output: the wait for a client is cut short") {
  const tests::Scratch scratch;
  const auto path = fifo_in(scratch);
  const auto interrupt = kernel::eventfd();
  REQUIRE(interrupt);
  REQUIRE(kernel::add_event(*interrupt));
  const auto output = open_output(path, {.interrupt = interrupt->get(), .until = after(600)});
  REQUIRE_FALSE(output);
  CHECK(output.error().code == EINTR);
}

TEST_CASE("output: a file is made where its name says so, and added to") {
  const tests::Scratch scratch;
  const auto path = scratch / "log";
  CHECK(open_output(path, {}).error().code == ENOENT);
  for (const std::string scheme : {"file://", ""}) {
    const auto output = open_output(scheme + path, {});
    REQUIRE(output);
    CHECK_FALSE(output->reader);
    REQUIRE(kernel::write_all(output->writer.get(), std::string("x")));
  }
  CHECK(scratch.read("log") == "xx");
}

TEST_CASE("output: other schemes are refused") {
  const auto output = open_output("https://example.com", {});
  REQUIRE_FALSE(output);
  CHECK(output.error().code == EINVAL);
}
