// Faults of what config.json says below "linux".
#include <algorithm>

#include "mutation.hpp"

namespace conformance::broken {
namespace {

json& entries(json& config) { return config["linux"]["namespaces"]; }

void drop(json& config, const char* type) {
  json kept = json::array();
  for (const json& entry : entries(config))
    if (entry["type"] != type) kept.push_back(entry);
  entries(config) = kept;
}

bool has(json& config, const char* type) {
  return std::any_of(entries(config).begin(), entries(config).end(),
                     [&](const json& e) { return e["type"] == type; });
}

void add(json& config, const char* type) {
  if (!has(config, type)) entries(config).push_back({{"type", type}});
}

/// Of entries that come several times the first stays.
void unique(json& config) {
  json kept = json::array();
  for (const json& entry : entries(config))
    if (std::none_of(kept.begin(), kept.end(), [&](const json& e) { return e["type"] == entry["type"]; }))
      kept.push_back(entry);
  entries(config) = kept;
}

const std::vector<Mutation> table = {
    {"pid-namespace-dropped", {"linux-namespaces/new=pid"}, [](json& c) { drop(c, "pid"); }},
    {"network-namespace-dropped",
     {"linux-namespaces/new=network", "linux-namespaces/joined=network"},
     [](json& c) { drop(c, "network"); }},
    {"ipc-namespace-dropped",
     {"linux-namespaces/new=ipc", "linux-namespaces/joined=ipc"},
     [](json& c) { drop(c, "ipc"); }},
    {"uts-namespace-dropped",
     {"linux-namespaces/new=uts", "linux-namespaces/joined=uts"},
     [](json& c) { drop(c, "uts"); }},
    {"user-namespace-dropped",
     {"linux-namespaces/new=user", "linux-namespaces/user-mappings=*",
      "linux-namespaces/user-root-is-mapped"},
     [](json& c) {
       drop(c, "user");
       c["linux"].erase("uidMappings"), c["linux"].erase("gidMappings");
     }},
    {"cgroup-namespace-dropped",
     {"linux-namespaces/new=cgroup", "linux-namespaces/joined=cgroup",
      "linux-cgroups/namespace-isolates-the-view"},
     [](json& c) { drop(c, "cgroup"); }},
    {"time-namespace-dropped",
     {"linux-namespaces/new=time", "linux-namespaces/joined=time"},
     [](json& c) { drop(c, "time"); }},
    {"mount-namespace-not-made",
     {"linux-namespaces/new=mount", "host-network/others-new=mount"},
     [](json& c) {
       c["mounts"] = json::array();
       for (json& entry : entries(c))
         if (entry["type"] == "mount") entry["path"] = "/proc/1/ns/uts";
     }},
    {"every-namespace-new",
     {"linux-namespaces/inherited=pid", "linux-namespaces/inherited=network",
      "linux-namespaces/inherited=ipc", "linux-namespaces/inherited=uts", "linux-namespaces/inherited=cgroup",
      "linux-cgroups/whole-view-without-namespace"},
     [](json& c) {
       for (const char* type : {"pid", "network", "ipc", "uts", "cgroup"}) add(c, type);
     }},
    {"mount-namespace-always", {"linux-namespaces/inherited=mount"}, [](json& c) { add(c, "mount"); }},
    {"user-namespace-always",
     {"linux-namespaces/inherited=user"},
     [](json& c) {
       add(c, "user");
       for (const char* map : {"uidMappings", "gidMappings"})
         c["linux"][map] = {{{"containerID", 0}, {"hostID", 0}, {"size", 65536}}};
     }},
    {"time-namespace-always", {"linux-namespaces/inherited=time"}, [](json& c) { add(c, "time"); }},
    {"namespace-paths-ignored",
     {"linux-namespaces/joined=*", "linux-namespaces/path-*"},
     [](json& c) {
       for (json& entry : entries(c)) entry.erase("path");
     }},
    {"second-namespace-entry-ignored", {"linux-namespaces/twice-is-error=*"}, unique},
    {"id-mappings-shifted",
     {"linux-namespaces/user-mappings=*", "linux-namespaces/user-root-is-mapped"},
     [](json& c) {
       for (const char* map : {"uidMappings", "gidMappings"})
         for (json& entry : c["linux"][map]) entry["hostID"] = entry["hostID"].get<int>() + 1;
     }},
    {"sysctls-ignored", {"linux-sysctl/*"}, [](json& c) { c["linux"].erase("sysctl"); }},
    {"rootfs-propagation-ignored",
     {"linux-misc/rootfsPropagation=shared", "linux-misc/rootfsPropagation=unbindable",
      "linux-misc/rootfsPropagation-unknown-is-error"},
     [](json& c) { c["linux"].erase("rootfsPropagation"); }},
    {"rootfs-propagation-shared",
     {"linux-misc/rootfsPropagation=private", "linux-misc/rootfsPropagation=unbindable"},
     [](json& c) { c["linux"]["rootfsPropagation"] = "shared"; }},
    {"rootfs-propagation-private",
     {"linux-misc/rootfsPropagation=slave", "linux-misc/rootfsPropagation=shared"},
     [](json& c) { c["linux"]["rootfsPropagation"] = "private"; }},
    {"personality-ignored",
     {"linux-misc/personality-LINUX32", "linux-misc/personality-unknown-is-error"},
     [](json& c) { c["linux"].erase("personality"); }},
    {"personality-LINUX32-always",
     {"linux-misc/personality-LINUX"},
     [](json& c) {
       c["linux"]["personality"] = {{"domain", "LINUX32"}};
     }},
    {"time-offsets-ignored", {"linux-misc/timeOffsets=*"}, [](json& c) { c["linux"].erase("timeOffsets"); }},
    {"masked-paths-ignored",
     {"linux-paths/masked-*", "linux-paths/relative-is-error=maskedPaths"},
     [](json& c) { c["linux"].erase("maskedPaths"); }},
    {"readonly-paths-ignored",
     {"linux-paths/readonly-file", "linux-paths/readonly-folder", "linux-paths/readonly-proc-sys",
      "linux-paths/relative-is-error=readonlyPaths"},
     [](json& c) { c["linux"].erase("readonlyPaths"); }},
    {"readonly-paths-masked",
     {"linux-paths/readonly-only-there"},
     [](json& c) {
       if (c["linux"].contains("readonlyPaths")) c["linux"]["maskedPaths"] = c["linux"]["readonlyPaths"];
     }},
};

}  // namespace

std::span<const Mutation> linux_mutations() { return table; }

}  // namespace conformance::broken
