#include "runtime/plan/memory.hpp"

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <numeric>

using namespace lodger;

namespace {

plan::Memory made() {
  auto memory = plan::Memory::make();
  REQUIRE(memory);
  return std::move(*memory);
}

std::uintptr_t at(const void* place) { return reinterpret_cast<std::uintptr_t>(place); }

}  // namespace

TEST_CASE("memory: the first object lies where init looks for the plan") {
  auto memory = made();
  CHECK(at(&memory.one<init::Plan>()) == init::plan_address);
}

TEST_CASE("memory: objects follow one another, each aligned, none over its neighbour") {
  auto memory = made();
  const auto bytes = memory.array<char>(3);
  const auto longs = memory.array<std::uint64_t>(2);
  const auto more = memory.array<char>(1);
  CHECK(at(longs.data()) % alignof(std::uint64_t) == 0);
  CHECK(at(longs.data()) >= at(bytes.data()) + 3);
  CHECK(at(more.data()) == at(longs.data()) + 2 * sizeof(std::uint64_t));
}

TEST_CASE("memory: objects have the values that they are declared with") {
  auto memory = made();
  const auto mounts = memory.array<init::Mount>(3);
  for (const auto& mount : mounts) {
    CHECK(mount.tree == init::none);
    CHECK(mount.kind == init::MountKind::fresh);
  }
  for (const char byte : memory.array<char>(4096)) CHECK(byte == 0);
}

TEST_CASE("memory: texts end, whatever is in them") {
  auto memory = made();
  const init::Name name = memory.text("a name");
  const init::Name next = memory.text("b");
  CHECK(std::string(name) == "a name");
  CHECK(std::string(next) == "b");
  const auto bytes = memory.bytes(std::string_view("x\0y", 3));
  CHECK(bytes.size() == 3);
  CHECK(bytes.data()[3] == 0);
  CHECK(std::string(memory.text("")) == "");
}

TEST_CASE("memory: names end with a null pointer, behind the places that are kept free") {
  auto memory = made();
  const init::Name* names = memory.names({"one", "two"}, 2);
  CHECK(std::string(names[0]) == "one");
  CHECK(std::string(names[1]) == "two");
  for (const int free : {2, 3, 4}) CHECK(names[free] == nullptr);
  CHECK(at(memory.text("behind")) >= at(names + 5));
  CHECK(memory.names({})[0] == nullptr);
}

TEST_CASE("memory: a copy holds what the list held") {
  auto memory = made();
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 0);
  const auto copy = memory.copy(numbers);
  CHECK(std::vector<int>(copy.begin(), copy.end()) == numbers);
  CHECK(memory.copy(std::vector<int>{}).empty());
}

TEST_CASE("memory: what does not fit is refused, and what fits to the last byte is not") {
  auto memory = made();
  const auto first = memory.array<char>(init::plan_size - 16);
  first.back() = 'x';
  CHECK_THROWS_AS(memory.array<char>(17), std::bad_alloc);
  CHECK(memory.array<char>(16).size() == 16);
  CHECK_THROWS_AS(memory.one<char>(), std::bad_alloc);
  CHECK(first.back() == 'x');
}

TEST_CASE("memory: a size that overflows is refused, too") {
  auto memory = made();
  (void)memory.array<char>(64);
  CHECK_THROWS_AS(memory.array<char>(~std::size_t{0} - 8), std::bad_alloc);
}

TEST_CASE("memory: the file holds what is written, and can neither shrink nor grow nor be unsealed") {
  auto memory = made();
  (void)memory.text("seen by both");
  char seen[13] = {};
  REQUIRE(pread(memory.fd(), seen, 12, 0) == 12);
  CHECK(std::string(seen) == "seen by both");
  struct stat size {};
  REQUIRE(fstat(memory.fd(), &size) == 0);
  CHECK(static_cast<std::size_t>(size.st_size) == init::plan_size);
  CHECK(ftruncate(memory.fd(), 0) == -1);
  CHECK(errno == EPERM);
  CHECK(ftruncate(memory.fd(), 2 * static_cast<off_t>(init::plan_size)) == -1);
  CHECK(fcntl(memory.fd(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
}

TEST_CASE("memory: there is one at a time, a second is refused, and the next finds it empty") {
  {
    auto memory = made();
    (void)memory.text("of the first");
    CHECK_FALSE(plan::Memory::make());
    const auto moved = std::move(memory);
    CHECK_FALSE(plan::Memory::make());
  }
  auto memory = made();
  CHECK(memory.one<char>() == 0);
}
