// config.md, "Linux mount options": bind mounts of trees, with the options that reach what is mounted below,
// and propagation.
#include <sys/mount.h>

#include <cerrno>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/mountinfo.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

using enum Level;

/// A tmpfs with another one mounted on its folder "below", both shared; the lower one with MS_ flags of its
/// own. From here on the case has a mount namespace of its own.
std::string tree(Trial& t, unsigned long flags_below = 0) {
  t.own_mount_namespace();
  const std::string top = t.folder() + "/tree", below = top + "/below";
  const auto shared = [&](const std::string& at) {
    make_folder(at);
    if (mount("tmpfs", at.c_str(), "tmpfs", 0, nullptr) < 0 ||
        mount(nullptr, at.c_str(), nullptr, MS_SHARED, nullptr) < 0)
      t.skip("needs the right to mount");
  };
  shared(top);
  shared(below);
  write_file(below + "/name", "below");
  if (flags_below != 0 &&
      mount(nullptr, below.c_str(), nullptr, MS_REMOUNT | MS_BIND | flags_below, nullptr) < 0)
    t.skip("needs mount flags, errno " + std::to_string(errno));
  return top;
}

void expect_words(Trial& t, const Mount& mount, std::string_view shows, std::string_view hides) {
  t.require("a mount", !mount.point.empty(), "to be there", "no mount");
  for (const auto& word : words(std::string(shows)))
    t.expect("the options of " + mount.point, mount.has(word), "something with " + word, mount.options);
  for (const auto& word : words(std::string(hides)))
    t.expect("the options of " + mount.point, !mount.has(word), "nothing with " + word, mount.options);
}

/// The container with the tree bound to its /tmp.
Container& bound(Trial& t, const std::string& from, const std::vector<std::string>& options) {
  Container& box = t.container();
  box.config["mounts"].push_back(mount_entry("/tmp", "none", from, options));
  return box;
}

void bind(Trial& t) {
  Container& box = bound(t, tree(t), {"bind"});
  const Facts facts = box.inside("stat /tmp/below ; read /tmp/below/name");
  t.expect_eq("what is at /tmp/below", "dir", facts["stat:/tmp/below.type"]);
  t.expect_eq("errno of reading what is mounted below the source", ENOENT,
              facts["read:/tmp/below/name.errno"]);
}

void rbind(Trial& t) {
  Container& box = bound(t, tree(t), {"rbind"});
  t.expect_eq("what is mounted below", "below",
              box.inside("read /tmp/below/name")["read:/tmp/below/name.data"]);
}

// --- recursive options

/// `below`: the flags of the lower mount before; what both mounts show afterwards, and what they do not.
struct Recursive {
  std::string_view name, text;
  unsigned long below;
  std::string_view shows, hides;
};
constexpr std::array recursive = {
    Recursive{"ratime", "`ratime` | SHOULD | Recursive `atime`", MS_NOATIME, "", "noatime"},
    Recursive{"rdev", "`rdev` | SHOULD | Recursive `dev`", MS_NODEV, "", "nodev"},
    Recursive{"rdiratime", "`rdiratime` | SHOULD | Recursive `diratime`", MS_NODIRATIME, "", "nodiratime"},
    Recursive{"rexec", "`rexec` | SHOULD", MS_NOEXEC, "", "noexec"},
    Recursive{"rnoatime", "`rnoatime` | SHOULD | Recursive `noatime`", 0, "noatime", "relatime"},
    Recursive{"rnodev", "| SHOULD | Recursive `dev`", 0, "nodev", ""},
    Recursive{"rnodiratime", "`rnodiratime` | SHOULD | Recursive `nodiratime`", 0, "nodiratime", ""},
    Recursive{"rnoexec", "`rnoexec` | SHOULD | Recursive `noexec`", 0, "noexec", ""},
    Recursive{"rnorelatime", "`rnorelatime` | SHOULD | Recursive `norelatime`", MS_RELATIME, "", ""},
    Recursive{"rnostrictatime", "`rnostrictatime` | SHOULD | Recursive `nostrictatime`", MS_STRICTATIME,
              "relatime", ""},
    Recursive{"rnosuid", "`rnosuid` | SHOULD | Recursive `nosuid`", 0, "nosuid", ""},
    Recursive{"rnosymfollow", "`rnosymfollow` | SHOULD | Recursive `nosymfollow`", 0, "nosymfollow", ""},
    Recursive{"rrelatime", "`rrelatime` | SHOULD | Recursive `relatime`", MS_NOATIME, "relatime", "noatime"},
    Recursive{"rro", "`rro` | SHOULD | Recursive `ro`", 0, "ro", ""},
    Recursive{"rrw", "`rrw` | SHOULD | Recursive `rw`", MS_RDONLY, "rw", "ro"},
    Recursive{"rstrictatime", "`rstrictatime` | SHOULD | Recursive `strictatime`", MS_NOATIME, "",
              "noatime relatime"},
    Recursive{"rsuid", "`rsuid` | SHOULD | Recursive `suid`", MS_NOSUID, "", "nosuid"},
    Recursive{"rsymfollow", "`rsymfollow` | SHOULD | Recursive `symfollow`", MS_NOSYMFOLLOW, "",
              "nosymfollow"},
};

void recursive_option(Trial& t) {
  const Recursive& option = recursive[t.row()];
  Container& box = bound(t, tree(t, option.below), {"rbind", std::string(option.name)});
  box.payload("hold");
  box.started();
  expect_words(t, mount_at(box.pid(), "/tmp"), option.shows, option.hides);
  expect_words(t, mount_at(box.pid(), "/tmp/below"), option.shows, option.hides);
}

void not_recursive(Trial& t) {
  Container& box = bound(t, tree(t), {"rbind", "ro", "nosuid"});
  box.payload("hold");
  box.started();
  expect_words(t, mount_at(box.pid(), "/tmp"), "ro nosuid", "");
  expect_words(t, mount_at(box.pid(), "/tmp/below"), "rw", "nosuid");
}

// --- propagation

/// `tag`: what proc(5) shows among the optional fields; "": none of them.
struct Propagation {
  std::string_view name, text, tag;
  bool recursive;
};
constexpr std::array propagations = {
    Propagation{"private", "`private` | MUST | Bind mount propagation", "", false},
    Propagation{"rprivate", "`rprivate` | MUST | Bind mount propagation", "", true},
    Propagation{"shared", "`shared` | MUST", "shared:", false},
    Propagation{"rshared", "`rshared` | MUST | Bind mount propagation", "shared:", true},
    Propagation{"slave", "`slave` | MUST | Bind mount propagation", "master:", false},
    Propagation{"rslave", "`rslave` | MUST | Bind mount propagation", "master:", true},
    Propagation{"unbindable", "`unbindable` | MUST | Bind mount propagation", "unbindable", false},
    Propagation{"runbindable", "`runbindable` | MUST | Bind mount propagation", "unbindable", true},
};

void propagation(Trial& t) {
  const Propagation& wanted = propagations[t.row()];
  Container& box = bound(t, tree(t), {"rbind", std::string(wanted.name)});
  // The opposite for all else, so that what is seen is the option's doing.
  box.config["linux"]["rootfsPropagation"] = wanted.tag.empty() ? "slave" : "private";
  box.payload("hold");
  box.started();
  for (const std::string point : {"/tmp", "/tmp/below"}) {
    if (point != "/tmp" && !wanted.recursive) continue;
    const Mount mount = mount_at(box.pid(), point);
    t.require("a mount at " + point, !mount.point.empty(), "to be there", "no mount");
    const bool holds =
        wanted.tag.empty() ? mount.tags.empty() : mount.tags.find(wanted.tag) != std::string::npos;
    t.expect("the propagation of " + point, holds, wanted.tag.empty() ? "none" : wanted.tag, mount.tags);
  }
}

/// What is mounted on the host below a slave shows in the container, and is taken away there as well.
void slave_follows(Trial& t) {
  const std::string top = tree(t);
  Container& box = bound(t, top, {"rbind", "rslave"});
  make_folder(top + "/later");
  box.payload("hold");
  box.started();
  if (mount("tmpfs", (top + "/later").c_str(), "tmpfs", 0, nullptr) < 0) t.skip("needs the right to mount");
  t.expect_eq("the mount that came later", "tmpfs", mount_at(box.pid(), "/tmp/later").type);
  umount2((top + "/later").c_str(), 0);
  t.expect_eq("the mount that went again", "", mount_at(box.pid(), "/tmp/later").type);
}

void private_does_not_follow(Trial& t) {
  const std::string top = tree(t);
  Container& box = bound(t, top, {"rbind", "rprivate"});
  make_folder(top + "/later");
  box.payload("hold");
  box.started();
  if (mount("tmpfs", (top + "/later").c_str(), "tmpfs", 0, nullptr) < 0) t.skip("needs the right to mount");
  t.expect_eq("the mount that came later", "", mount_at(box.pid(), "/tmp/later").type);
}

constexpr Clause clause(std::string_view text, Level level = must) {
  return {"config.md", "Linux mount options", level, text};
}
constexpr Case single[] = {
    {"config-mounts/bind", clause("`bind` | MUST | Bind mount"), bind, {&needs::root}},
    {"config-mounts/rbind", clause("`rbind` | MUST | Recursive bind mount"), rbind, {&needs::root}},
    {"config-mounts/options-of-the-top-alone", clause("`ro` | MUST"), not_recursive, {&needs::root}},
    {"config-mounts/rslave-follows",
     clause("`rslave` | MUST | Bind mount propagation"),
     slave_follows,
     {&needs::root}},
    {"config-mounts/rprivate-does-not-follow",
     clause("`rprivate` | MUST | Bind mount propagation"),
     private_does_not_follow,
     {&needs::root}},
};
constexpr auto cases =
    joined(std::to_array(single),
           each(propagations, {"config-mounts/propagation", clause(""), propagation, {&needs::root}}),
           each(recursive, {"config-mounts/recursive-option",
                            clause("", should),
                            recursive_option,
                            {&needs::root, &needs::kernel_5_12}}));

}  // namespace

std::span<const Case> config_mount_trees_cases() { return cases; }

}  // namespace conformance
