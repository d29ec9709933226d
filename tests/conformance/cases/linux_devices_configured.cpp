// config-linux.md, "Devices": what the configuration lists.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// Every case's device: reading it tells it from an empty file, it gives zeroes.
constexpr std::string_view own = "/dev/own";

json zero_device(std::string_view path = own) {
  return {{"path", path}, {"type", "c"}, {"major", 1}, {"minor", 5}};
}

Facts inside_with(Container& box, const json& device) {
  const std::string path = device["path"];
  box.config["linux"]["devices"] = {device};
  return box.inside("stat " + path + " ; read " + path);
}

// --- type

struct Type {
  std::string_view name, kind;
};
constexpr std::array types = {Type{"c", "char"}, Type{"u", "char"}, Type{"b", "block"}, Type{"p", "fifo"}};

/// mknod(1): u is an unbuffered character device, p a pipe, which has no numbers.
void type(Trial& t) {
  const Type& wanted = types[t.row()];
  json device = {{"path", own}, {"type", wanted.name}};
  if (wanted.name != "p") device.update({{"major", 7}, {"minor", 250}});
  Container& box = t.container();
  const Facts facts = inside_with(box, device);
  t.expect_eq("what it is", wanted.kind, facts["stat:/dev/own.type"]);
  if (wanted.name != "p") t.expect_eq("its numbers", "7:250", facts["stat:/dev/own.rdev"]);
}

/// A bad entry, and what is wrong with it.
struct Bad {
  std::string_view name, key, type, text;
};
constexpr std::string_view numbers = "`major, minor` *(int64, REQUIRED unless `type` is `p`)*";
constexpr std::array bad = {
    Bad{"type-unknown", "", "x", "`type` *(string, REQUIRED)* - type of device: `c`, `b`, `u` or `p`."},
    Bad{"type-missing", "type", "c", "`type` *(string, REQUIRED)* - type of device: `c`, `b`, `u` or `p`."},
    Bad{"path-missing", "path", "c", "`path` *(string, REQUIRED)* - full path to device inside container."},
    Bad{"major-missing", "major", "c", numbers},
    Bad{"minor-missing", "minor", "b", numbers},
};

void bad_entry(Trial& t) {
  const Bad& wrong = bad[t.row()];
  json device = {{"path", own}, {"type", wrong.type}, {"major", 7}, {"minor", 250}};
  device.erase(std::string(wrong.key));
  Container& box = t.container();
  box.config["linux"]["devices"] = {device};
  t.expect_error("create", box.create());
}

// --- path

struct Place {
  std::string_view name, path;
};
constexpr std::array places = {Place{"etc", "/etc/own"}, Place{"root", "/own"},
                               Place{"new-folder", "/dev/new/folder/own"}};

void place(Trial& t) {
  const std::string path(places[t.row()].path);
  Container& box = t.container();
  const Facts facts = inside_with(box, zero_device(path));
  t.expect_eq("what it is", "char", facts["stat:" + path + ".type"]);
  t.expect_eq("its numbers", "1:5", facts["stat:" + path + ".rdev"]);
}

void several(Trial& t) {
  Container& box = t.container();
  json& devices = box.config["linux"]["devices"] = json::array();
  for (const char* path : {"/dev/one", "/dev/two", "/dev/three"}) {
    devices.push_back(zero_device(path));
    devices.back()["minor"] = devices.size() == 1 ? 3 : devices.size() == 2 ? 7 : 9;
  }
  const Facts facts = box.inside("stat /dev/one ; stat /dev/two ; stat /dev/three");
  t.expect_eq("the first", "1:3", facts["stat:/dev/one.rdev"]);
  t.expect_eq("the second", "1:7", facts["stat:/dev/two.rdev"]);
  t.expect_eq("the third", "1:9", facts["stat:/dev/three.rdev"]);
}

void readable(Trial& t) {
  Container& box = t.container();
  t.expect_eq("errno of reading it", 0, inside_with(box, zero_device())["read:/dev/own.errno"]);
}

/// What stands at the path before.
struct There {
  std::string_view name;
  mode_t kind;
  unsigned major, minor;
};
constexpr std::array there = {There{"file", S_IFREG, 0, 0}, There{"folder", S_IFDIR, 0, 0},
                              There{"other-device", S_IFCHR, 1, 3}, There{"block-device", S_IFBLK, 1, 5}};

void already_there(Trial& t) {
  const There& before = there[t.row()];
  Container& box = t.container();
  const std::string path = box.rootfs("/etc/own");
  if (before.kind == S_IFDIR)
    make_folder(path);
  else if (mknod(path.c_str(), before.kind | 0644, makedev(before.major, before.minor)) < 0)
    t.skip("needs the right to make devices");
  box.config["linux"]["devices"] = {zero_device("/etc/own")};
  t.expect_error("create", box.create());
}

// --- fileMode, uid, gid

struct Mode {
  std::string_view name;
  unsigned value;
};
constexpr std::array modes = {Mode{"0600", 0600}, Mode{"0666", 0666}, Mode{"0640", 0640}, Mode{"0411", 0411}};

void file_mode(Trial& t) {
  json device = zero_device();
  device["fileMode"] = modes[t.row()].value;
  Container& box = t.container();
  t.expect_eq("its mode", modes[t.row()].name, inside_with(box, device)["stat:/dev/own.mode"]);
}

struct Owner {
  std::string_view name, owner;
  int uid, gid;
};
constexpr std::array owners = {Owner{"uid", "1000:0", 1000, 0}, Owner{"gid", "0:1001", 0, 1001},
                               Owner{"both", "1000:1001", 1000, 1001}};

void own_by(json& device, const Owner& owner) { device.update({{"uid", owner.uid}, {"gid", owner.gid}}); }

void owner(Trial& t) {
  json device = zero_device();
  own_by(device, owners[t.row()]);
  Container& box = t.container();
  t.expect_eq("its owner and group", owners[t.row()].owner, inside_with(box, device)["stat:/dev/own.owner"]);
}

constexpr Clause clause(std::string_view text, Level level = Level::must) {
  return {"config-linux.md", "Devices", level, text};
}
constexpr Clause listed =
    clause("`devices` (array of objects, OPTIONAL) lists devices that MUST be available in the container.");

constexpr Case single[] = {
    {"linux-devices/several", listed, several, {&needs::root}},
    {"linux-devices/readable", listed, readable, {&needs::root}},
};
constexpr auto cases = joined(
    std::to_array(single),
    each(types, {"linux-devices/type",
                 clause("`type` *(string, REQUIRED)* - type of device: `c`, `b`, `u` or `p`."),
                 type,
                 {&needs::root}}),
    each(bad, {"linux-devices/is-error", clause(""), bad_entry}),
    each(places, {"linux-devices/path",
                  clause("The path MAY be anywhere in the container filesystem, notably outside of `/dev`."),
                  place,
                  {&needs::root}}),
    each(there, {"linux-devices/mismatch-is-error",
                 clause("If a file already exists at `path` that does not match the requested device, the "
                        "runtime MUST generate an error."),
                 already_there,
                 {&needs::root}}),
    each(modes, {"linux-devices/fileMode",
                 clause("`fileMode` *(uint32, OPTIONAL)* - file mode for the device."),
                 file_mode,
                 {&needs::root}}),
    each(owners, {"linux-devices/owner",
                  clause("`uid` *(uint32, OPTIONAL)* - id of device owner in the container namespace."),
                  owner,
                  {&needs::root}}));

}  // namespace

std::span<const Case> linux_devices_configured_cases() { return cases; }

}  // namespace conformance
