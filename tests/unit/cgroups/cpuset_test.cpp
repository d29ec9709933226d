#include "cgroups/cpuset.hpp"

#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

TEST_CASE("cpuset values come down from the nearest parent that has some") {
  Scratch scratch;  // plain files in place of the kernel's
  for (const char* name : {"a/b/c"}) scratch.folder(name);
  for (const std::string at : {"", "a/", "a/b/", "a/b/c/"}) {
    scratch.file(at + "cpuset.cpus", at.empty() ? "0-7\n" : at == "a/" ? "2-3\n" : "");
    scratch.file(at + "cpuset.mems", at.empty() ? "0\n" : "");
  }
  auto folder = open_folder(scratch.path + "/a/b/c");
  REQUIRE(folder);
  REQUIRE(inherit_cpuset(scratch.path, "/a/b/c", *folder));
  const auto value = [&](const char* file) { return slurp(scratch.path + '/' + file); };
  CHECK(value("a/cpuset.cpus") == "2-3");
  CHECK(value("a/b/cpuset.cpus") == "2-3");
  CHECK(value("a/b/c/cpuset.cpus") == "2-3");
  CHECK(value("a/cpuset.mems") == "0");
  CHECK(value("a/b/c/cpuset.mems") == "0");

  scratch.file("a/b/c/cpuset.cpus", "2");  // one that was there keeps its own
  REQUIRE(inherit_cpuset(scratch.path, "/a/b/c", *folder));
  CHECK(value("a/b/c/cpuset.cpus") == "2");
}

TEST_CASE("a cpuset that cannot be read is named") {
  Scratch scratch;
  scratch.folder("a");
  const auto folder = open_folder(scratch.path + "/a");
  const auto failed = inherit_cpuset(scratch.path, "/a", *folder);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text == "cgroup /a: copying cpuset.cpus from its parent: No such file or directory");
}
