// config-linux.md, "Masked Paths" and "Readonly Paths". Each hidden thing is shown to be there without the
// setting.
#include <cerrno>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

void fill(Container& box) {
  write_file(box.rootfs("/etc/secret"), "the secret");
  make_folder(box.rootfs("/etc/folder"));
  write_file(box.rootfs("/etc/folder/file"), "the secret");
}

void masked_file(Trial& t) {
  for (const bool masked : {false, true}) {
    Container& box = t.container();
    fill(box);
    if (masked) box.config["linux"]["maskedPaths"] = {"/etc/secret"};
    const Facts facts = box.inside("read /etc/secret");
    const bool seen = facts["read:/etc/secret.data"] == "the secret";
    t.expect(masked ? "the masked file" : "the file without a mask", seen != masked,
             masked ? "not to be readable" : "to be readable", seen ? "the secret" : "nothing");
  }
}

void masked_folder(Trial& t) {
  for (const bool masked : {false, true}) {
    Container& box = t.container();
    fill(box);
    if (masked) box.config["linux"]["maskedPaths"] = {"/etc/folder"};
    const Facts facts = box.inside("list /etc/folder ; read /etc/folder/file");
    const bool seen =
        facts["list:/etc/folder"] == "file" || facts["read:/etc/folder/file.data"] == "the secret";
    t.expect(masked ? "the masked folder" : "the folder without a mask", seen != masked,
             masked ? "not to be readable" : "to be readable", seen ? "file" : "nothing");
  }
}

struct Path {
  std::string_view name;
};
constexpr std::array proc_paths = {Path{"/proc/keys"}, Path{"/proc/timer_list"}, Path{"/proc/interrupts"},
                                   Path{"/proc/cmdline"}};

void masked_proc(Trial& t) {
  const std::string path(proc_paths[t.row()].name);
  Container& box = t.container();
  if (trimmed(read_file(path)).empty()) t.skip("needs " + path);
  box.config["linux"]["maskedPaths"] = {path};
  const std::string data = box.inside("read " + path)["read:" + path + ".data"];
  t.expect("what is read from it", data.empty() || data.starts_with("("), "nothing", data);
}

void many_masked(Trial& t) {
  Container& box = t.container();
  fill(box);
  box.config["linux"]["maskedPaths"] = {"/etc/secret", "/etc/folder"};
  const Facts facts = box.inside("read /etc/secret ; list /etc/folder");
  t.expect_ne("the file", "the secret", facts["read:/etc/secret.data"]);
  t.expect_ne("the folder", "file", facts["list:/etc/folder"]);
}

void readonly_file(Trial& t) {
  for (const bool readonly : {false, true}) {
    Container& box = t.container();
    fill(box);
    if (readonly) box.config["linux"]["readonlyPaths"] = {"/etc/secret"};
    t.expect_eq(readonly ? "errno of writing the readonly file" : "errno without the setting",
                readonly ? EROFS : 0, box.inside("write /etc/secret x")["write:/etc/secret.errno"]);
  }
}

void readonly_folder(Trial& t) {
  for (const bool readonly : {false, true}) {
    Container& box = t.container();
    fill(box);
    if (readonly) box.config["linux"]["readonlyPaths"] = {"/etc/folder"};
    const Facts facts = box.inside("create /etc/folder/new ; write /etc/folder/file x");
    for (const char* what : {"create:/etc/folder/new", "write:/etc/folder/file"})
      t.expect_eq(std::string("errno of ") + what + (readonly ? "" : " without the setting"),
                  readonly ? EROFS : 0, facts[std::string(what) + ".errno"]);
  }
}

void readonly_proc(Trial& t) {
  Container& box = t.container();
  box.config["linux"]["readonlyPaths"] = {"/proc/sys"};
  t.expect_eq(
      "errno of writing a sysctl", EROFS,
      box.inside("write /proc/sys/kernel/shm_rmid_forced 0")["write:/proc/sys/kernel/shm_rmid_forced.errno"]);
}

/// What is beside a readonly path stays as it is, and what is readonly can still be read.
void readonly_only_there(Trial& t) {
  Container& box = t.container();
  fill(box);
  box.config["linux"]["readonlyPaths"] = {"/etc/folder"};
  const Facts facts = box.inside("write /etc/secret x ; read /etc/folder/file");
  t.expect_eq("errno of writing a file beside it", 0, facts["write:/etc/secret.errno"]);
  t.expect_eq("what is read there", "the secret", facts["read:/etc/folder/file.data"]);
}

struct Key {
  std::string_view name, section;
};
constexpr std::array keys = {Key{"maskedPaths", "Masked Paths"}, Key{"readonlyPaths", "Readonly Paths"}};

void relative(Trial& t) {
  Container& box = t.container();
  fill(box);
  box.config["linux"][std::string(keys[t.row()].name)] = {"etc/secret"};
  const Finished created = box.create();
  t.expect_error("a path that is not absolute", created.succeeded() ? box.start() : created);
}

constexpr Clause masked = {"config-linux.md", "Masked Paths", Level::must,
                           "`maskedPaths` (array of strings, OPTIONAL) will mask over the provided paths "
                           "inside the container so that they cannot be read."};
constexpr Clause readonly = {"config-linux.md", "Readonly Paths", Level::must,
                             "`readonlyPaths` (array of strings, OPTIONAL) will set the provided paths as "
                             "readonly inside the container."};

constexpr Case single[] = {
    {"linux-paths/masked-file", masked, masked_file},
    {"linux-paths/masked-folder", masked, masked_folder},
    {"linux-paths/masked-many", masked, many_masked},
    {"linux-paths/readonly-file", readonly, readonly_file},
    {"linux-paths/readonly-folder", readonly, readonly_folder},
    {"linux-paths/readonly-proc-sys", readonly, readonly_proc},
    {"linux-paths/readonly-only-there", readonly, readonly_only_there},
};
constexpr auto cases = joined(
    std::to_array(single), each(proc_paths, {"linux-paths/masked-proc", masked, masked_proc, {&needs::root}}),
    each(keys, {"linux-paths/relative-is-error",
                {"config-linux.md", "", Level::must,
                 "The values MUST be absolute paths in the container namespace."},
                relative}));

}  // namespace

std::span<const Case> linux_paths_cases() { return cases; }

}  // namespace conformance
