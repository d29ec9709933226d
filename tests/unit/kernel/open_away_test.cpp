#include "kernel/open_away.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/namespace.hpp"
#include "tests/unit/skip.hpp"

using namespace lodger::kernel;

namespace {

/// How many descriptors we have.
long descriptors() {
  const auto fd = opened<File>("dup", __NR_dup, 0);
  long count = 0;
  for (int i = 0; i < 256; ++i) count += ::fcntl(i, F_GETFD) >= 0;
  return count - (fd ? 1 : 0);
}

ino_t inode(int fd) {
  struct stat found {};
  REQUIRE(::fstat(fd, &found) == 0);
  return found.st_ino;
}

}  // namespace

TEST_CASE("open away: what the child opens is ours, and where it went is not where we are") {
  const auto before = lodger::kernel::openat(cwd, "/proc/self/ns/uts", O_RDONLY);
  const auto count = descriptors();
  const auto opened = open_away<File>([]() -> Result<Fd<File>> {
    const auto went = lodger::kernel::unshare(CLONE_NEWUTS);
    if (!went) return std::unexpected(went.error());
    return lodger::kernel::openat(cwd, "/proc/self/ns/uts", O_RDONLY);
  });
  if (!opened && opened.error().code == EPERM) SKIP_TEST("needs root, for namespaces");
  REQUIRE(opened);
  CHECK((::fcntl(opened->get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(descriptors() == count + 1);
  CHECK(inode(opened->get()) != inode(before->get()));
  const auto after = lodger::kernel::openat(cwd, "/proc/self/ns/uts", O_RDONLY);
  CHECK(inode(after->get()) == inode(before->get()));
}

TEST_CASE("open away: the child's error comes back with its call, and no descriptor stays") {
  const auto count = descriptors();
  const auto opened = open_away<File>(
      []() -> Result<Fd<File>> { return lodger::kernel::openat(cwd, "/no/such/file", O_RDONLY); });
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ENOENT);
  CHECK(opened.error().call == std::string("openat"));
  CHECK(descriptors() == count);
}

TEST_CASE("open away: a child that dies is told of") {
  const auto opened = open_away<File>([]() -> Result<Fd<File>> {
    ::kill(::getpid(), SIGKILL);
    return {};
  });
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ECHILD);
}
