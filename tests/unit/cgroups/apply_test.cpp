#include "cgroups/apply.hpp"

#include "cgroups/files.hpp"
#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using tests::Scratch;
using tests::slurp;

namespace {

/// Two made-up v1 hierarchies with the cgroup /box in each.
struct Machine {
  Scratch scratch;
  Layout layout{
      Kind::v1, "", {{scratch.folder("memory"), {"memory"}}, {scratch.folder("cpu"), {"cpu", "cpuacct"}}}};
  std::vector<Folder> folders;

  explicit Machine(bool fresh = true) {
    for (const char* name : {"memory", "cpu"}) {
      scratch.folder(std::string(name) + "/box");
      folders.push_back(*open_folder(scratch.path + '/' + name + "/box"));
      folders.back().fresh = fresh;
    }
    for (const char* file : {"memory/box/memory.limit", "cpu/box/cpu.shares"}) scratch.file(file, "old");
  }
  Outcome<> write(const std::vector<Setting>& settings) {
    return apply(settings, Places(layout, folders), "/box");
  }
};

}  // namespace

TEST_CASE("settings go to the hierarchy of their controller") {
  Machine machine;
  REQUIRE(machine.write({{"memory", "memory.limit", "123"}, {"cpuacct", "cpu.shares", "4"}}));
  CHECK(slurp(machine.scratch.path + "/memory/box/memory.limit") == "123");
  CHECK(slurp(machine.scratch.path + "/cpu/box/cpu.shares") == "4ld");
}

TEST_CASE("a default is written only to a cgroup that was there before") {
  const Setting setting{"cpu", "cpu.shares", "104", true};
  Machine fresh;
  REQUIRE(fresh.write({setting}));
  CHECK(slurp(fresh.scratch.path + "/cpu/box/cpu.shares") == "old");
  Machine reused(false);
  REQUIRE(reused.write({setting}));
  CHECK(slurp(reused.scratch.path + "/cpu/box/cpu.shares") == "104");
}

TEST_CASE("a missing file is an error unless something else does as much") {
  Machine machine(false);
  const auto missing = machine.write({{"memory", "memory.high", "1"}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().text ==
        "cgroup /box: memory.high: write \"1\": No such file or directory (this kernel has no such file)");
  CHECK(machine.write({{"memory", "memory.high", "1", false, true}}));
  CHECK(machine.write({{"memory", "memory.high", "max", true}}));
  REQUIRE(machine.write({{"memory", "memory.high", "1", false, false, "memory.limit", "else"}}));
  CHECK(slurp(machine.scratch.path + "/memory/box/memory.limit") == "else");
  const auto swap = machine.write({{"memory", "memory.memsw.limit_in_bytes", "1"}});
  REQUIRE_FALSE(swap);
  CHECK(swap.error().text.ends_with("(swap accounting is off: boot with swapaccount=1)"));
}

TEST_CASE("a cgroup that went meanwhile is told as such") {
  Machine machine(false);
  REQUIRE(::rename((machine.scratch.path + "/memory/box").c_str(),
                   (machine.scratch.path + "/memory/other").c_str()) == 0);
  for (const char* file : {"memory.limit", "memory.memsw.limit_in_bytes"}) {
    const auto gone = machine.write({{"memory", file, "1"}});
    REQUIRE_FALSE(gone);
    CHECK(gone.error().text.find("(the cgroup is gone: ") != std::string::npos);
  }
}

TEST_CASE("a controller without hierarchy is an error, unless nothing is asked of it") {
  Machine machine;
  const auto missing = machine.write({{"pids", "pids.max", "1"}});
  REQUIRE_FALSE(missing);
  CHECK(
      missing.error().text ==
      "cgroup /box: pids.max: the pids controller is not mounted on this machine, or not open to this user");
  CHECK(machine.write({{"pids", "pids.max", "max", true}}));
}

TEST_CASE("words of a list") {
  CHECK(has_word("cpu io memory", "cpu"));
  CHECK(has_word("cpu io memory", "memory"));
  CHECK_FALSE(has_word("cpuset io", "cpu"));
  CHECK_FALSE(has_word("", "cpu"));
}
