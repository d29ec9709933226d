#include "runtime/policy/load.hpp"

#include <catch2/catch.hpp>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../../skip.hpp"
#include "../container/support.hpp"

using namespace lodger;
using namespace lodger::policy;
using Catch::Contains;

namespace {

const std::string denies_host = R"({"version": 1, "network": {"host": "deny"}})";
const std::string denies_bridge = R"({"version": 1, "network": {"bridge": "deny"}})";

/// A folder below /tmp, which is anybody's with the sticky bit, with a policy in a folder in it.
struct Place {
  test::TempFolder temp;
  std::string folder = temp / "lodger", file = folder + "/policy.json";
  explicit Place(const std::string& text = denies_host) {
    REQUIRE(mkdir(folder.c_str(), 0755) == 0);
    test::write_file(file, text);
  }
  std::string complaint() const {
    const auto text = read_trusted(file);
    return text ? "trusted" : text.error().text;
  }
};

std::string untrusted(const Place& place) {
  return "policy " + place.file + ": not trusted, so that nothing starts: ";
}

/// Runs `body` in another process; its exit status.
template <class Body>
int apart(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

TEST_CASE("policy: root's own file is read") {
  if (geteuid() != 0) SKIP_TEST("needs root, for files of root");
  const Place place;
  CHECK(read_trusted(place.file).value() == denies_host);
  REQUIRE(chmod(place.file.c_str(), 0600) == 0);
  CHECK(read_trusted(place.file).value() == denies_host);
}

TEST_CASE("policy: no file, or no folder for it, is no policy") {
  const test::TempFolder temp;
  CHECK(read_trusted(temp / "policy.json").value() == std::nullopt);
  CHECK(read_trusted(temp / "no/folder/policy.json").value() == std::nullopt);
  CHECK(in_force("", temp / "policy.json").value().empty());
}

TEST_CASE(
    "policy: a file that is another's, or that others may write, is refused with its path and the remedy") {
  if (geteuid() != 0) SKIP_TEST("needs root, for files of others");
  const Place place;
  SECTION("another's") {
    REQUIRE(chown(place.file.c_str(), 1000, 0) == 0);
    CHECK(place.complaint() == untrusted(place) + place.file +
                                   " belongs to uid 1000: it has to be root's (chown root " + place.file +
                                   ")");
  }
  SECTION("the group's to write") {
    REQUIRE(chmod(place.file.c_str(), 0664) == 0);
    CHECK(place.complaint() == untrusted(place) + place.file +
                                   " may be written by others than root: mode 0664 (chmod go-w " +
                                   place.file + ")");
  }
  SECTION("anybody's to write") {
    REQUIRE(chmod(place.file.c_str(), 0646) == 0);
    CHECK_THAT(place.complaint(), Contains("may be written by others than root: mode 0646"));
  }
  SECTION("the sticky bit of a file helps nothing") {
    REQUIRE(chmod(place.file.c_str(), 01666) == 0);
    CHECK_THAT(place.complaint(), Contains("mode 1666"));
  }
}

TEST_CASE("policy: so is one in a folder of which that is true") {
  if (geteuid() != 0) SKIP_TEST("needs root, for folders of others");
  const Place place;
  SECTION("another's") {
    REQUIRE(chown(place.folder.c_str(), 1000, 0) == 0);
    CHECK_THAT(place.complaint(),
               Catch::StartsWith(untrusted(place) + place.folder + " belongs to uid 1000"));
  }
  SECTION("anybody's to write") {
    REQUIRE(chmod(place.folder.c_str(), 0777) == 0);
    CHECK_THAT(place.complaint(),
               Catch::StartsWith(untrusted(place) + place.folder + " may be written by others"));
  }
  SECTION("the group's to write") {
    REQUIRE(chmod(place.folder.c_str(), 0775) == 0);
    CHECK_THAT(place.complaint(), Contains("mode 0775"));
  }
  SECTION("further up") {
    REQUIRE(chmod(place.temp.path.c_str(), 0777) == 0);
    CHECK_THAT(place.complaint(), Catch::StartsWith(untrusted(place) + place.temp.path + " may be written"));
  }
  SECTION("but not with the sticky bit: there nobody puts another one in its place") {
    REQUIRE(chmod(place.folder.c_str(), 01777) == 0);
    CHECK(place.complaint() == "trusted");
  }
}

TEST_CASE("policy: no symbolic link leads to one") {
  if (geteuid() != 0) SKIP_TEST("needs root, for files of root");
  const Place place;
  const auto to_file = place.temp / "link.json", to_folder = place.temp / "link",
             nowhere = place.temp / "dangling";
  REQUIRE(symlink(place.file.c_str(), to_file.c_str()) == 0);
  REQUIRE(symlink(place.folder.c_str(), to_folder.c_str()) == 0);
  REQUIRE(symlink("/no/such/place", nowhere.c_str()) == 0);
  for (const auto& path : {to_file, to_folder + "/policy.json", nowhere, nowhere + "/policy.json"}) {
    INFO(path);
    const auto refused = read_trusted(path);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().text, Contains("a symbolic link is in its path"));
  }
}

TEST_CASE("policy: what is no file is refused, and waited for by nobody") {
  if (geteuid() != 0) SKIP_TEST("needs root, for files of root");
  const Place place;
  REQUIRE(unlink(place.file.c_str()) == 0);
  SECTION("a FIFO") {
    REQUIRE(mkfifo(place.file.c_str(), 0600) == 0);
    CHECK(place.complaint() == untrusted(place) + place.file + " is not a regular file");
  }
  SECTION("a folder") {
    REQUIRE(mkdir(place.file.c_str(), 0700) == 0);
    CHECK_THAT(place.complaint(), Contains("Is a directory"));
  }
  SECTION("something below a file") {
    test::write_file(place.file, denies_host);
    const auto refused = read_trusted(place.file + "/policy.json");
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().text, Contains("Not a directory"));
  }
}

TEST_CASE("policy: one that is too large is refused") {
  if (geteuid() != 0) SKIP_TEST("needs root, for files of root");
  const Place place(std::string((1U << 20) + 1, ' '));
  CHECK_THAT(place.complaint(), Contains("larger than 1 MiB"));
}

TEST_CASE("policy: one that its reader may not read is refused, as what it says is not known") {
  if (geteuid() != 0) SKIP_TEST("needs root, to be another user");
  const Place place;
  REQUIRE(chmod(place.temp.path.c_str(), 0755) == 0);
  REQUIRE(chmod(place.file.c_str(), 0600) == 0);
  CHECK(apart([&] {
          if (setresuid(1000, 1000, 1000) != 0) return 77;
          const auto refused = read_trusted(place.file);
          return !refused && refused.error().text.contains("Permission denied: what it says has to be known")
                     ? 0
                     : 1;
        }) == 0);
  REQUIRE(chmod(place.folder.c_str(), 0700) == 0);
  CHECK(apart([&] {
          if (setresuid(1000, 1000, 1000) != 0) return 77;
          const auto refused = read_trusted(place.file);
          return !refused && refused.error().code == EACCES ? 0 : 1;
        }) == 0);
}

TEST_CASE("policy: in a user namespace root's files are those of the overflow user") {
  if (geteuid() != 0) SKIP_TEST("needs root, for files of root");
  const Place place;
  REQUIRE(chmod(place.temp.path.c_str(), 0755) == 0);
  const auto in_namespace = [](auto body) {
    return apart([&] {
      if (setresgid(1000, 1000, 1000) != 0 || setresuid(1000, 1000, 1000) != 0 || unshare(CLONE_NEWUSER) != 0)
        return 77;
      return body();
    });
  };
  const int read = in_namespace([&] { return read_trusted(place.file) ? 0 : 1; });
  if (read == 77) SKIP_TEST("no user namespaces for ordinary users");
  CHECK(read == 0);
  REQUIRE(chmod(place.file.c_str(), 0666) == 0);
  CHECK(in_namespace([&] { return read_trusted(place.file) ? 1 : 0; }) == 0);
}

TEST_CASE("policy: both files are in force, the caller's beside the administrator's") {
  if (geteuid() != 0) SKIP_TEST("needs root, for files of root");
  const Place first, second(denies_bridge);
  const auto both = in_force(second.file, first.file).value();
  REQUIRE(both.size() == 2);
  CHECK(both[0].file == first.file);
  CHECK(both[0].rules.host.denied);
  CHECK_FALSE(both[0].rules.bridge.denied);
  CHECK(both[1].file == second.file);
  CHECK(both[1].rules.bridge.denied);
  CHECK(in_force("", first.file).value().size() == 1);
}

TEST_CASE("policy: the caller's has to be there, and each has to be understood") {
  if (geteuid() != 0) SKIP_TEST("needs root, for files of root");
  const Place place, wrong(R"({"version": 1, "network": {"hots": "deny"}})");
  const auto missing = in_force(place.temp / "none.json", place.file);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().text == "--policy " + (place.temp / "none.json") + ": No such file or directory");
  for (const auto& refused : {in_force("", wrong.file), in_force(wrong.file, place.file)}) {
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().text, Catch::StartsWith("policy " + wrong.file + ": network.hots: unknown"));
  }
}
