#include "kernel/file.hpp"

#include <catch2/catch.hpp>
#include <sys/file.h>

#include "kernel/folder.hpp"
#include "tests/unit/scratch.hpp"

using namespace lodger;
using tests::Scratch;

TEST_CASE("open_in_root keeps symlinks, '..' and absolute names inside") {
  const Scratch scratch;
  REQUIRE(kernel::mkdirat(scratch.fd(), "root", 0755));
  scratch.write("secret", "outside");
  scratch.write("root/secret", "inside");
  const auto root = kernel::openat<kernel::Path>(scratch.fd(), "root", O_PATH | O_DIRECTORY);
  REQUIRE(root);
  REQUIRE(kernel::symlinkat("../secret", root->get(), "relative"));
  REQUIRE(kernel::symlinkat("/secret", root->get(), "absolute"));
  for (const char* name : {"relative", "absolute", "../secret", "/secret", "../../../../secret"}) {
    INFO(name);
    const auto file = kernel::open_in_root<kernel::File>(root->get(), name, O_RDONLY);
    REQUIRE(file);
    char text[16];
    CHECK(std::string(text, *kernel::read(file->get(), text)) == "inside");
  }
}

TEST_CASE("open_in_root follows no magic link") {
  const auto root = kernel::openat<kernel::Path>(kernel::cwd, "/proc/self", O_PATH | O_DIRECTORY);
  REQUIRE(root);
  for (const char* name : {"exe", "cwd/etc", "fd/0"}) {
    const auto file = kernel::open_in_root(root->get(), name, O_PATH);
    REQUIRE(!file);
    CHECK(file.error().code == ELOOP);
  }
}

TEST_CASE("write_all writes everything, read gives what is there") {
  const Scratch scratch;
  const std::string large(200'000, 'x');
  scratch.write("file", large);
  const auto file = kernel::openat(scratch.fd(), "file", O_RDONLY);
  REQUIRE(file);
  std::string back(large.size() + 1, '\0');
  std::size_t size = 0;
  while (const auto n = *kernel::read(file->get(), std::span(back).subspan(size))) size += n;
  CHECK(size == large.size());
}

TEST_CASE("errors carry the call and its errno") {
  const auto file = kernel::openat(kernel::cwd, "/no/such/file", O_RDONLY);
  REQUIRE(!file);
  CHECK(std::string(file.error().call) == "openat");
  CHECK(file.error().code == ENOENT);
}

TEST_CASE("duplicate keeps close-on-exec, place gives it up") {
  const auto file = kernel::openat(kernel::cwd, "/dev/null", O_RDONLY);
  REQUIRE(file);
  const auto copy = kernel::duplicate(*file, 100);
  REQUIRE(copy);
  CHECK(copy->get() >= 100);
  CHECK((::fcntl(copy->get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(kernel::place(file->get(), 200));
  CHECK(::fcntl(200, F_GETFD) == 0);
  REQUIRE(kernel::close_on_exec_from(200));
  CHECK((::fcntl(200, F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(kernel::close_all(200, 200));
  CHECK(::fcntl(200, F_GETFD) < 0);
  CHECK(kernel::close_all(5, 4));  // an empty range
}

TEST_CASE("flock excludes others") {
  const Scratch scratch;
  const auto one = kernel::openat(scratch.fd(), ".", O_RDONLY | O_DIRECTORY);
  const auto two = kernel::openat(scratch.fd(), ".", O_RDONLY | O_DIRECTORY);
  REQUIRE(kernel::flock(one->get(), LOCK_EX));
  CHECK(kernel::flock(two->get(), LOCK_EX | LOCK_NB).error().code == EWOULDBLOCK);
  REQUIRE(kernel::flock(one->get(), LOCK_UN));
  CHECK(kernel::flock(two->get(), LOCK_EX | LOCK_NB));
}

TEST_CASE("each_name sees every entry once") {
  const Scratch scratch;
  for (int i = 0; i < 500; ++i) scratch.write("entry-" + std::to_string(i), "");
  const auto folder = kernel::openat(scratch.fd(), ".", O_RDONLY | O_DIRECTORY);
  int count = 0;
  REQUIRE(
      kernel::each_name(folder->get(), [&](std::string_view name) { count += name.starts_with("entry-"); }));
  CHECK(count == 500);
}
