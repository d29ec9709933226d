// On a tree of plain files: making a folder puts in what the kernel would, removing it takes all of it along.
#include "runtime/resctrl/group.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/runtime/container/support.hpp"

using namespace lodger;
using namespace lodger::resctrl;
using namespace lodger::test;

namespace {

kernel::Result<> make_with_files(const std::string& folder) {
  TRY(kernel::mkdirat(kernel::cwd, folder.c_str(), 0755));
  write_file(folder + "/tasks", "");
  if (folder.find("/mon_groups/") != folder.npos) return {};
  write_file(folder + "/schemata", "    MB:0= 100;1= 100\n    L3:0=7ff;1=7ff\n");
  return kernel::mkdirat(kernel::cwd, (folder + "/mon_groups").c_str(), 0755);
}

kernel::Result<> make_none(const std::string&) { return kernel::fail("mkdirat", ENOSPC); }

kernel::Result<> make_unmonitored(const std::string& folder) {
  return folder.find("/mon_groups/") == folder.npos ? make_with_files(folder) : make_none(folder);
}

kernel::Result<> remove_with_files(const std::string& folder) {
  remove_all(folder);
  return {};
}

/// A mounted resctrl with one class, "taken".
struct Machine {
  TempFolder folder;
  std::string mount = folder / "resctrl";
  Filesystem filesystem{mount, make_with_files, remove_with_files};
  Machine() {
    REQUIRE(make_with_files(mount));
    REQUIRE(kernel::mkdirat(kernel::cwd, (mount + "/info").c_str(), 0755));
    write_file(mount + "/info/last_cmd_status", "ok\n");
    REQUIRE(make_with_files(mount + "/taken"));
  }
  std::string at(const std::string& name) const { return mount + "/" + name; }
  std::string judge(const spec::IntelRdt& rdt) const {
    const auto checked = check(filesystem, rdt, "box");
    return checked ? "good" : checked.error().text;
  }
};

const spec::IntelRdt l3{.l3_cache_schema = "L3:0=f;1=f"};

spec::IntelRdt in_class(std::string name, spec::IntelRdt rdt = {}) {
  rdt.clos_id = std::move(name);
  return rdt;
}

spec::IntelRdt monitored(spec::IntelRdt rdt) {
  rdt.enable_monitoring = true;
  return rdt;
}

}  // namespace

TEST_CASE("resctrl: what is refused before anything is made") {
  Machine it;
  CHECK(it.judge({}) == "good");
  CHECK(it.judge(l3) == "good");
  CHECK(it.judge(in_class("taken")) == "good");
  CHECK(it.judge(in_class("/")) == "good");
  CHECK(it.judge(in_class("new", l3)) == "good");
  CHECK(it.judge(in_class("new")).starts_with("linux.intelRdt.closID: no class " + it.at("new")));
  CHECK(it.judge(in_class("taken", l3)) ==
        "linux.intelRdt: the class " + it.at("taken") +
            " is there already and does not give L3:0=f;1=f: it has     MB:0= 100;1= 100     L3:0=7ff;1=7ff");
  CHECK(it.judge(in_class("taken", {.l3_cache_schema = "L3:0=7FF"})) == "good");
  CHECK(it.judge(in_class("taken", {.mem_bw_schema = "MB:1=50"})).find("does not give MB:1=50") !=
        std::string::npos);
  CHECK(it.judge({.schemata = {{"L3:0=1", "L2:0=1"}}}).ends_with("this machine does not share out L2"));
  CHECK(it.judge(monitored({})) == "good");
  REQUIRE(make_with_files(it.at("box")));
  CHECK(it.judge({}).starts_with("linux.intelRdt: " + it.at("box") + " is there already"));
  REQUIRE(make_with_files(it.at("taken/mon_groups/box")));
  CHECK(it.judge(monitored(in_class("taken"))).ends_with("/taken/mon_groups/box is there already"));
  remove_all(it.at("mon_groups"));
  CHECK(it.judge(monitored(in_class("/"))).starts_with("linux.intelRdt.enableMonitoring: this machine"));
}

TEST_CASE("resctrl: a class of the container's own is made, entered, and goes with it") {
  Machine it;
  const auto intended = Group::intended(it.filesystem, monitored(l3), "box");
  auto group = Group::make(it.filesystem, monitored(l3), "box");
  REQUIRE(group);
  const Record record = group->record();
  CHECK(record.group == it.at("box"));
  CHECK(record.monitor == it.at("box/mon_groups/box"));
  CHECK(record.made);
  CHECK(intended.group == record.group);
  CHECK(intended.monitor == record.monitor);
  CHECK(intended.made);
  CHECK(read_file(it.at("box/schemata")).starts_with("L3:0=f;1=f\n"));
  REQUIRE(add(record, 4711));
  CHECK(read_file(it.at("box/tasks")) == "4711");
  CHECK(read_file(it.at("box/mon_groups/box/tasks")) == "4711");
  group->commit();
  group = Group();
  CHECK(exists(it.at("box")));
  for (const char* file : {"mon_groups/box/tasks", "tasks", "schemata"})
    REQUIRE(::unlink((it.at("box/") + file).c_str()) == 0);
  // Plain folders: the kernel's would take mon_groups along.
  CHECK_FALSE(remove(record));
  CHECK_FALSE(exists(record.monitor));
  REQUIRE(::rmdir(it.at("box/mon_groups").c_str()) == 0);
  CHECK(remove(record));
  CHECK_FALSE(exists(it.at("box")));
  CHECK(remove(record));  // what is gone is removed
}

TEST_CASE("resctrl: a class that is named stays, whoever made it") {
  Machine it;
  for (const auto& rdt : {in_class("new", l3), in_class("taken"), in_class("/")}) {
    auto group = Group::make(it.filesystem, rdt, "box");
    REQUIRE(group);
    group->commit();
    CHECK_FALSE(group->record().made);
    CHECK(remove(group->record()));
    CHECK(exists(group->record().group));
  }
  CHECK(exists(it.at("new")));
}

TEST_CASE("resctrl: without shares no schemata file is written") {
  Machine it;
  const std::string before = read_file(it.at("taken/schemata"));
  auto group = Group::make(it.filesystem, in_class("taken"), "box");
  REQUIRE(group);
  group->commit();
  CHECK(read_file(it.at("taken/schemata")) == before);
}

TEST_CASE("resctrl: uncommitted, all is undone") {
  Machine it;
  const std::string before = read_file(it.at("taken/schemata"));
  { REQUIRE(Group::make(it.filesystem, monitored(l3), "box")); }
  CHECK_FALSE(exists(it.at("box")));
  { REQUIRE(Group::make(it.filesystem, in_class("new", l3), "box")); }
  CHECK_FALSE(exists(it.at("new")));
  {
    spec::IntelRdt rdt = in_class("taken");
    rdt.schemata = {"L3:0=1;1=1"};
    REQUIRE(Group::make(it.filesystem, monitored(rdt), "box"));
  }
  CHECK_FALSE(exists(it.at("taken/mon_groups/box")));
  CHECK(read_file(it.at("taken/schemata")) == before);
}

TEST_CASE("resctrl: a class that others entered meanwhile stays") {
  Machine it;
  {
    auto group = Group::make(it.filesystem, in_class("new", l3), "box");
    REQUIRE(group);
    write_file(it.at("new/tasks"), "1\n");
  }
  CHECK(exists(it.at("new")));
}

TEST_CASE("resctrl: the kernel's own words stand in the error, and what was made goes") {
  Machine it;
  write_file(it.at("info/last_cmd_status"), "out of CLOSIDs\n");
  it.filesystem.make = make_none;
  const auto none = Group::make(it.filesystem, l3, "box");
  REQUIRE_FALSE(none);
  CHECK(none.error().text == "linux.intelRdt: making the class " + it.at("box") +
                                 ": mkdirat: No space left on device (out of CLOSIDs)");
  it.filesystem.make = make_unmonitored;
  const auto unmonitored = Group::make(it.filesystem, monitored(l3), "box");
  REQUIRE_FALSE(unmonitored);
  CHECK(unmonitored.error().text.find("making the monitoring group ") != std::string::npos);
  CHECK_FALSE(exists(it.at("box")));
}

TEST_CASE("resctrl: new shares, and the former ones again") {
  Machine it;
  const Record record{it.at("taken"), "", false};
  const std::string before = read_file(it.at("taken/schemata"));
  CHECK(update(record, {}) == "");
  CHECK(read_file(it.at("taken/schemata")) == before);
  const auto former = update(record, l3);
  REQUIRE(former);
  CHECK(read_file(it.at("taken/schemata")).starts_with("L3:0=f;1=f\n"));
  restore(record, *former);
  CHECK(read_file(it.at("taken/schemata")) == before);
  CHECK(update({}, l3).error().text.starts_with("the container has no class of service"));
  CHECK(update({}, {}) == "");
  CHECK(add({}, 1));
  CHECK(remove({}));
}
