#include "runtime/shim/loop.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <optional>

#include "kernel/events.hpp"
#include "kernel/file.hpp"

using namespace lodger;
using shim::Loop;

namespace {

kernel::Fd<kernel::File> ready_one() {
  auto fd = *kernel::eventfd();
  constexpr std::uint64_t one = 1;
  REQUIRE(kernel::write_once(fd.get(), {reinterpret_cast<const char*>(&one), sizeof one}));
  return fd;
}

}  // namespace

TEST_CASE("loop: an event is not taken for that of another who has the descriptor's number by now") {
  auto loop = *Loop::make();
  kernel::Fd<kernel::File> both[] = {ready_one(), ready_one()};
  std::optional<kernel::Fd<kernel::File>> later;
  int calls = 0;
  // Both are ready in one round: whichever comes first puts a new one, that is not ready, in the other's
  // place.
  for (auto& fd : both)
    REQUIRE(loop.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
      ++calls;
      auto& other = &fd == &both[0] ? both[1] : both[0];
      const int number = other.get();
      loop.forget(number);
      other = {};
      later = *kernel::eventfd();
      REQUIRE(later->get() == number);
      REQUIRE(loop.watch(number, EPOLLIN, [&](std::uint32_t) { FAIL_CHECK("it is not ready"); }));
      loop.forget(fd.get());
      loop.after(std::chrono::milliseconds(1), [&] { loop.stop(); });
    }));
  REQUIRE(loop.run());
  CHECK(calls == 1);
}

TEST_CASE("loop: a timer that is cancelled by another does not run") {
  auto loop = *Loop::make();
  std::uint64_t second = 0;
  loop.after(std::chrono::milliseconds(0), [&] { loop.cancel(second); });
  second = loop.after(std::chrono::milliseconds(0), [&] { FAIL_CHECK("cancelled"); });
  loop.after(std::chrono::milliseconds(1), [&] { loop.stop(); });
  CHECK(loop.run());
}
