// config.md, "Linux mount options" and "POSIX-platform Mounts": mounts whose owners are mapped, and those
// that are filled with what they hide.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/mountinfo.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

json mapping(int from, int to, int size) {
  return json::array({{{"containerID", from}, {"hostID", to}, {"size", size}}});
}

/// A container with a folder of the bundle, of user 5 and group 6, bound to its /tmp.
Container& bound(Trial& t, const std::vector<std::string>& options) {
  Container& box = t.container();
  if (!can_map_owners(t.machine(), box.bundle())) t.skip("needs a file system whose owners can be mapped");
  const std::string from = box.beside("data");
  make_folder(from);
  write_file(from + "/file", "");
  if (chown((from + "/file").c_str(), 5, 6) < 0) t.skip("needs the right to change owners");
  box.config["mounts"].push_back(mount_entry("/tmp", "none", from, options));
  return box;
}

json& last_mount(Container& box) { return box.config["mounts"].back(); }

constexpr const char* owner_of_file = "stat:/tmp/file.owner";

void map_both(Container& box) {
  last_mount(box)["uidMappings"] = mapping(0, 1000, 10);
  last_mount(box)["gidMappings"] = mapping(0, 2000, 10);
}

struct Word {
  std::string_view name, text;
};
constexpr std::array idmap_words = {
    Word{"idmap", "`idmap` | SHOULD | Indicates that the mount MUST have an idmapping applied."},
    Word{"ridmap",
         "`ridmap` | SHOULD | Indicates that the mount MUST have an idmapping applied, and the mapping is "
         "applied recursively"}};

void mapped(Trial& t) {
  const bool recursive = idmap_words[t.row()].name == "ridmap";
  Container& box = bound(t, {recursive ? "rbind" : "bind", std::string(idmap_words[t.row()].name)});
  map_both(box);
  t.expect_eq("the owner of the file", "1005:2006", box.inside("stat /tmp/file")[owner_of_file]);
}

/// What the container makes there belongs to whom the mapping says, in the source.
void mapped_back(Trial& t) {
  Container& box = bound(t, {"bind", "idmap"});
  last_mount(box)["uidMappings"] = last_mount(box)["gidMappings"] = mapping(7, 0, 1);
  if (chown(box.beside("data").c_str(), 7, 7) < 0) t.skip("needs the right to change owners");
  t.expect_eq("errno of making a file", 0, box.inside("create /tmp/new")["create:/tmp/new.errno"]);
  struct stat now {};
  t.require("the new file", stat(box.beside("data/new").c_str(), &now) == 0, "to be in the source",
            "it is not");
  t.expect_eq("its owner", 7, now.st_uid);
  t.expect_eq("its group", 7, now.st_gid);
}

void mapped_below(Trial& t) {
  t.own_mount_namespace();
  Container& box = bound(t, {"rbind", "ridmap"});
  const std::string other = box.beside("other"), below = box.beside("data/below");
  make_folder(other), make_folder(below);
  write_file(other + "/file", "");
  if (chown((other + "/file").c_str(), 5, 6) < 0 ||
      mount(other.c_str(), below.c_str(), nullptr, MS_BIND, nullptr) < 0)
    t.skip("needs the right to mount");
  map_both(box);
  t.expect_eq("the owner of the file below", "1005:2006",
              box.inside("stat /tmp/below/file")["stat:/tmp/below/file.owner"]);
}

/// Both are allowed: the mapping of the user namespace, by which the source's root is the container's; or a
/// refusal.
void of_user_namespace(Trial& t) {
  Container& box = bound(t, {"bind", "idmap"});
  namespace_entry(box.config, "user");
  for (const char* map : {"uidMappings", "gidMappings"}) box.config["linux"][map] = mapping(0, 100000, 65536);
  if (chown(box.rootfs().c_str(), 100000, 100000) < 0) t.skip("needs the right to change owners");
  box.payload("stat /tmp/file");
  const Finished created = box.create();
  if (!created.succeeded()) {
    t.expect_error("create", created);
    return;
  }
  t.require_success("start", box.start());
  box.await_stopped();
  t.expect_eq("the owner of the file", "5:6", Facts(box.output())[owner_of_file]);
}

struct Name {
  std::string_view name;
};
constexpr std::array names = {Name{"idmap"}, Name{"ridmap"}};

void without_mappings(Trial& t) {
  Container& box = bound(t, {"rbind", std::string(names[t.row()].name)});
  t.expect_error("create", box.create());
}

struct Half {
  std::string_view name, section, text;
};
constexpr std::array halves = {Half{"uidMappings", "POSIX-platform Mounts",
                                    "If specified, it MUST be specified along with `gidMappings`."},
                               Half{"gidMappings", "POSIX-platform Mounts",
                                    "If specified, it MUST be specified along with `uidMappings`."}};

void half(Trial& t) {
  Container& box = bound(t, {"bind", "idmap"});
  last_mount(box)[std::string(halves[t.row()].name)] = mapping(0, 1000, 10);
  t.expect_error("create", box.create());
}

// --- tmpcopyup

void copied_up(Trial& t) {
  Container& box = t.container();
  make_folder(box.rootfs("/etc/folder"), 0711);
  write_file(box.rootfs("/etc/folder/file"), "the root's", 0604);
  box.config["mounts"].push_back(mount_entry("/etc", "tmpfs", "tmpfs", {"tmpcopyup"}));
  const Facts facts =
      box.inside("stat /etc/folder ; stat /etc/folder/file ; read /etc/folder/file ; create /etc/new");
  t.expect_eq("the file system", "0x1021994", facts["stat:/etc/folder.fs"]);  // TMPFS_MAGIC
  t.expect_eq("the folder's mode", "0711", facts["stat:/etc/folder.mode"]);
  t.expect_eq("the file's mode", "0604", facts["stat:/etc/folder/file.mode"]);
  t.expect_eq("the file", "the root's", facts["read:/etc/folder/file.data"]);
  t.expect_eq("errno of making a file", 0, facts["create:/etc/new.errno"]);
  t.expect("the new file", !exists(box.rootfs("/etc/new")), "to be in the tmpfs alone", "it is in the root");
}

constexpr Clause clause(std::string_view text, Level level = Level::should) {
  return {"config.md", "Linux mount options", level, text};
}
constexpr Clause values = clause(
    "If `uidMappings` or `gidMappings` are specified for the mount, the runtime MUST use those values for "
    "the "
    "mount's mapping.");

constexpr Case single[] = {
    {"config-mounts/tmpcopyup", clause("`tmpcopyup` | MAY | copy up the contents to a tmpfs", Level::may),
     copied_up},
    {"config-mounts/idmap-of-new-files", values, mapped_back, {&needs::root}},
    {"config-mounts/ridmap-below",
     clause("and the mapping is applied recursively"),
     mapped_below,
     {&needs::root}},
    {"config-mounts/idmap-of-user-namespace",
     clause(
         "If they are not specified, the runtime MAY use the container's user namespace mapping, otherwise "
         "an error MUST be returned."),
     of_user_namespace,
     {&needs::root}},
};
constexpr auto cases = joined(
    std::to_array(single), each(idmap_words, {"config-mounts/mapped", clause(""), mapped, {&needs::root}}),
    each(names, {"config-mounts/idmap-without-mappings-is-error",
                 clause("If there are no `uidMappings` and `gidMappings` specified and the container isn't "
                        "using user namespaces, an error MUST be returned.",
                        Level::must),
                 without_mappings,
                 {&needs::root}}),
    each(halves, {"config-mounts/half-a-mapping-is-error", clause("", Level::must), half, {&needs::root}}));

}  // namespace

std::span<const Case> config_mount_idmap_cases() { return cases; }

}  // namespace conformance
