// Faults of the network, the host's and a container's own.
#include "mutation.hpp"

namespace conformance::broken {
namespace {

json* network(json& config) {
  for (json& entry : config["linux"]["namespaces"])
    if (entry["type"] == "network") return &entry;
  return nullptr;
}

void always_new(json& config) {
  if (json* entry = network(config))
    entry->erase("path");
  else
    config["linux"]["namespaces"].push_back({{"type", "network"}});
}

/// Whoever has the host's network has all of the host's namespaces that a container can do without.
void host_network_is_host_everything(json& config) {
  if (network(config) != nullptr) return;
  json kept = json::array();
  for (const json& entry : config["linux"]["namespaces"])
    if (entry["type"] == "mount" || entry["type"] == "user") kept.push_back(entry);
  config["linux"]["namespaces"] = kept;
}

const std::vector<Mutation> table = {
    {"network-always-new",
     {"host-network/identity=*", "host-network/others-new=*", "host-network/served-inside=*",
      "host-network/asks-host=*", "host-network/port-taken=*", "host-network/sysctl-shared",
      "host-network/address", "host-network/joined-sysctl"},
     always_new},
    {"network-always-the-host's",
     {"host-network/new-asks-host=*", "host-network/new-served-inside=*", "host-network/new-port-free=*",
      "host-network/new-sysctl"},
     [](json& c) {
       json kept = json::array();
       for (const json& entry : c["linux"]["namespaces"])
         if (entry["type"] != "network") kept.push_back(entry);
       c["linux"]["namespaces"] = kept;
     }},
    {"host-network-is-host-everything",
     {"host-network/others-new=pid", "host-network/others-new=ipc", "host-network/others-new=uts",
      "host-network/others-new=cgroup"},
     host_network_is_host_everything},
    {"CAP_NET_RAW-dropped",
     {"host-network/raw-with-CAP_NET_RAW"},
     [](json& c) {
       for (json& set : c["process"]["capabilities"]) {
         json kept = json::array();
         for (const json& name : set)
           if (name != "CAP_NET_RAW") kept.push_back(name);
         set = kept;
       }
     }},
};

}  // namespace

std::span<const Mutation> network_mutations() { return table; }

}  // namespace conformance::broken
