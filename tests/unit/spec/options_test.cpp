#include "spec/options.hpp"

#include <catch2/catch.hpp>
#include <linux/mount.h>

#include <algorithm>

using namespace lodger::spec;

static MountFlags flags(std::vector<std::string> options) {
  return mount_flags({.destination = "/x", .type = "tmpfs", .source = "", .options = std::move(options)});
}

TEST_CASE("options: each bit of a mount") {
  struct Row {
    const char *on, *off;
    std::uint64_t bit;
  };
  for (const auto& [on, off, bit] :
       {Row{"nosuid", "suid", MOUNT_ATTR_NOSUID}, Row{"nodev", "dev", MOUNT_ATTR_NODEV},
        Row{"noexec", "exec", MOUNT_ATTR_NOEXEC}, Row{"nodiratime", "diratime", MOUNT_ATTR_NODIRATIME},
        Row{"nosymfollow", "symfollow", MOUNT_ATTR_NOSYMFOLLOW}, Row{"ro", "rw", MOUNT_ATTR_RDONLY}}) {
    CAPTURE(on);
    CHECK(flags({on}).attr_set == bit);
    CHECK(flags({on}).attr_clr == 0);
    CHECK(flags({off}).attr_set == 0);
    CHECK(flags({off}).attr_clr == bit);
    CHECK(flags({off, on}).attr_set == bit);
    CHECK(flags({off, on}).attr_clr == 0);
    CHECK(flags({on, off}).attr_set == 0);
    const MountFlags tree = flags({std::string("r") + on});
    CHECK(tree.rec_attr_set == bit);
    CHECK(tree.attr_set == 0);
    CHECK(tree.super_set == 0);
    CHECK(flags({std::string("r") + off}).rec_attr_clr == bit);
    CHECK(flags({std::string("r") + off}).attr_clr == 0);
  }
}

TEST_CASE("options: each bit of a filesystem") {
  struct Row {
    const char *on, *off;
    std::uint64_t bit;
  };
  for (const auto& [on, off, bit] :
       {Row{"sync", "async", MS_SYNCHRONOUS}, Row{"mand", "nomand", MS_MANDLOCK},
        Row{"lazytime", "nolazytime", MS_LAZYTIME}, Row{"iversion", "noiversion", MS_I_VERSION},
        Row{"silent", "loud", MS_SILENT}, Row{"ro", "rw", MS_RDONLY}}) {
    CAPTURE(on);
    CHECK(flags({on}).super_set == bit);
    CHECK(flags({on}).super_clr == 0);
    CHECK(flags({off}).super_clr == bit);
    CHECK(flags({on, off}).super_set == 0);
    CHECK(flags({off, on}).super_set == bit);
  }
  CHECK(flags({"dirsync"}).super_set == MS_DIRSYNC);
  CHECK(flags({"sync"}).attr_set == 0);
}

TEST_CASE("options: the access time mode is one field, cleared as a whole") {
  struct Row {
    std::vector<std::string> options;
    std::uint64_t mode;
  };
  for (const auto& [options, mode] :
       {Row{{"noatime"}, MOUNT_ATTR_NOATIME}, Row{{"strictatime"}, MOUNT_ATTR_STRICTATIME},
        Row{{"relatime"}, MOUNT_ATTR_RELATIME}, Row{{"atime"}, MOUNT_ATTR_RELATIME},
        Row{{"noatime", "atime"}, MOUNT_ATTR_RELATIME}, Row{{"strictatime", "atime"}, MOUNT_ATTR_STRICTATIME},
        Row{{"strictatime", "nostrictatime"}, MOUNT_ATTR_RELATIME},
        Row{{"noatime", "nostrictatime"}, MOUNT_ATTR_NOATIME},
        Row{{"noatime", "norelatime"}, MOUNT_ATTR_NOATIME},
        Row{{"noatime", "strictatime"}, MOUNT_ATTR_STRICTATIME},
        Row{{"strictatime", "noatime"}, MOUNT_ATTR_NOATIME},
        Row{{"noatime", "relatime"}, MOUNT_ATTR_RELATIME}}) {
    CAPTURE(options);
    const MountFlags plain = flags(options);
    CHECK(plain.attr_set == mode);
    CHECK(plain.attr_clr == MOUNT_ATTR__ATIME);
    std::vector<std::string> below;
    for (const auto& option : options) below.push_back("r" + option);
    const MountFlags tree = flags(below);
    CHECK(tree.rec_attr_set == mode);
    CHECK(tree.rec_attr_clr == MOUNT_ATTR__ATIME);
    CHECK(tree.attr_clr == 0);
  }
  CHECK(flags({"nodiratime"}).attr_clr == 0);
  CHECK(flags({"norelatime"}).attr_clr == 0);  // what the mount has stays
  CHECK(flags({"noatime", "nodiratime"}).attr_set == (MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODIRATIME));
}

TEST_CASE("options: propagation, the last one counts") {
  struct Row {
    const char* name;
    std::uint64_t value;
  };
  for (const auto& [name, value] : {Row{"shared", MS_SHARED}, Row{"slave", MS_SLAVE},
                                    Row{"private", MS_PRIVATE}, Row{"unbindable", MS_UNBINDABLE}}) {
    CAPTURE(name);
    CHECK(flags({name}).propagation == value);
    CHECK_FALSE(flags({name}).propagation_recursive);
    CHECK(flags({std::string("r") + name}).propagation == value);
    CHECK(flags({std::string("r") + name}).propagation_recursive);
  }
  CHECK(flags({"rshared", "private"}).propagation == MS_PRIVATE);
  CHECK_FALSE(flags({"rshared", "private"}).propagation_recursive);
  CHECK(flags({}).propagation == 0);
}

TEST_CASE("options: the marks") {
  CHECK(flags({"bind"}).bind);
  CHECK_FALSE(flags({"bind"}).recursive_bind);
  CHECK(flags({"rbind"}).recursive_bind);
  CHECK(flags({"remount"}).remount);
  CHECK(flags({"tmpcopyup"}).copy_up);
  CHECK(flags({"idmap"}).idmap);
  CHECK(flags({"ridmap"}).recursive_idmap);
  CHECK(flags({"ridmap=uids=0-1-1"}).recursive_idmap);
  CHECK(flags({"idmap=uids=0-1-1"}).id_map_text == "uids=0-1-1");
  CHECK(flags({"idmap=uids=0-1-1"}).data.empty());
  CHECK(flags({"copy-symlink"}).copy_symlink);
  CHECK(flags({"src-nofollow"}).source_nofollow);
  CHECK(flags({"dest-nofollow"}).destination_nofollow);
  CHECK(mount_flags({.destination = "/x", .type = "bind", .source = "/y", .options = {}}).bind);
  CHECK_FALSE(mount_flags({.destination = "/x", .type = "bind", .source = "/y", .options = {"rbind"}}).bind);
}

TEST_CASE("options: a bind mount's ro is the mount's alone") {
  const MountFlags bound = flags({"ro", "rbind", "nosuid"});
  CHECK(bound.super_set == 0);
  CHECK(bound.attr_set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID));
  CHECK(flags({"bind", "rw"}).super_clr == 0);
}

TEST_CASE("options: a bind mount that names a flag loses those that its source has") {
  constexpr std::uint64_t lasting =
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
  struct Row {
    std::vector<std::string> options;
    std::uint64_t implied;
  };
  for (const auto& [options, implied] :
       {Row{{"bind"}, 0}, Row{{"rbind", "rprivate", "sync", "rro", "norelatime"}, 0},
        Row{{"bind", "nodev"}, lasting & ~std::uint64_t{MOUNT_ATTR_NODEV}},
        Row{{"bind", "rw"}, lasting & ~std::uint64_t{MOUNT_ATTR_RDONLY}},
        Row{{"rbind", "dev", "rro"}, lasting & ~std::uint64_t{MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY}},
        Row{{"bind", "relatime"}, lasting | MOUNT_ATTR_NODIRATIME},
        Row{{"bind", "nodiratime"}, lasting | MOUNT_ATTR__ATIME}, Row{{"bind", "diratime"}, lasting},
        Row{{"bind", "nodiratime", "noatime"}, lasting}, Row{{"bind", "remount", "nodev"}, 0},
        Row{{"nodev"}, 0}}) {
    CAPTURE(options);
    CHECK(flags(options).implied_clr == implied);
  }
}

TEST_CASE("options: unknown ones are the filesystem's, in order; defaults and nothing say nothing") {
  const MountFlags found = flags({"size=64k", "defaults", "", "nosuid", "mode=755", "Nosuid"});
  CHECK(found.data == std::vector<std::string>{"size=64k", "mode=755", "Nosuid"});
  const MountFlags none = flags({"defaults", ""});
  CHECK((none.attr_set | none.attr_clr | none.super_set | none.super_clr | none.rec_attr_set |
         none.rec_attr_clr) == 0);
  CHECK(none.data.empty());
}

TEST_CASE("options: the table has all of the specification's names and no data option") {
  const auto names = mount_option_names();
  CHECK(std::ranges::is_sorted(names));
  for (const char* name : {"async",
                           "atime",
                           "bind",
                           "defaults",
                           "dev",
                           "diratime",
                           "dirsync",
                           "exec",
                           "iversion",
                           "lazytime",
                           "loud",
                           "mand",
                           "noatime",
                           "nodev",
                           "nodiratime",
                           "noexec",
                           "noiversion",
                           "nolazytime",
                           "nomand",
                           "norelatime",
                           "nostrictatime",
                           "nosuid",
                           "nosymfollow",
                           "private",
                           "ratime",
                           "rbind",
                           "rdev",
                           "rdiratime",
                           "relatime",
                           "remount",
                           "rexec",
                           "rnoatime",
                           "rnodev",
                           "rnodiratime",
                           "rnoexec",
                           "rnorelatime",
                           "rnostrictatime",
                           "rnosuid",
                           "rnosymfollow",
                           "ro",
                           "rprivate",
                           "rrelatime",
                           "rro",
                           "rrw",
                           "rshared",
                           "rslave",
                           "rstrictatime",
                           "rsuid",
                           "rsymfollow",
                           "runbindable",
                           "rw",
                           "shared",
                           "silent",
                           "slave",
                           "strictatime",
                           "suid",
                           "symfollow",
                           "sync",
                           "tmpcopyup",
                           "unbindable"}) {
    CAPTURE(name);
    CHECK(std::ranges::binary_search(names, name));
    CHECK(flags({name}).data.empty());
  }
  for (const char* name : {"idmap", "ridmap", "copy-symlink", "src-nofollow", "dest-nofollow"})
    CHECK(std::ranges::binary_search(names, name));
  CHECK(names.size() == 65);
}
