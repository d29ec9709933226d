#include "cgroups/folder.hpp"

#include <thread>

#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using tests::exists;
using tests::Scratch;

namespace {

std::string clean(std::string_view path) {
  const auto cleaned = clean_path(path);
  return cleaned ? *cleaned : "refused: " + cleaned.error().text;
}

}  // namespace

TEST_CASE("paths are cleaned, and those that lead elsewhere refused") {
  CHECK(clean("/lodger/x") == "/lodger/x");
  CHECK(clean("//lodger/./x//") == "/lodger/x");
  CHECK(clean("/lodger/..x") == "/lodger/..x");
  CHECK(clean("lodger/x") == "refused: cgroup \"lodger/x\": the path must be absolute");
  CHECK(clean("") == "refused: cgroup \"\": the path must be absolute");
  CHECK(clean("/lodger/../x") == "/x");
  CHECK(clean("/../../x/y/..") == "/x");
  CHECK(clean("/a/b/../../../c/./d") == "/c/d");
  CHECK(clean("/x/..") == "refused: cgroup \"/x/..\": the root cgroup is everybody's");
  CHECK(clean("/./") == "refused: cgroup \"/./\": the root cgroup is everybody's");
  CHECK(clean("/a\nb").starts_with("refused: "));
}

TEST_CASE("a folder is made with its parents, which are remembered for removal in order") {
  Scratch scratch;
  std::vector<std::string> made;
  const auto folder = make_folder(scratch.path, "/a/b/c", made);
  REQUIRE(folder);
  CHECK(folder->fresh);
  CHECK(folder->path == scratch.path + "/a/b/c");
  CHECK(folder->entry("tasks") == "c/tasks");
  CHECK(exists(folder->path));
  CHECK(made ==
        std::vector<std::string>{scratch.path + "/a/b/c", scratch.path + "/a/b", scratch.path + "/a"});

  const auto again = make_folder(scratch.path, "/a/b/c", made);
  REQUIRE(again);
  CHECK_FALSE(again->fresh);
  const auto beside = make_folder(scratch.path, "/a/b/d", made);
  REQUIRE(beside);
  CHECK(made.size() == 4);
  CHECK(made.front() == scratch.path + "/a/b/d");
}

TEST_CASE("a folder right below the root has no parents to make") {
  Scratch scratch;
  std::vector<std::string> made;
  REQUIRE(make_folder(scratch.path, "/x", made));
  CHECK(made == std::vector<std::string>{scratch.path + "/x"});
}

TEST_CASE("no symlink is followed") {
  Scratch scratch, elsewhere;
  REQUIRE(::symlink(elsewhere.path.c_str(), (scratch.path + "/link").c_str()) == 0);
  std::vector<std::string> made;
  for (const char* path : {"/link/x", "/link/x/y"}) {
    const auto folder = make_folder(scratch.path, path, made);
    REQUIRE_FALSE(folder);
    CHECK(folder.error().code == ELOOP);
    CHECK(folder.error().text.starts_with("cgroup " + std::string(path) + ": making " + scratch.path));
  }
  CHECK_FALSE(exists(elsewhere.path + "/x"));
  CHECK(made.empty());
}

TEST_CASE("a parent that comes and goes does not get in the way") {
  Scratch scratch;
  const std::string parent = scratch.path + "/busy";
  std::atomic<bool> stop = false;
  std::thread other([&] {  // another container's making and removal of the common parent
    while (!stop) {
      ::mkdir(parent.c_str(), 0755);
      ::rmdir(parent.c_str());
    }
  });
  std::string failure;
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::string> made;
    const auto folder = make_folder(scratch.path, "/busy/mine", made);
    if (!folder) failure = folder.error().text;
    for (const auto& path : made) ::rmdir(path.c_str());
  }
  stop = true;
  other.join();
  CHECK(failure == "");
}

TEST_CASE("folders below are visited by parent and name, children first") {
  Scratch scratch;
  for (const char* name : {"a/b/c", "a/d", "e"}) scratch.folder(name);
  scratch.file("a/file", "");
  const auto root = walk_to(scratch.path);
  REQUIRE(root);
  std::vector<std::string> found;
  REQUIRE(each_below(root->get(), [&](int parent, const std::string& name) {
    CHECK(kernel::faccessat(parent, name.c_str(), F_OK));
    found.push_back(name);
    return kernel::Result<>{};
  }));
  CHECK(found.size() == 5);
  const auto at = [&](const char* name) {
    return std::find(found.begin(), found.end(), name) - found.begin();
  };
  CHECK(at("c") < at("b"));
  CHECK(at("b") < at("a"));
  CHECK(at("d") < at("a"));
  CHECK(at("e") < 5);
}

TEST_CASE("a visit's failure ends it; a folder that the visit takes away does not") {
  Scratch scratch;
  for (const char* name : {"a/b", "c"}) scratch.folder(name);
  const auto root = walk_to(scratch.path);
  int visits = 0;
  const auto failed = each_below(root->get(), [&](int, const std::string&) {
    ++visits;
    return kernel::Result<>(kernel::fail("visit", EBUSY));
  });
  CHECK(failed.error().code == EBUSY);
  CHECK(visits == 1);
  REQUIRE(each_below(root->get(), [](int parent, const std::string& name) {
    return kernel::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
  }));
  CHECK_FALSE(exists(scratch.path + "/a"));
  CHECK_FALSE(exists(scratch.path + "/c"));
}

TEST_CASE("folders are visited deeper than a path can say, without recursion and with few descriptors") {
  Scratch scratch;
  const std::string name(250, 'd');
  auto at = *walk_to(scratch.path);
  constexpr int depth = 300;
  for (int i = 0; i < depth; ++i) {
    REQUIRE(kernel::mkdirat(at.get(), name.c_str(), 0755));
    at = *kernel::openat<kernel::Path>(at.get(), name.c_str(), O_PATH | O_DIRECTORY);
  }
  at = *walk_to(scratch.path);
  int visits = 0;
  REQUIRE(each_below(at.get(), [&](int parent, const std::string& sub) {
    CHECK(parent < 100);
    ++visits;
    return kernel::unlinkat(parent, sub.c_str(), AT_REMOVEDIR);
  }));
  CHECK(visits == depth);
}
