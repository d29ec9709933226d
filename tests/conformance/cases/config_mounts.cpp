// config.md, "Mounts" and "POSIX-platform Mounts": what is mounted, from where, to where, in which order.
#include <unistd.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/mountinfo.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// A folder beside the root filesystem, with a file "name" that holds `name`.
std::string source(const Container& box, const std::string& name) {
  make_folder(box.beside(name));
  write_file(box.beside(name + "/name"), name);
  return box.beside(name);
}

void bind_mount(Container& box, const std::string& from, const std::string& to) {
  box.config["mounts"].push_back(mount_entry(to, "none", from, {"bind"}));
}

constexpr const char* name_in_tmp = "read:/tmp/name.data";

// --- order

void later_hides_earlier(Trial& t) {
  Container& box = t.container();
  bind_mount(box, source(box, "first"), "/tmp");
  bind_mount(box, source(box, "second"), "/tmp");
  t.expect_eq("what is mounted there", "second", box.inside("read /tmp/name")[name_in_tmp]);
}

/// A mount below another one is seen where it comes after it, and hidden where it comes before.
void below(Trial& t, bool first) {
  Container& box = t.container();
  const std::string outer = source(box, "outer"), inner = source(box, "inner");
  make_folder(outer + "/below");
  write_file(outer + "/below/name", "hidden");
  make_folder(box.rootfs("/tmp/below"));
  if (first) bind_mount(box, inner, "/tmp/below");
  bind_mount(box, outer, "/tmp");
  if (!first) bind_mount(box, inner, "/tmp/below");
  t.expect_eq("what is seen in the folder below", first ? "hidden" : "inner",
              box.inside("read /tmp/below/name")["read:/tmp/below/name.data"]);
}
void below_after(Trial& t) { below(t, false); }
void below_before(Trial& t) { below(t, true); }

// --- destination

struct Place {
  std::string_view name, destination, text;
  Level level;
};
constexpr std::array places = {
    Place{"absolute", "/tmp", "This value SHOULD be an absolute path.", Level::must},
    Place{"relative", "tmp", "it MUST be interpreted as relative to \"/\".", Level::must},
    Place{"with-dots", "/etc/../tmp/.",
          "`destination` (string, REQUIRED) Destination of mount point: path "
          "inside container.",
          Level::must},
    Place{"above-root", "/../../tmp",
          "`destination` (string, REQUIRED) Destination of mount point: path "
          "inside container.",
          Level::must},
};

void destination(Trial& t) {
  Container& box = t.container();
  bind_mount(box, source(box, "data"), std::string(places[t.row()].destination));
  t.expect_eq("what is in /tmp", "data", box.inside("read /tmp/name")[name_in_tmp]);
}

/// A link of the root filesystem leads to the container's file system, and never to the host's.
void destination_link(Trial& t) {
  Container& box = t.container();
  const std::string host = t.folder() + "/host";
  make_folder(host);
  if (symlink(host.c_str(), box.rootfs("/etc/link").c_str()) < 0) t.skip("needs symbolic links");
  box.config["mounts"].push_back(mount_entry("/etc/link/point", "tmpfs", "tmpfs", {"mode=711"}));
  const Finished created = box.create();
  t.expect("the host's folder", names_in(host).empty(), "to stay empty",
           names_in(host).empty() ? "" : "it has a new entry");
  if (created.succeeded())
    t.expect_eq("the container's mount", "tmpfs", mount_at(box.pid(), host + "/point").type);
}

// --- source

void source_relative(Trial& t) {
  Container& box = t.container();
  source(box, "data");
  bind_mount(box, "data", "/tmp");
  t.expect_eq("what is in /tmp", "data", box.inside("read /tmp/name")[name_in_tmp]);
}

void source_file(Trial& t) {
  Container& box = t.container();
  source(box, "data");
  write_file(box.rootfs("/etc/name"), "the root's");
  bind_mount(box, box.beside("data/name"), "/etc/name");
  t.expect_eq("what is in /etc/name", "data", box.inside("read /etc/name")["read:/etc/name.data"]);
}

void source_is_the_same(Trial& t) {
  Container& box = t.container();
  const std::string from = source(box, "data");
  bind_mount(box, from, "/tmp");
  t.expect_eq("errno of making a file", 0, box.inside("create /tmp/new")["create:/tmp/new.errno"]);
  t.expect("the new file", exists(from + "/new"), "to be in the source", "it is not");
}

/// What says that it is a bind mount is the option, whatever the type says.
struct Type {
  std::string_view name;
};
constexpr std::array dummies = {Type{"none"}, Type{"bind"}, Type{"tmpfs"}, Type{"nosuchtype"},
                                Type{"missing"}};

void bind_type(Trial& t) {
  const std::string type(dummies[t.row()].name);
  Container& box = t.container();
  bind_mount(box, source(box, "data"), "/tmp");
  box.config["mounts"].back()["type"] = type;
  if (type == "missing") box.config["mounts"].back().erase("type");
  t.expect_eq("what is in /tmp", "data", box.inside("read /tmp/name")[name_in_tmp]);
}

// --- type

constexpr std::array types = {Type{"proc"},   Type{"sysfs"},  Type{"tmpfs"},
                              Type{"mqueue"}, Type{"devpts"}, Type{"ramfs"}};

void filesystem(Trial& t) {
  const std::string type(types[t.row()].name);
  if (!t.machine().filesystem(type)) t.skip("needs " + type);
  Container& box = t.container();
  // sysfs shows a network namespace, and is given to whoever owns it.
  if (type == "sysfs") namespace_entry(box.config, "network");
  box.config["mounts"].push_back(mount_entry("/tmp", type, "something", {"nosuid", "noexec"}));
  box.payload("hold");
  box.started();
  t.expect_eq("the type of what is mounted there", type, mount_at(box.pid(), "/tmp").type);
}

void no_mounts(Trial& t) {
  Container& box = t.container();
  box.config.erase("mounts");
  write_file(box.rootfs("/proc/own"), "the root's");
  t.expect_eq("what is in /proc", "the root's", box.inside("read /proc/own")["read:/proc/own.data"]);
}

// --- errors

void refused(Trial& t, const json& mount) {
  Container& box = t.container();
  write_file(box.rootfs("/etc/file"), "");
  box.config["mounts"].push_back(mount);
  t.expect_error("create", box.create());
  t.expect("the container", !box.known(), "not to be there", "it is");
}

void no_source(Trial& t) { refused(t, mount_entry("/tmp", "none", "/no/such/source", {"bind"})); }
void no_type(Trial& t) { refused(t, mount_entry("/tmp", "nosuchtype", "none", {})); }
void folder_on_file(Trial& t) { refused(t, mount_entry("/etc/file", "none", "/proc", {"bind"})); }
void no_destination(Trial& t) {
  json mount = mount_entry("", "tmpfs", "tmpfs", {});
  mount.erase("destination");
  refused(t, mount);
}

constexpr Clause clause(std::string_view text, std::string_view section = "Mounts",
                        Level level = Level::must) {
  return {"config.md", section, level, text};
}
constexpr Clause order = clause("The runtime MUST mount entries in the listed order.");
constexpr Clause place =
    clause("`destination` (string, REQUIRED) Destination of mount point: path inside container.");
constexpr Clause bound = clause(
    "`source` (string, OPTIONAL) A device name, but can also be a file or directory name for bind mounts or "
    "a "
    "dummy.");
constexpr Clause impossible = {"runtime.md", "Create", Level::must,
                               "If the runtime cannot apply a property as specified in the configuration, it "
                               "MUST generate an error and a new container MUST NOT be created."};

constexpr Case single[] = {
    {"config-mounts/order-later-hides-earlier", order, later_hides_earlier},
    {"config-mounts/order-below-after", order, below_after},
    {"config-mounts/order-below-before", order, below_before},
    {"config-mounts/destination-through-link", place, destination_link},
    {"config-mounts/source-relative-to-bundle",
     clause("Path values for bind mounts are either absolute or relative to the bundle."), source_relative},
    {"config-mounts/source-file", bound, source_file},
    {"config-mounts/source-is-shared-with-host", bound, source_is_the_same},
    {"config-mounts/none",
     clause("`mounts` (array of objects, OPTIONAL) specifies additional mounts beyond "
            "`root`."),
     no_mounts},
    {"config-mounts/source-missing-is-error", impossible, no_source},
    {"config-mounts/type-unknown-is-error", impossible, no_type},
    {"config-mounts/folder-on-file-is-error", impossible, folder_on_file},
    {"config-mounts/destination-missing-is-error", place, no_destination},
};
constexpr auto cases = joined(
    std::to_array(single), each(places, {"config-mounts/destination", clause(""), destination}),
    each(dummies,
         {"config-mounts/bind-type",
          clause("A mount is a bind mount if it has either `bind` or `rbind` in the options."), bind_type}),
    each(types, {"config-mounts/type",
                 clause("Linux: filesystem types supported by the kernel as listed in */proc/filesystems*",
                        "POSIX-platform Mounts"),
                 filesystem,
                 {&needs::root}}));

}  // namespace

std::span<const Case> config_mounts_cases() { return cases; }

}  // namespace conformance
