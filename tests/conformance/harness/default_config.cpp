#include <unistd.h>

#include "container.hpp"
#include "machine.hpp"

namespace conformance {

json mount_entry(const std::string& destination, const std::string& type, const std::string& source,
                 const std::vector<std::string>& options) {
  return {{"destination", destination}, {"type", type}, {"source", source}, {"options", options}};
}

json default_config(const Machine& machine, const std::string& cgroup) {
  const json capabilities = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  json config = {
      {"ociVersion", "1.0.2"},
      {"root", {{"path", "rootfs"}}},
      {"process",
       {{"args", {"/bin/probe", "hold"}},
        {"cwd", "/"},
        {"env", {"PATH=/bin"}},
        {"user", {{"uid", 0}, {"gid", 0}}},
        {"capabilities",
         {{"bounding", capabilities}, {"effective", capabilities}, {"permitted", capabilities}}}}},
      {"mounts",
       {mount_entry("/proc", "proc", "proc", {}),
        mount_entry("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"})}},
      {"linux",
       {{"namespaces", {{{"type", "pid"}}, {{"type", "ipc"}}, {{"type", "uts"}}, {{"type", "mount"}}}}}}};
  if (machine.root()) {
    config["linux"]["cgroupsPath"] = cgroup;
  } else {
    namespace_entry(config, "user");
    config["linux"]["uidMappings"] = {{{"containerID", 0}, {"hostID", geteuid()}, {"size", 1}}};
    config["linux"]["gidMappings"] = {{{"containerID", 0}, {"hostID", getegid()}, {"size", 1}}};
  }
  return config;
}

json& namespace_entry(json& config, const std::string& type) {
  json& all = config["linux"]["namespaces"];
  for (json& entry : all)
    if (entry["type"] == type) return entry;
  return all.emplace_back(json{{"type", type}});
}

void drop_namespace(json& config, const std::string& type) {
  json& all = config["linux"]["namespaces"];
  for (auto at = all.begin(); at != all.end(); ++at)
    if ((*at)["type"] == type) {
      all.erase(at);
      return;
    }
}

}  // namespace conformance
