#include "runtime/rootfs/mountinfo.hpp"

#include <catch2/catch.hpp>

using namespace lodger::rootfs;

TEST_CASE("mountinfo: root, place, type and source of each line (proc_pid_mountinfo(5))") {
  const auto mounts = parse_mountinfo(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
      "22 27 0:20 / /proc rw,relatime - proc proc rw\n");
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].id == 36);
  CHECK(mounts[0].parent == 35);
  CHECK(mounts[0].root == "/mnt1");
  CHECK(mounts[0].place == "/mnt2");
  CHECK(mounts[0].type == "ext3");
  CHECK(mounts[0].source == "/dev/root");
  CHECK(mounts[1].root == "/");
  CHECK(mounts[1].place == "/proc");
  CHECK(mounts[1].type == "proc");
}

TEST_CASE("mountinfo: any number of optional fields, from none to several") {
  const std::string tags = GENERATE("", "shared:1 ", "shared:1 master:2 propagate_from:3 ", "unbindable ");
  const auto mounts = parse_mountinfo("1 2 0:3 / /a rw " + tags + "- tmpfs none rw\n");
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].type == "tmpfs");
}

TEST_CASE("mountinfo: octal escapes are undone, in roots, places and sources") {
  const auto mounts =
      parse_mountinfo("1 2 0:3 /with\\040blank /a\\011b\\012c\\134d\\043 rw - tmpfs no\\040ne rw\n");
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].root == "/with blank");
  CHECK(mounts[0].place == "/a\tb\nc\\d#");
  CHECK(mounts[0].source == "no ne");
}

TEST_CASE("mountinfo: a backslash that escapes nothing stays") {
  const auto mounts = parse_mountinfo("1 2 0:3 / /end\\04 rw - tmpfs none rw\n");
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].place == "/end\\04");
}

TEST_CASE("mountinfo: a source with a dash, and a last line without its end") {
  const auto mounts = parse_mountinfo("1 2 0:3 / /a rw - fuse.x a - b rw\n4 5 0:6 / /b rw - proc proc rw");
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].type == "fuse.x");
  CHECK(mounts[1].place == "/b");
  CHECK(mounts[1].type == "proc");
}

TEST_CASE("mountinfo: lines of another form are left out, and spoil none of their neighbours") {
  const std::string odd = GENERATE("", " ", "nonsense", "1 2 0:3 /", "1 2 0:3 / /a rw",
                                   "1 2 0:3 / /a rw shared:1", "- - -", "1 2 0:3 /  rw - proc proc rw");
  CHECK(parse_mountinfo(odd).empty());
  const auto mounts = parse_mountinfo(odd + "\n1 2 0:3 / /good rw - proc proc rw\n" + odd);
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].place == "/good");
}

TEST_CASE("mountinfo: the machine's own is read whole, beyond one buffer") {
  const auto mounts = read_mountinfo();
  REQUIRE(mounts);
  REQUIRE_FALSE(mounts->empty());
  const auto is_proc = [](const HostMount& mount) { return mount.place == "/proc" && mount.type == "proc"; };
  CHECK(std::any_of(mounts->begin(), mounts->end(), is_proc));
  for (const auto& mount : *mounts) {
    INFO(mount.place);
    CHECK(mount.place.starts_with('/'));
    CHECK_FALSE(mount.type.empty());
  }
}

TEST_CASE("mountinfo: the mount that holds a path is the longest that is a whole beginning of it") {
  const std::vector<HostMount> mounts = {{"/", "/", "ext4", ""},
                                         {"/", "/var", "ext4", ""},
                                         {"/", "/var/lib", "xfs", ""},
                                         {"/", "/var/li", "tmpfs", ""}};
  CHECK(mount_that_holds(mounts, "/var/lib/containers") == "/var/lib");
  CHECK(mount_that_holds(mounts, "/var/lib") == "/var/lib");
  CHECK(mount_that_holds(mounts, "/var/library") == "/var");
  CHECK(mount_that_holds(mounts, "/var/li/x") == "/var/li");
  CHECK(mount_that_holds(mounts, "/variable") == "/");
  CHECK(mount_that_holds(mounts, "/") == "/");
  CHECK(mount_that_holds({}, "/any") == "/");
}
