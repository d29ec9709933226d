#include "runtime/container/host_options.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/file.hpp"
#include "kernel/links.hpp"
#include "kernel/namespace.hpp"
#include "netmode/policy/fallback.hpp"
#include "netmode/policy/settle.hpp"
#include "spec/options.hpp"
#include "spec/text.hpp"

namespace lodger::container {
namespace {

/// Until then a socket on a hybrid counted as in the root of the cgroup2 tree once anybody used v1's net_cls
/// or net_prio (kernel commit 8520e224f547), and a policy was in force for nobody.
constexpr unsigned least_on_hybrid[] = {5, 15};

Outcome<> check_hybrid(std::string_view option) {
  const auto name = TRY(explained(kernel::uname(), "looking at the running kernel"));
  std::string_view release = name.release;
  for (const unsigned least : least_on_hybrid) {
    const auto part = spec::whole_number<unsigned>(spec::cut(release, '.')).value_or(0);
    if (part > least) return {};
    if (part < least)
      return refuse(fmt::format("{}: with cgroup v1 beside cgroup2 it takes Linux 5.15, and this is {}",
                                option, name.release),
                    ENOSYS);
  }
  return {};
}

Outcome<> check_folder(std::string_view option, const cgroups::Layout& layout, const cgroups::Place& place) {
  if (!place.path.empty() && !layout.unified.empty())
    return layout.kind == cgroups::Kind::hybrid ? check_hybrid(option) : Outcome<>{};
  return refuse(
      fmt::format("{}: it is enforced by a program on the container's cgroup2 folder, and {}", option,
                  layout.unified.empty() ? "no cgroup2 tree is open to lodger here"
                                         : "this container gets no cgroup of its own"),
      ENOSYS);
}

/// What asks for programs, as it is called in messages.
std::string_view option_of(const netmode::Record& record) {
  return record.bind ? "--network host,bind" : "--network host,map";
}

/// A source without ".", "..", doubled slashes and links; as it is written where there is none.
std::string resolved(const std::string& source) {
  const auto fd = kernel::openat<kernel::Path>(kernel::cwd, source.c_str(), O_PATH);
  return fd ? kernel::path_of(*fd).value_or(source) : source;
}

/// Root owns the files of the host's cgroup tree: one that it can write to it can leave by. "ro" is of the
/// topmost mount alone: a tree that is bound with what is mounted below it is read-only by "rro".
bool shows_cgroups(const spec::Mount& mount) {
  constexpr std::string_view tree = "/sys/fs/cgroup";
  const auto flags = spec::mount_flags(mount);
  const auto has = [&](const char* option) { return std::ranges::count(mount.options, option) != 0; };
  const bool writable = !has("rro") && (flags.recursive_bind || !has("ro"));
  if (!flags.binds() || !writable) return false;
  const auto source = resolved(mount.source);
  return spec::is_within(source, tree) || (flags.recursive_bind && spec::is_within(tree, source));
}

/// Whether the host's root is root, or anybody, in the container's user namespace.
bool maps_host_root(const spec::Linux& linux_object) {
  return std::ranges::any_of(linux_object.uid_mappings, [](const auto& map) { return map.host_id == 0; });
}

Outcome<netmode::policy::Policy> load(const netmode::policy::Rules& rules, std::string_view option,
                                      const cgroups::Layout& layout, const cgroups::Place& place) {
  TRY(check_folder(option, layout, place));
  auto policy = netmode::policy::Policy::load(rules);
  if (policy) return policy;
  return refuse(fmt::format("{}: {}{}", option, policy.error().text,
                            policy.error().code == EPERM
                                ? " (needs CAP_BPF or CAP_SYS_ADMIN, and CAP_NET_ADMIN, of the host)"
                                : ""),
                policy.error().code);
}

/// Landlock, which every user has. A map it cannot do.
Outcome<> fall_back(const netmode::policy::Rules& rules, const Failure& why, netmode::Record& record) {
  if (!rules.map.empty()) return std::unexpected(why);
  const auto possible = netmode::policy::check_fallback(*rules.bind);
  if (!possible)
    return refuse(
        fmt::format("{}; and Landlock, the other way, does not do: {}", why.text, possible.error().text),
        why.code);
  record.landlocked = true;
  return {};
}

/// Nothing, where it holds nevertheless.
std::string warning_of(const netmode::Power& power, std::string_view option, const netmode::Record& record) {
  switch (power.past) {
    case netmode::Past::raw_sockets:
      return fmt::format("{}: raw sockets, which a container with {} has, are not judged", option,
                         power.capability);
    case netmode::Past::programs:
      if (record.landlocked) return "";
      break;
    case netmode::Past::everything: break;
  }
  return fmt::format("{}: a container with {} can get past it", option, power.capability);
}

void warn_of_ways_past(const spec::Config& config, std::string_view option, const netmode::Record& record,
                       std::vector<std::string>& out) {
  for (const auto* power : netmode::powers_of(config))
    if (auto warning = warning_of(*power, option, record); !warning.empty())
      out.push_back(std::move(warning));
  // In a user namespace of its own a container has its owner's rights over the host's files.
  const bool apart = config.linux->find(spec::NamespaceType::user);
  if (record.landlocked || (apart && !maps_host_root(*config.linux))) return;
  const auto mount = std::ranges::find_if(config.mounts, shows_cgroups);
  if (mount != config.mounts.end())
    out.push_back(fmt::format(
        "{}: with the host's {} writable at {}, the container's root can leave its cgroup, and get "
        "past it so",
        option, mount->source, mount->destination));
}

}  // namespace

Outcome<HostOptions> plan_host_options(const Source& source, const cgroups::Layout& layout,
                                       const cgroups::Place& place) {
  const auto& wanted = source.network.options;
  HostOptions out;
  out.record.bind = wanted.bind;
  out.record.private_abstract = wanted.private_abstract;
  if (wanted.map) out.record.map = TRY(netmode::policy::settle(source.network, out.warnings));
  const auto rules = TRY(netmode::policy::rules_of(wanted, out.record.map));
  if (!rules.any()) return out;
  const auto option = option_of(out.record);
  auto policy = load(rules, option, layout, place);
  if (policy) {
    out.policy = std::move(*policy);
    out.record.programs = out.policy.ids();
  } else {
    TRY(fall_back(rules, policy.error(), out.record));
    out.warnings.push_back(fmt::format("{}; Landlock keeps the list instead", policy.error().text));
  }
  warn_of_ways_past(source.config, option, out.record, out.warnings);
  return out;
}

std::vector<std::string> warnings_of_joining(const spec::Config& config,
                                             const std::vector<const netmode::Power*>& own,
                                             const netmode::Record& network) {
  std::vector<std::string> out;
  if (!network.bind && network.map.empty()) return out;
  for (const auto* power : netmode::powers_of(config)) {
    if (std::ranges::count(own, power)) continue;
    if (auto warning = warning_of(*power, option_of(network), network); !warning.empty())
      out.push_back(std::move(warning));
  }
  return out;
}

void set_domain(plan::Wishes& wishes, const netmode::Record& network) {
  wishes.private_abstract = network.private_abstract;
  if (network.landlocked) wishes.bind = network.bind;
}

Outcome<netmode::policy::Attached> enforce(const netmode::policy::Policy& policy,
                                           const cgroups::Cgroup& cgroup) {
  const auto& record = cgroup.record();
  const bool fresh = !record.unified || record.folders.empty() ||
                     std::ranges::count(record.made, record.folders.front()) != 0;
  // What an earlier container has left on a folder that stays would govern this one.
  if (policy.empty() && !fresh && cgroup.birthplace() >= 0)
    TRY(netmode::policy::detach_all(cgroup.birthplace(), record.path));
  if (policy.empty()) return netmode::policy::Attached();
  return policy.attach(cgroup.birthplace(), fresh, record.path);
}

Outcome<> take_off_policy(const netmode::Record& network, const cgroups::Record& cgroup) {
  if (!network.on_cgroup() || !cgroup.unified || cgroup.folders.empty()) return {};
  const auto& path = cgroup.folders.front();
  if (std::ranges::count(cgroup.made, path) != 0) return {};
  const auto folder = kernel::openat<kernel::Path>(kernel::cwd, path.c_str(), O_PATH | O_DIRECTORY);
  if (!folder && folder.error().code == ENOENT) return {};
  if (!folder) return std::unexpected(explain(path, folder.error()));
  return netmode::policy::detach(folder->get(), network.programs, path);
}

}  // namespace lodger::container
