// config.md, "Linux mount options": what each option does to a mount of its own, as mountinfo shows it.
#include <cerrno>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/mountinfo.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

using enum Level;

/// `before`: other options in front of it, for it to undo. mount(8): of two that contradict each other the
/// later one holds. `shows` and `hides`: the words of mountinfo. Where there are neither, nothing of the
/// option can be seen but that tmpfs, which refuses what it does not know, did not get it.
struct Option {
  std::string_view name, text;
  Level level;
  std::string_view before, shows, hides;
};
constexpr std::array options = {
    Option{"async", "`async` | MUST", must, "sync", "", "sync"},
    Option{"atime", "`atime` | MUST", must, "noatime", "", "noatime"},
    Option{"defaults", "`defaults` | MUST", must, "", "rw", "ro nosuid nodev noexec sync"},
    Option{"dev", "`dev` | MUST", must, "nodev", "", "nodev"},
    Option{"diratime", "`diratime` | MUST", must, "nodiratime", "", "nodiratime"},
    Option{"dirsync", "`dirsync` | MUST", must, "", "dirsync", ""},
    Option{"exec", "`exec` | MUST", must, "noexec", "", "noexec"},
    Option{"iversion", "`iversion` | MUST", must, "", "", ""},
    Option{"lazytime", "`lazytime` | MUST", must, "", "lazytime", ""},
    Option{"loud", "`loud` | MUST", must, "silent", "", ""},
    Option{"mand", "`mand` | MAY", may, "", "", ""},
    Option{"noatime", "`noatime` | MUST", must, "", "noatime", "relatime"},
    Option{"nodev", "`nodev` | MUST", must, "", "nodev", ""},
    Option{"nodiratime", "`nodiratime` | MUST", must, "", "nodiratime", ""},
    Option{"noexec", "`noexec` | MUST", must, "", "noexec", ""},
    Option{"noiversion", "`noiversion` | MUST", must, "iversion", "", ""},
    Option{"nolazytime", "`nolazytime` | MUST", must, "lazytime", "", "lazytime"},
    Option{"nomand", "`nomand` | MAY", may, "mand", "", "mand"},
    Option{"norelatime", "`norelatime` | MUST", must, "relatime", "", ""},
    Option{"nostrictatime", "`nostrictatime` | MUST", must, "strictatime", "relatime", ""},
    Option{"nosuid", "`nosuid` | MUST", must, "", "nosuid", ""},
    Option{"nosymfollow", "`nosymfollow` | SHOULD", should, "", "nosymfollow", ""},
    Option{"relatime", "`relatime` | MUST", must, "", "relatime", "noatime"},
    Option{"ro", "`ro` | MUST", must, "", "ro", ""},
    Option{"rw", "`rw` | MUST", must, "ro", "rw", "ro"},
    Option{"silent", "`silent` | MUST", must, "", "", ""},
    Option{"strictatime", "`strictatime` | MUST", must, "", "", "relatime noatime"},
    Option{"suid", "`suid` | MUST", must, "nosuid", "", "nosuid"},
    Option{"symfollow", "`symfollow` | SHOULD", should, "nosymfollow", "", "nosymfollow"},
    Option{"sync", "`sync` | MUST", must, "", "sync", ""},
};

std::vector<std::string> given(const Option& option) {
  std::vector<std::string> all = words(std::string(option.before));
  all.emplace_back(option.name);
  return all;
}

void expect_options(Trial& t, const Mount& mount, std::string_view shows, std::string_view hides) {
  t.require("the mount", !mount.point.empty(), "to be there", "no mount");
  for (const auto& word : words(std::string(shows)))
    t.expect("the mount's options", mount.has(word), "something with " + word, mount.options);
  for (const auto& word : words(std::string(hides)))
    t.expect("the mount's options", !mount.has(word), "nothing with " + word, mount.options);
}

void of_tmpfs(Trial& t) {
  const Option& option = options[t.row()];
  Container& box = t.container();
  box.config["mounts"].push_back(mount_entry("/tmp", "tmpfs", "tmpfs", given(option)));
  box.payload("hold");
  box.started();
  const Mount mount = mount_at(box.pid(), "/tmp");
  t.expect_eq("the mount's type", "tmpfs", mount.type);
  expect_options(t, mount, option.shows, option.hides);
}

/// The flags that mount(2), MS_BIND, lets a later remount give to a bind mount.
constexpr std::array bind_options = {
    Option{"ro", "`ro` | MUST", must, "", "ro", ""},
    Option{"nosuid", "`nosuid` | MUST", must, "", "nosuid", ""},
    Option{"nodev", "`nodev` | MUST", must, "", "nodev", ""},
    Option{"noexec", "`noexec` | MUST", must, "", "noexec", ""},
    Option{"noatime", "`noatime` | MUST", must, "", "noatime", ""},
    Option{"nodiratime", "`nodiratime` | MUST", must, "", "nodiratime", ""},
    Option{"nosymfollow", "`nosymfollow` | SHOULD", should, "", "nosymfollow", ""},
};

void of_bind(Trial& t) {
  const Option& option = bind_options[t.row()];
  Container& box = t.container();
  box.config["mounts"].push_back(
      mount_entry("/tmp", "none", box.rootfs("/etc"), {"bind", std::string(option.name)}));
  box.payload("hold");
  box.started();
  // The folder that is bound lies on one file system with the root, whose own flags stay as they are.
  expect_options(t, mount_at(box.pid(), "/tmp"), option.shows, "");
  t.expect("the root's options", !mount_at(box.pid(), "/").has(option.name),
           "nothing with " + std::string(option.name), mount_at(box.pid(), "/").options);
}

void remount(Trial& t) {
  Container& box = t.container();
  box.config["mounts"].push_back(mount_entry("/tmp", "tmpfs", "tmpfs", {"nosuid"}));
  box.config["mounts"].push_back(mount_entry("/tmp", "tmpfs", "tmpfs", {"remount", "ro", "nodev"}));
  box.payload("hold");
  box.started();
  std::size_t count = 0;
  for (const Mount& mount : mounts_of(box.pid()))
    if (mount.point == "/tmp") ++count;
  t.expect_eq("mounts at /tmp", 1, count);
  expect_options(t, mount_at(box.pid(), "/tmp"), "ro nodev", "");
}

void read_only_works(Trial& t) {
  Container& box = t.container();
  box.config["mounts"].push_back(mount_entry("/tmp", "tmpfs", "tmpfs", {"ro"}));
  t.expect_eq("errno of making a file there", EROFS, box.inside("create /tmp/x")["create:/tmp/x.errno"]);
}

void no_device_works(Trial& t) {
  Container& box = t.container();
  box.config["process"]["capabilities"]["bounding"].push_back("CAP_MKNOD");
  box.config["process"]["capabilities"]["permitted"].push_back("CAP_MKNOD");
  box.config["process"]["capabilities"]["effective"].push_back("CAP_MKNOD");
  box.config["mounts"].push_back(mount_entry("/tmp", "tmpfs", "tmpfs", {"nodev"}));
  const Facts facts = box.inside("mknod /tmp/null c 1 3 ; read /tmp/null");
  t.expect_eq("errno of making a device there", 0, facts["mknod:/tmp/null.errno"]);
  t.expect_eq("errno of opening it", EACCES, facts["read:/tmp/null.errno"]);
}

// --- what is not in the table

struct Data {
  std::string_view name, option, shows;
};
constexpr std::array data = {Data{"size", "size=128k", "size=128k"}, Data{"mode", "mode=711", "mode=711"},
                             Data{"nr_inodes", "nr_inodes=77", "nr_inodes=77"}, Data{"uid", "uid=7", "uid=7"},
                             Data{"several", "size=128k nr_inodes=77 gid=9", "size=128k nr_inodes=77 gid=9"}};

void of_filesystem(Trial& t) {
  Container& box = t.container();
  box.config["mounts"].push_back(
      mount_entry("/tmp", "tmpfs", "tmpfs", words("nosuid " + std::string(data[t.row()].option))));
  box.payload("hold");
  box.started();
  expect_options(t, mount_at(box.pid(), "/tmp"), "nosuid " + std::string(data[t.row()].shows), "");
}

void refused_by_filesystem(Trial& t) {
  Container& box = t.container();
  box.config["mounts"].push_back(mount_entry("/tmp", "tmpfs", "tmpfs", {"nosuchoption=1"}));
  const Finished created = box.create();
  t.expect_error("an option that tmpfs does not know", created.succeeded() ? box.start() : created);
}

constexpr Clause clause(std::string_view text, Level level = must) {
  return {"config.md", "Linux mount options", level, text};
}
constexpr Clause passed = clause(
    "Runtimes SHOULD treat unknown options as filesystem-specific ones) and pass those as a comma-separated "
    "string to the fifth (`const void *data`) argument of `mount(2)`.",
    should);

constexpr Case single[] = {
    {"config-mounts/remount", clause("`remount` | MUST"), remount, {&needs::root}},
    {"config-mounts/ro-works", clause("`ro` | MUST"), read_only_works},
    {"config-mounts/nodev-works", clause("`nodev` | MUST"), no_device_works, {&needs::root}},
    {"config-mounts/option-unknown-to-filesystem", passed, refused_by_filesystem},
};
constexpr auto cases =
    joined(each(options, {"config-mounts/option", clause(""), of_tmpfs, {&needs::root, &needs::kernel_5_10}}),
           each(bind_options,
                {"config-mounts/bind-option", clause(""), of_bind, {&needs::root, &needs::kernel_5_10}}),
           std::to_array(single),
           each(data, {"config-mounts/filesystem-option", passed, of_filesystem, {&needs::root}}));

}  // namespace

std::span<const Case> config_mount_options_cases() { return cases; }

}  // namespace conformance
