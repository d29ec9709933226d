// Init's sources are compiled here beside the C library; what they do is the same.
#include "runtime/init/place.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/unit/scratch.hpp"

using namespace lodger;
using init::Make;
using tests::Scratch;

namespace {

/// A root with a folder beside it that nothing inside may reach.
struct Trap {
  Scratch scratch;
  kernel::Fd<kernel::Path> root;
  Trap() {
    REQUIRE(::mkdir((scratch / "root").c_str(), 0755) == 0);
    REQUIRE(::mkdir((scratch / "host").c_str(), 0755) == 0);
    root = kernel::Fd<kernel::Path>(::open((scratch / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  void folder(const std::string& name) const {
    REQUIRE(::mkdir((scratch / ("root/" + name)).c_str(), 0755) == 0);
  }
  void link(const std::string& target, const std::string& name) const {
    REQUIRE(::symlink(target.c_str(), (scratch / ("root/" + name)).c_str()) == 0);
  }
  bool is_place(const kernel::Fd<kernel::Path>& place, const std::string& name) const {
    const auto a = kernel::status(place.get());
    struct stat b {};
    return a && ::stat((scratch / name).c_str(), &b) == 0 && a->st_ino == b.st_ino && a->st_dev == b.st_dev;
  }
};

}  // namespace

TEST_CASE("open_place resolves every name inside the root") {
  const Trap trap;
  trap.folder("etc");
  trap.scratch.write("root/etc/hosts", "");
  const std::string targets[] = {"/etc", "../../../../etc", "etc", "/../../etc",
                                 trap.scratch / "root/../../../../etc"};
  const std::string target = targets[GENERATE(0, 1, 2, 3, 4)];
  INFO(target);
  trap.link(target, "way");
  const auto place = init::open_place(trap.root.get(), "way/hosts");
  if (target.find("lodger-unit") != std::string::npos) {
    REQUIRE(!place);  // the host's own path means nothing inside
    CHECK(place.error().code == ENOENT);
  } else {
    REQUIRE(place);
    CHECK(trap.is_place(*place, "root/etc/hosts"));
  }
}

TEST_CASE("open_place of nothing is the root itself") {
  const Trap trap;
  const auto place = init::open_place(trap.root.get(), "");
  REQUIRE(place);
  CHECK(trap.is_place(*place, "root"));
}

TEST_CASE("open_plain_folder takes no symlink on the way, and only folders") {
  const Trap trap;
  trap.folder("proc");
  trap.folder("other");
  trap.folder("other/proc");
  trap.link("/other", "link");
  trap.link("/proc", "sys");
  trap.scratch.write("root/file", "");
  const auto code = [&](const char* name) {
    const auto place = init::open_plain_folder(trap.root.get(), name);
    return place ? 0 : place.error().code;
  };
  CHECK(code("proc") == 0);
  CHECK(code("other/proc") == 0);
  CHECK(code("link/proc") == ELOOP);
  CHECK(code("sys") == ELOOP);
  CHECK(code("file") == ENOTDIR);
  CHECK(code("missing") == ENOENT);
}

TEST_CASE("open_or_make_place makes what is missing, as folders and a last part") {
  const Trap trap;
  const ::mode_t mask = ::umask(0);
  const auto folder = init::open_or_make_place(trap.root.get(), "a/b/c", Make::folder);
  const auto file = init::open_or_make_place(trap.root.get(), "a/x/file", Make::file);
  ::umask(mask);
  REQUIRE(folder);
  REQUIRE(file);
  CHECK(trap.is_place(*folder, "root/a/b/c"));
  CHECK(trap.is_place(*file, "root/a/x/file"));
  CHECK((kernel::status(folder->get())->st_mode & (S_IFMT | 07777)) == (S_IFDIR | 0755));
  CHECK((kernel::status(file->get())->st_mode & (S_IFMT | 07777)) == (S_IFREG | 0755));
  // what is there already stays what it is
  CHECK(trap.is_place(*init::open_or_make_place(trap.root.get(), "a/b/c", Make::file), "root/a/b/c"));
}

TEST_CASE("open_or_make_place follows dangling links inside the root") {
  const Trap trap;
  trap.folder("etc");
  struct Case {
    const char *target, *made;
  };
  const auto [target, made] =
      GENERATE(Case{"/run/resolve/stub", "root/run/resolve/stub"}, Case{"../run/stub", "root/run/stub"},
               Case{"stub", "root/etc/stub"}, Case{"/../../../host/stub", "root/host/stub"});
  INFO(target);
  trap.link(target, "etc/resolv.conf");
  const auto place = init::open_or_make_place(trap.root.get(), "etc/resolv.conf", Make::file);
  REQUIRE(place);
  CHECK(trap.is_place(*place, made));
  CHECK(!trap.scratch.has("host/stub"));
}

TEST_CASE("open_or_make_place: a dangling link in the midst of a path") {
  const Trap trap;
  trap.link("/data", "var");
  const auto place = init::open_or_make_place(trap.root.get(), "var/lib/x", Make::folder);
  REQUIRE(place);
  CHECK(trap.is_place(*place, "root/data/lib/x"));
}

TEST_CASE("open_or_make_place gives up on loops, on '..' behind nothing, and on names that are too long") {
  const Trap trap;
  trap.link("b", "a");
  trap.link("a", "b");
  CHECK(init::open_or_make_place(trap.root.get(), "a/x", Make::folder).error().code == ELOOP);
  CHECK(init::open_or_make_place(trap.root.get(), "none/../../x", Make::folder).error().code == ENOENT);
  CHECK(init::open_or_make_place(trap.root.get(), std::string(300, 'x').c_str(), Make::folder).error().code ==
        ENAMETOOLONG);
  CHECK(
      init::open_or_make_place(trap.root.get(), std::string(5000, 'x').c_str(), Make::folder).error().code ==
      ENAMETOOLONG);
  CHECK(!trap.scratch.has("x"));
}

TEST_CASE("open_or_make_holder gives the folder and the last part") {
  const Trap trap;
  const auto deep = init::open_or_make_holder(trap.root.get(), "dev/net/tun");
  REQUIRE(deep);
  CHECK(trap.is_place(deep->folder, "root/dev/net"));
  CHECK(std::string(deep->name) == "tun");
  CHECK(!trap.scratch.has("root/dev/net/tun"));
  const auto top = init::open_or_make_holder(trap.root.get(), "null");
  REQUIRE(top);
  CHECK(trap.is_place(top->folder, "root"));
}
