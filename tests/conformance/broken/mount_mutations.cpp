// Faults of mounts.
#include <sys/stat.h>

#include <algorithm>

#include "mutation.hpp"
#include "tests/conformance/harness/files.hpp"

namespace conformance::broken {
namespace {

/// Whether it is one of those that every case's container has.
bool usual(const json& mount) {
  const std::string to = mount.value("destination", "");
  return to == "/proc" || to == "/dev";
}

/// The mounts that the case is about.
void each_mount(json& config, void (*change)(json& mount)) {
  if (!config.contains("mounts")) return;
  for (json& mount : config["mounts"])
    if (!usual(mount)) change(mount);
}

bool is_bind(const json& option) { return option == "bind" || option == "rbind"; }
bool is_bind_mount(const json& mount) {
  return std::any_of(mount["options"].begin(), mount["options"].end(), is_bind);
}

/// Each option but bind and rbind becomes what the function says; "" takes it away.
void each_option(json& mount, std::string (*change)(const std::string& option)) {
  json kept = json::array();
  for (const json& option : mount["options"]) {
    const std::string given = option, changed = is_bind(option) ? given : change(given);
    if (!changed.empty()) kept.push_back(changed);
  }
  mount["options"] = kept;
}

void reverse(json& config) {
  if (!config.contains("mounts")) return;
  json& mounts = config["mounts"];
  std::reverse(std::stable_partition(mounts.begin(), mounts.end(), usual), mounts.end());
}

void only_usual(json& config) {
  if (!config.contains("mounts")) return;
  json kept = json::array();
  for (const json& mount : config["mounts"])
    if (usual(mount)) kept.push_back(mount);
  config["mounts"] = kept;
}

std::string contrary(const std::string& propagation) {
  if (propagation.ends_with("private")) return "rshared";
  return propagation.ends_with("shared") || propagation.ends_with("slave") ||
                 propagation.ends_with("unbindable")
             ? "rprivate"
             : propagation;
}

/// As a runtime that follows the image's links on the host.
int made_by_path(const Call& call) {
  if (call.command == "create") {
    const json config = json::parse(read_file(call.config_path()), nullptr, false);
    for (const json& mount : config["mounts"])
      mkdir((call.bundle + "/rootfs" + mount.value("destination", "")).c_str(), 0755);
  }
  return call.pass();
}

const std::vector<Mutation> table = {
    {"mounts-ignored",
     {"config-mounts/*-is-error", "config-mounts/source-*", "config-mounts/destination=*",
      "config-mounts/order-*", "config-mounts/bind-type=*", "config-mounts/type=*", "config-mounts/rbind"},
     only_usual},
    {"mounts-reversed", {"config-mounts/order-*", "config-mounts/remount"}, reverse},
    {"mounts-always-proc",
     {"config-mounts/none"},
     [](json& c) {
       if (!c.contains("mounts"))
         c["mounts"] = {{{"destination", "/proc"}, {"type", "proc"}, {"source", "proc"}}};
     }},
    {"destinations-moved",
     {"config-mounts/destination=*"},
     [](json& c) {
       each_mount(c, [](json& m) { m["destination"] = m.value("destination", "") + "/moved"; });
     }},
    {.name = "destinations-on-the-host",
     .caught_by = {"config-mounts/destination-through-link"},
     .call = made_by_path},
    {"relative-sources-from-the-root",
     {"config-mounts/source-relative-to-bundle"},
     [](json& c) { each_mount(c, [](json& m) { m["source"] = "/" + m.value("source", ""); }); }},
    {"binds-are-tmpfs",
     {"config-mounts/bind-type=*", "config-mounts/source-is-shared-with-host", "config-mounts/bind",
      "config-mounts/rbind", "config-mounts/rslave-follows"},
     [](json& c) {
       each_mount(c, [](json& m) {
         if (is_bind_mount(m)) m.update({{"type", "tmpfs"}, {"options", json::array()}});
       });
     }},
    {"type-tells-of-binds",
     {"config-mounts/bind-type=tmpfs", "config-mounts/bind-type=nosuchtype",
      "config-mounts/bind-type=missing"},
     [](json& c) {
       each_mount(c, [](json& m) {
         if (const std::string type = m.value("type", ""); type != "none" && type != "bind")
           m["options"] = json::array();
       });
     }},
    {"types-changed",
     {"config-mounts/type=*"},
     [](json& c) { each_mount(c, [](json& m) { m["type"] = m["type"] == "tmpfs" ? "ramfs" : "tmpfs"; }); }},
    {"bind-recursion-contrary",
     {"config-mounts/bind", "config-mounts/rbind"},
     [](json& c) {
       each_mount(c, [](json& m) {
         for (json& option : m["options"])
           if (is_bind(option)) option = option == "bind" ? "rbind" : "bind";
       });
     }},
    {"mount-options-ignored",
     {"config-mounts/bind-option=*", "config-mounts/remount", "config-mounts/ro-works",
      "config-mounts/nodev-works", "config-mounts/option-unknown-to-filesystem",
      "config-mounts/filesystem-option=*", "config-mounts/options-of-the-top-alone",
      "config-mounts/tmpcopyup", "config-mounts/mapped=*", "config-mounts/idmap*",
      "config-mounts/ridmap-below"},
     [](json& c) {
       each_mount(c, [](json& m) {
         each_option(m, [](const std::string&) { return std::string(); });
         m.erase("uidMappings"), m.erase("gidMappings");
       });
     }},
    {"last-mount-option-ignored",
     {"config-mounts/option=a*", "config-mounts/option=d[ei][vr][da]*", "config-mounts/option=dirsync",
      "config-mounts/option=exec", "config-mounts/option=lazytime", "config-mounts/option=noatime",
      "config-mounts/option=nodev", "config-mounts/option=nodiratime", "config-mounts/option=noexec",
      "config-mounts/option=nolazytime", "config-mounts/option=nostrictatime", "config-mounts/option=nosuid",
      "config-mounts/option=*symfollow", "config-mounts/option=r[ow]", "config-mounts/option=s[tuy][rin]*"},
     [](json& c) {
       each_mount(c, [](json& m) {
         if (json& options = m["options"]; !options.empty()) options.erase(options.size() - 1);
       });
     }},
    {"mount-options-for-the-filesystem",
     {"config-mounts/option=*", "config-mounts/recursive-option=*", "config-mounts/bind-option=*",
      "config-mounts/propagation=*"},
     [](json& c) {
       each_mount(
           c, [](json& m) { each_option(m, [](const std::string& option) { return "nosuch-" + option; }); });
     }},
    {"options-of-the-top-alone",
     {"config-mounts/recursive-option=r[adenrs][!o]*", "config-mounts/recursive-option=rno[adse]*",
      "config-mounts/propagation=r[pu]*", "config-mounts/propagation=rshared", "config-mounts/ridmap-below"},
     [](json& c) {
       each_mount(c, [](json& m) {
         each_option(m, [](const std::string& option) {
           return option.starts_with("r") && option != "ro" && option != "rw" ? option.substr(1) : option;
         });
       });
     }},
    {"options-always-recursive",
     {"config-mounts/options-of-the-top-alone"},
     [](json& c) {
       each_mount(c, [](json& m) { each_option(m, [](const std::string& option) { return "r" + option; }); });
     }},
    {"mount-propagation-contrary",
     {"config-mounts/propagation=*", "config-mounts/rslave-follows",
      "config-mounts/rprivate-does-not-follow"},
     [](json& c) { each_mount(c, [](json& m) { each_option(m, contrary); }); }},
    {"half-a-mapping-made-whole",
     {"config-mounts/half-a-mapping-is-error=*"},
     [](json& c) {
       each_mount(c, [](json& m) {
         if (m.contains("uidMappings")) m["gidMappings"] = m["uidMappings"];
         if (m.contains("gidMappings")) m["uidMappings"] = m["gidMappings"];
       });
     }},
    {"mapping-of-users-for-groups",
     {"config-mounts/mapped=*"},
     [](json& c) {
       each_mount(c, [](json& m) {
         if (m.contains("uidMappings")) m["gidMappings"] = m["uidMappings"];
       });
     }},
};

}  // namespace

std::span<const Mutation> mount_mutations() { return table; }

}  // namespace conformance::broken
