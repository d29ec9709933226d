// Device rules by their effect: a process in the cgroup tries to open nodes.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

namespace {

/// errno of opening `node` for both from inside the cgroup, 0 if it opens.
int opening_from(const Record& record, const std::string& node) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto doors = open_doors(*detect(), record);
    if (!doors) ::_exit(255);
    for (const auto& tasks : doors->tasks)
      if (::write(tasks.get(), "0", 1) != 1) ::_exit(254);
    if (record.unified &&
        !(std::ofstream(record.folders.front() + "/cgroup.procs") << "0" << std::flush).good())
      ::_exit(253);
    ::_exit(::open(node.c_str(), O_RDWR | O_NOCTTY) >= 0 ? 0 : errno);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

struct Nodes {
  Scratch scratch;
  std::string null = node("null", 1, 3), full = node("full", 1, 7), kmsg = node("kmsg", 1, 11);
  std::string node(const char* name, unsigned major, unsigned minor) const {
    const auto path = scratch.path + '/' + name;
    return ::mknod(path.c_str(), S_IFCHR | 0600, makedev(major, minor)) == 0 ? path : "";
  }
};

}  // namespace

TEST_CASE("denied devices cannot be opened in the cgroup, allowed ones can, and an update changes it") {
  REAL_LAYOUT(layout);
  Nodes nodes;
  if (nodes.kmsg.empty() || ::open(nodes.kmsg.c_str(), O_RDWR | O_CLOEXEC) < 0)
    SKIP_TEST("device nodes cannot be used here");
  spec::Resources deny;
  deny.devices = {{false, 'a', {}, {}, "rwm"}};
  const auto path = unique_cgroup();
  {
    auto cgroup = Cgroup::prepare(layout, {path, {}}, &deny);
    REQUIRE(cgroup);
    const auto completed = cgroup->complete(0);
    INFO((completed ? "" : completed.error().text));
    REQUIRE(completed);
    const auto& record = cgroup->record();
    CHECK(opening_from(record, nodes.null) == 0);
    CHECK(opening_from(record, nodes.full) == 0);
    CHECK(opening_from(record, nodes.kmsg) == EPERM);

    spec::Resources more = deny;
    more.devices.push_back({true, 'c', 1, 11, "rw"});
    REQUIRE(update(layout, record, more));
    CHECK(opening_from(record, nodes.kmsg) == 0);
    REQUIRE(
        update(layout, record, deny));  // a second program would leave this as it was: it must take its place
    CHECK(opening_from(record, nodes.kmsg) == EPERM);
    spec::Resources all;
    all.devices = {{true, 'a', {}, {}, "rwm"}};
    REQUIRE(update(layout, record, all));
    CHECK(opening_from(record, nodes.kmsg) == 0);
  }
  CHECK(nothing_left(layout, path));
}

TEST_CASE("a configuration without device rules restricts no device") {
  REAL_LAYOUT(layout);
  Nodes nodes;
  if (nodes.kmsg.empty() || ::open(nodes.kmsg.c_str(), O_RDWR | O_CLOEXEC) < 0)
    SKIP_TEST("device nodes cannot be used here");
  spec::Resources none;
  auto cgroup = Cgroup::prepare(layout, {unique_cgroup(), {}}, &none);
  REQUIRE(cgroup);
  REQUIRE(cgroup->complete(0));
  CHECK(opening_from(cgroup->record(), nodes.kmsg) == 0);
}
