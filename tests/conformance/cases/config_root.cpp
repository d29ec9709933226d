// config.md, "Root".
#include <cerrno>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

json& root(Container& box) { return box.config["root"]; }

/// A file that the host puts into the root filesystem is what the container finds there.
void finds_root(Trial& t, Container& box, const std::string& path) {
  root(box)["path"] = path;
  write_file(box.rootfs("/etc/mark"), box.id());
  const Facts facts = box.inside("read /etc/mark ; stat /etc/shadow");
  t.expect_eq("a file of the root filesystem", box.id(), facts["read:/etc/mark.data"]);
  t.expect_eq("errno of a file that only the host has", ENOENT, facts["stat:/etc/shadow.errno"]);
}

void relative(Trial& t) {
  Container& box = t.container();
  finds_root(t, box, "rootfs");
}

void absolute(Trial& t) {
  Container& box = t.container();
  finds_root(t, box, box.rootfs());
}

/// "a relative path to the bundle" may leave it.
void beside_bundle(Trial& t) {
  Container& box = t.container();
  finds_root(t, box, "../" + box.bundle().substr(box.bundle().rfind('/') + 1) + "/rootfs");
}

/// Relative to the bundle and not to where the caller stands.
void relative_elsewhere(Trial& t) {
  Container& box = t.container();
  make_folder(t.folder() + "/elsewhere");
  make_folder(t.folder() + "/elsewhere/rootfs");
  box.payload("echo right");
  t.require_success("create from another folder", box.create({}, {.folder = t.folder() + "/elsewhere"}));
  t.require_success("start", box.start());
  box.await_output("echo=right");
}

struct Path {
  std::string_view name, path;
};
constexpr std::array bad_paths = {Path{"missing", "not-there"}, Path{"file", "config.json"},
                                  Path{"empty", ""}};

void bad_path(Trial& t) {
  Container& box = t.container();
  root(box)["path"] = bad_paths[t.row()].path;
  t.expect_error("create with the root path \"" + std::string(bad_paths[t.row()].path) + "\"", box.create());
  t.expect("the container", !box.known(), "not to exist", "it does");
}

void no_root(Trial& t) {
  Container& box = t.container();
  box.config.erase("root");
  t.expect_error("create without root", box.create());
}

void no_path(Trial& t) {
  Container& box = t.container();
  root(box) = json::object();
  t.expect_error("create with a root that has no path", box.create());
}

void readonly(Trial& t) {
  Container& box = t.container();
  root(box)["readonly"] = true;
  write_file(box.rootfs("/etc/file"), "as it was");
  const Facts facts =
      box.inside("create /new ; mkdir /tmp/folder ; write /etc/file changed ; unlink /etc/file");
  for (const char* what : {"create:/new", "mkdir:/tmp/folder", "write:/etc/file", "unlink:/etc/file"})
    t.expect_eq(std::string("errno of ") + what, EROFS, facts[std::string(what) + ".errno"]);
  t.expect_eq("the file afterwards", "as it was", read_file(box.rootfs("/etc/file")));
}

/// What the program writes stays in the bundle.
void writable(Trial& t, const json& value) {
  Container& box = t.container();
  if (!value.is_null()) root(box)["readonly"] = value;
  const Facts facts = box.inside("create /new ; mkdir /tmp/folder");
  t.expect_eq("errno of a new file", 0, facts["create:/new.errno"]);
  t.expect_eq("errno of a new folder", 0, facts["mkdir:/tmp/folder.errno"]);
  t.expect("the new file in the bundle", exists(box.rootfs("/new")), "to be there", "it is not");
}

void readonly_false(Trial& t) { writable(t, false); }
void readonly_unset(Trial& t) { writable(t, nullptr); }

constexpr Clause clause(std::string_view text) { return {"config.md", "Root", Level::must, text}; }
constexpr std::string_view path_text =
    "On POSIX platforms, `path` is either an absolute path or a relative path to the bundle.";
constexpr std::string_view directory_text = "A directory MUST exist at the path declared by the field.";
constexpr std::string_view readonly_text =
    "`readonly` (bool, OPTIONAL) If true then the root filesystem MUST be read-only inside the container, "
    "defaults to false.";

constexpr Case single[] = {
    {"config-root/path-relative", clause(path_text), relative},
    {"config-root/path-absolute", clause(path_text), absolute},
    {"config-root/path-beside-bundle", clause(path_text), beside_bundle},
    {"config-root/path-not-relative-to-caller", clause(path_text), relative_elsewhere},
    {"config-root/absent-is-error", clause("On all other platforms, this field is REQUIRED."), no_root},
    {"config-root/path-absent-is-error",
     clause("`path` (string, REQUIRED) Specifies the path to the root filesystem for the container."),
     no_path},
    {"config-root/readonly-true", clause(readonly_text), readonly},
    {"config-root/readonly-false", clause(readonly_text), readonly_false},
    {"config-root/readonly-unset", clause(readonly_text), readonly_unset},
};
constexpr auto cases =
    joined(std::to_array(single),
           each(bad_paths, {"config-root/bad-path-is-error", clause(directory_text), bad_path}));

}  // namespace

std::span<const Case> config_root_cases() { return cases; }

}  // namespace conformance
