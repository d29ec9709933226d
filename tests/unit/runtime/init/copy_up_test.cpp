#include "runtime/init/copy_up.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/unit/scratch.hpp"

using namespace lodger;
using tests::Scratch;

namespace {

int folder(const Scratch& scratch, const char* name) {
  return ::open((scratch / name).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

struct stat of(const Scratch& scratch, const char* name) {
  struct stat out {};
  REQUIRE(::lstat((scratch / name).c_str(), &out) == 0);
  return out;
}

}  // namespace

TEST_CASE("copy_up takes folders, files, links and FIFOs along, with mode and owner") {
  const Scratch scratch;
  for (const char* name : {"from", "from/sub", "to"}) REQUIRE(::mkdir((scratch / name).c_str(), 0755) == 0);
  scratch.write("from/file", "content");
  scratch.write("from/sub/set", "id");
  REQUIRE(::chmod((scratch / "from/sub/set").c_str(), 04711) == 0);
  REQUIRE(::chmod((scratch / "from/sub").c_str(), 01777) == 0);
  REQUIRE(::symlink("/nowhere/at/all", (scratch / "from/link").c_str()) == 0);
  REQUIRE(::mkfifo((scratch / "from/pipe").c_str(), 0600) == 0);
  if (::geteuid() == 0) {
    REQUIRE(::lchown((scratch / "from/link").c_str(), 7, 8) == 0);
    REQUIRE(::chown((scratch / "from/sub/set").c_str(), 9, 10) == 0);
    REQUIRE(::chmod((scratch / "from/sub/set").c_str(), 04711) == 0);
  }
  const kernel::Fd<kernel::Path> from(folder(scratch, "from")), to(folder(scratch, "to"));
  const auto copied = init::copy_up(from.get(), to.get());
  REQUIRE(copied);
  CHECK(scratch.read("to/file") == "content");
  CHECK(scratch.read("to/sub/set") == "id");
  CHECK((of(scratch, "to/sub/set").st_mode & 07777) == 04711);
  CHECK((of(scratch, "to/sub").st_mode & 07777) == 01777);
  CHECK(S_ISFIFO(of(scratch, "to/pipe").st_mode));
  char target[64] = {};
  REQUIRE(::readlink((scratch / "to/link").c_str(), target, sizeof target - 1) > 0);
  CHECK(std::string(target) == "/nowhere/at/all");
  for (const char* name : {"link", "sub/set"}) {
    const auto source = of(scratch, ("from/" + std::string(name)).c_str());
    const auto copy = of(scratch, ("to/" + std::string(name)).c_str());
    CHECK(copy.st_uid == source.st_uid);
    CHECK(copy.st_gid == source.st_gid);
  }
}

TEST_CASE("copy_up reads folders of any length, and large files") {
  const Scratch scratch;
  for (const char* name : {"from", "to"}) REQUIRE(::mkdir((scratch / name).c_str(), 0755) == 0);
  for (int i = 0; i < 700; ++i)
    scratch.write("from/a-rather-long-name-" + std::to_string(i), std::to_string(i));
  const std::string large(3 << 20, 'x');
  scratch.write("from/large", large);
  const kernel::Fd<kernel::Path> from(folder(scratch, "from")), to(folder(scratch, "to"));
  REQUIRE(init::copy_up(from.get(), to.get()));
  for (int i = 0; i < 700; i += 69)
    CHECK(scratch.read("to/a-rather-long-name-" + std::to_string(i)) == std::to_string(i));
  CHECK(of(scratch, "to/large").st_size == static_cast<off_t>(large.size()));
}

TEST_CASE("copy_up tells what it could not do") {
  const Scratch scratch;
  for (const char* name : {"from", "to"}) REQUIRE(::mkdir((scratch / name).c_str(), 0755) == 0);
  scratch.write("from/file", "new");
  scratch.write("to/file", "old");
  const kernel::Fd<kernel::Path> from(folder(scratch, "from")), to(folder(scratch, "to"));
  const auto copied = init::copy_up(from.get(), to.get());
  REQUIRE(!copied);
  CHECK(copied.error().code == EEXIST);
  CHECK(scratch.read("to/file") == "old");
}

TEST_CASE("copy_up stops at a depth that its stack bears") {
  const Scratch scratch;
  REQUIRE(::mkdir((scratch / "to").c_str(), 0755) == 0);
  std::string deep = "from";
  for (int i = 0; i < 270; ++i, deep += "/d") REQUIRE(::mkdir((scratch / deep).c_str(), 0755) == 0);
  const kernel::Fd<kernel::Path> from(folder(scratch, "from")), to(folder(scratch, "to"));
  const auto copied = init::copy_up(from.get(), to.get());
  REQUIRE(!copied);
  CHECK(copied.error().code == ELOOP);
}
