#include "kernel/fd.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <type_traits>

#include "kernel/file.hpp"

using namespace lodger;
using kernel::Fd;
using kernel::File;
using kernel::Socket;

namespace {
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
}  // namespace

TEST_CASE("an Fd closes what it owns, once") {
  int number = -1;
  {
    const auto file = kernel::openat(kernel::cwd, "/dev/null", O_RDONLY);
    REQUIRE(file);
    number = file->get();
    CHECK(is_open(number));
    CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(!is_open(number));
}

TEST_CASE("a moved Fd leaves nothing behind, and what it replaces is closed") {
  Fd<File> first = std::move(*kernel::openat(kernel::cwd, "/dev/null", O_RDONLY));
  Fd<File> second = std::move(*kernel::openat(kernel::cwd, "/dev/null", O_RDONLY));
  const int one = first.get(), two = second.get();
  first = std::move(second);
  CHECK(!second);
  CHECK(first.get() == two);
  CHECK(!is_open(one));
  const int released = first.release();
  CHECK(released == two);
  CHECK(!first);
  CHECK(is_open(two));
  ::close(two);
}

TEST_CASE("kinds do not mix, and nothing is copied") {
  CHECK(!std::is_convertible_v<Fd<File>, Fd<Socket>>);
  CHECK(!std::is_constructible_v<Fd<File>, Fd<Socket>>);
  CHECK(!std::is_copy_constructible_v<Fd<File>>);
  CHECK(!std::is_convertible_v<int, Fd<File>>);
}
