#include "cgroups/layout.hpp"

#include <linux/magic.h>

#include <cstring>

#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using tests::Scratch;

namespace {

/// A made-up tree: folders named v2 or unified are cgroup2, existing others below "tree" are v1.
kernel::Result<long> fake_type(const char* path) {
  if (::access(path, F_OK) != 0) return kernel::fail("statfs", ENOENT);
  const std::string_view name = std::strrchr(path, '/') + 1;
  if (name == "v2" || name == "unified") return CGROUP2_SUPER_MAGIC;
  return name == "tree" ? TMPFS_MAGIC : CGROUP_SUPER_MAGIC;
}

Roots roots_in(const Scratch& scratch, const std::string& mount, const std::string& membership,
               const std::string& mountinfo = "") {
  return {scratch.folder(mount), scratch.file("membership", membership), scratch.file("mountinfo", mountinfo),
          fake_type};
}

}  // namespace

TEST_CASE("pure v2 is told by its root alone") {
  Scratch scratch;
  Roots roots = roots_in(scratch, "v2", "");
  roots.membership = roots.mountinfo = "/nonexistent";  // neither is read
  const auto layout = detect(roots);
  REQUIRE(layout);
  CHECK(layout->kind == Kind::v2);
  CHECK(layout->unified == scratch.path + "/v2");
  CHECK(layout->hierarchies.empty());
}

TEST_CASE("hybrid: hierarchies at their usual places, the freezer first, and the cgroup2 tree") {
  Scratch scratch;
  for (const char* name : {"tree/cpu,cpuacct", "tree/freezer", "tree/systemd", "tree/unified"})
    scratch.folder(name);
  const auto layout =
      detect(roots_in(scratch, "tree", "4:cpu,cpuacct:/a\n3:freezer:/\n2:name=systemd:/b:c\n0::/d\n"));
  REQUIRE(layout);
  CHECK(layout->kind == Kind::hybrid);
  CHECK(layout->unified == scratch.path + "/tree/unified");
  REQUIRE(layout->hierarchies.size() == 3);
  CHECK(layout->hierarchies[0].folder == scratch.path + "/tree/freezer");
  CHECK(layout->hierarchies[1].folder == scratch.path + "/tree/cpu,cpuacct");
  CHECK(layout->hierarchies[1].has("cpuacct"));
  CHECK_FALSE(layout->hierarchies[1].has("cp"));
  CHECK(layout->hierarchies[2].controllers == std::vector<std::string>{"name=systemd"});
}

TEST_CASE("pure v1 has no cgroup2 tree, even if the kernel knows the hierarchy") {
  Scratch scratch;
  scratch.folder("tree/memory");
  for (const char* membership : {"2:memory:/\n", "2:memory:/\n0::/\n"}) {
    const auto layout = detect(roots_in(scratch, "tree", membership));
    REQUIRE(layout);
    CHECK(layout->kind == Kind::v1);
    CHECK(layout->unified.empty());
  }
}

TEST_CASE("what is mounted elsewhere is found in mountinfo, with its escapes") {
  Scratch scratch;
  scratch.folder("tree/memory");
  const std::string mountinfo =
      "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
      "32 31 0:29 / /other\\040place/cpu rw shared:1 master:2 - cgroup cgroup rw,cpuacct,cpu\n"
      "33 31 0:30 / /other/v2 rw - cgroup2 none rw\n"
      "34 31 0:29 / /later rw - cgroup cgroup rw,cpuacct,cpu\n";
  const auto layout = detect(roots_in(scratch, "tree", "3:cpu,cpuacct:/\n2:memory:/\n0::/\n", mountinfo));
  REQUIRE(layout);
  CHECK(layout->kind == Kind::hybrid);
  CHECK(layout->unified == "/other/v2");
  REQUIRE(layout->hierarchies.size() == 2);
  CHECK(layout->hierarchies[0].folder == "/other place/cpu");
  CHECK(layout->hierarchies[1].folder == scratch.path + "/tree/memory");
}

TEST_CASE("a hierarchy that nobody mounted is left out; none at all is an error") {
  Scratch scratch;
  scratch.folder("tree/memory");
  const auto layout = detect(roots_in(scratch, "tree", "3:perf_event:/\n2:memory:/\n"));
  REQUIRE(layout);
  CHECK(layout->hierarchies.size() == 1);

  const auto none = detect(roots_in(scratch, "tree", "3:perf_event:/\n"));
  REQUIRE_FALSE(none);
  CHECK(none.error().text.find("no cgroup filesystem is mounted") != std::string::npos);
}

TEST_CASE("an unreadable membership file is named") {
  Scratch scratch;
  Roots roots = roots_in(scratch, "tree", "");
  roots.membership = "/nonexistent/cgroup";
  const auto layout = detect(roots);
  REQUIRE_FALSE(layout);
  CHECK(layout.error().text == "/nonexistent/cgroup: No such file or directory");
  CHECK(layout.error().code == ENOENT);
}

TEST_CASE("this machine's layout leads to real cgroup filesystems") {
  const auto layout = detect();
  REQUIRE(layout);
  if (!layout->unified.empty())
    CHECK(kernel::filesystem_type(layout->unified.c_str()) == CGROUP2_SUPER_MAGIC);
  for (const auto& hierarchy : layout->hierarchies)
    CHECK(kernel::filesystem_type(hierarchy.folder.c_str()) == CGROUP_SUPER_MAGIC);
}
