// The clauses about namespaces, and about what needs one: host names, id mappings, clocks, sysctls.
// Source: runtime-spec 1.3, config-linux.md, "Namespaces", "User namespace mappings", "Offset for Time
// Namespace", "Sysctl".
#include <fmt/core.h>

#include "spec/clauses.hpp"
#include "spec/json.hpp"
#include "spec/linux_words.hpp"
#include "spec/sysctl.hpp"

namespace lodger::spec {

namespace {

const Namespace* find(const Config& config, NamespaceType type) {
  return config.linux ? config.linux->find(type) : nullptr;
}

Outcome<> entries(const Config& config) {
  if (!config.linux) return {};
  unsigned seen = 0;
  const auto& list = config.linux->namespaces;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const unsigned bit = 1U << static_cast<unsigned>(list[i].type);
    if (seen & bit)
      return refuse(
          fmt::format("linux.namespaces[{}].type: a second entry of type \"{}\"", i, name_of(list[i].type)));
    if (!list[i].path.empty() && list[i].path.front() != '/')
      return refuse(fmt::format("linux.namespaces[{}].path: must be an absolute path, found {}", i,
                                quoted(list[i].path)));
    seen |= bit;
  }
  return {};
}

/// Without an entry the container lives in the runtime's mount namespace, where a user namespace of its own
/// would not let it mount anything: mount_namespaces(7).
Outcome<> mount_namespace(const Config& config) {
  if (find(config, NamespaceType::mount) || !find(config, NamespaceType::user)) return {};
  return refuse(
      "linux.namespaces: no entry of type \"mount\" beside one of type \"user\": a user namespace may not "
      "mount "
      "anything in the mount namespace that lodger runs in");
}

/// uname(2): the kernel keeps 64 bytes of either, and says no more than EINVAL to longer ones.
Outcome<> name_length(std::string_view which, const std::string& name) {
  constexpr std::size_t most = 64;
  if (name.size() <= most) return {};
  return refuse(fmt::format("{}: {} bytes long, and the kernel takes {} at most", which, name.size(), most));
}

Outcome<> host_names(const Config& config) {
  TRY(name_length("hostname", config.hostname));
  TRY(name_length("domainname", config.domainname));
  if (find(config, NamespaceType::uts)) return {};
  if (!config.hostname.empty())
    return refuse(
        "hostname: needs an entry of type \"uts\" in linux.namespaces, else it would rename the host");
  if (!config.domainname.empty())
    return refuse(
        "domainname: needs an entry of type \"uts\" in linux.namespaces, else it would rename the host");
  return {};
}

/// user_namespaces(7): a new one without a map has no user at all. A joined one has its map already; engines
/// repeat it, and nothing is written.
Outcome<> user_mappings(const Config& config) {
  const Linux& linux_object = *config.linux;
  const Namespace* user = find(config, NamespaceType::user);
  const bool uids = !linux_object.uid_mappings.empty(), gids = !linux_object.gid_mappings.empty();
  if (!user && (uids || gids))
    return refuse(fmt::format("linux.{}: needs an entry of type \"user\" in linux.namespaces",
                              uids ? "uidMappings" : "gidMappings"));
  if (user && user->path.empty() && !(uids && gids))
    return refuse(fmt::format("linux.{}: missing, and a new user namespace is nothing without",
                              uids ? "gidMappings" : "uidMappings"));
  return {};
}

/// time_namespaces(7): offsets are written before the first process enters, hence only to a new namespace.
Outcome<> time_offsets(const Config& config) {
  if (config.linux->time_offsets.empty()) return {};
  const Namespace* time = find(config, NamespaceType::time);
  if (!time) return refuse("linux.timeOffsets: needs an entry of type \"time\" in linux.namespaces");
  if (!time->path.empty())
    return refuse("linux.timeOffsets: cannot be set in a time namespace that is joined by its path");
  return {};
}

/// No empty part and none that leads elsewhere: "net/../kernel/core_pattern" would be the host's.
bool plain_path(std::string_view path) {
  for (bool more = true; more;) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    more = slash != path.npos;
    if (more) path.remove_prefix(slash + 1);
  }
  return true;
}

/// The host names have properties of their own; two values for one file would leave the order to chance.
bool contradicts(const Config& config, std::string_view path, std::string_view value) {
  return (path == "kernel/hostname" && !config.hostname.empty() && value != config.hostname) ||
         (path == "kernel/domainname" && !config.domainname.empty() && value != config.domainname);
}

Outcome<> sysctl(const Config& config) {
  for (const auto& [key, value] : config.linux->sysctl) {
    const std::string path = sysctl_path(key);
    const std::string where = fmt::format("linux.sysctl[{}]", quoted(key));
    if (!plain_path(path)) return refuse(where + ": no name of a kernel parameter");
    const auto type = sysctl_namespace(path);
    if (!type)
      return refuse(where +
                    ": belongs to the whole machine, not to a namespace: setting it would change the host");
    if (!find(config, *type))
      return refuse(
          fmt::format("{}: needs an entry of type \"{}\" in linux.namespaces, else it would change the host",
                      where, name_of(*type)));
    if (contradicts(config, path, value))
      return refuse(where + ": contradicts the property of the same name");
  }
  return {};
}

/// After mount_namespace(), there is a linux object.
constexpr Clause<Config> clauses[] = {entries,      mount_namespace, host_names,       user_mappings,
                                      time_offsets, sysctl,          check_net_devices};

}  // namespace

std::span<const Clause<Config>> namespace_clauses() { return clauses; }

}  // namespace lodger::spec
