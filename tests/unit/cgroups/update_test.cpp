#include "cgroups/manage.hpp"
#include "tests/unit/cgroups/scratch.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

namespace {

/// A folder that looks like a cgroup of cgroup2, with 4,000 bytes of memory and 1,000 of swap in use.
struct Used {
  Scratch scratch;
  Layout layout;
  Record record;

  Used() {
    const auto folder = scratch.folder("box");
    for (const auto& [file, text] : {std::pair{"box/cgroup.procs", ""},
                                     {"box/memory.max", "max\n"},
                                     {"box/memory.swap.max", "max\n"},
                                     {"box/memory.current", "4000\n"},
                                     {"box/memory.swap.current", "1000\n"}})
      scratch.file(file, text);
    layout.kind = Kind::v2;
    layout.unified = scratch.path;
    record.path = "/box";
    record.folders = {folder};
    record.unified = true;
  }
  std::string update(std::int64_t limit, std::optional<std::int64_t> swap, bool check) const {
    spec::Resources resources;
    auto& memory = resources.memory.emplace();
    memory.limit = limit;
    memory.swap = swap;
    memory.check_before_update = check;
    const auto done = cgroups::update(layout, record, resources);
    return done ? slurp(scratch.path + "/box/memory.max") : done.error().text;
  }
};

}  // namespace

TEST_CASE("update: checkBeforeUpdate refuses a limit below what is in use, and without it cgroup2 decides") {
  CHECK(Used().update(3000, {}, true) == "cgroup /box: rejecting memory limit 3000: 4000 bytes are in use");
  CHECK(Used().update(4000, {}, true) == "4000");
  CHECK(Used().update(3000, {}, false) == "3000");
  CHECK(Used().update(4500, 4999, true) ==
        "cgroup /box: rejecting memory+swap limit 4999: 5000 bytes are in use");
  CHECK(Used().update(4500, 5000, true) == "4500");
  CHECK(Used().update(4500, -1, true) == "4500");
}

TEST_CASE("update: a refusal by checkBeforeUpdate changes nothing") {
  const Used used;
  used.update(3000, {}, true);
  CHECK(slurp(used.scratch.path + "/box/memory.max") == "max");
}
