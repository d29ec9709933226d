// The container's process as init needs it. runtime-spec, config.md, "process".
#include <fmt/core.h>
#include <linux/capability.h>
#include <linux/personality.h>
#include <sys/resource.h>

#include <algorithm>
#include <ranges>
#include <unordered_set>

#include "runtime/plan/build.hpp"
#include "runtime/security/capabilities.hpp"
#include "spec/number_list.hpp"
#include "spec/sysctl.hpp"

namespace lodger::plan {
namespace {

/// The value of a variable, or nullptr. As getenv(3), the first one counts.
const char* variable(const std::vector<std::string>& env, std::string_view name) {
  for (const auto& entry : env)
    if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=')
      return entry.c_str() + name.size() + 1;
  return nullptr;
}

/// Whether a user namespace that is joined denies setgroups(2) shows only inside. The groups of the host's
/// root never go along.
bool may_keep_groups(const Planning& planning) {
  const auto& caller = planning.wishes.caller;
  if (keeps_groups(planning.linux(), caller)) return true;
  const auto* user = planning.linux().find(spec::NamespaceType::user);
  return !caller.privileged && user && !user->path.empty() &&
         planning.config.process->user.additional_gids.empty();
}

/// What is bound by chroot(2) alone: chroot(2), NOTES; setns(2). A container without the two may not even
/// make a user namespace, where it would get them: user_namespaces(7), EPERM of clone(2).
void warn_of_ways_out(std::uint64_t bounding, Built& built) {
  const auto* rootfs = built.plan->rootfs;
  if (!rootfs || rootfs->change != init::RootChange::chroot) return;
  const auto mask = bounding & (1ULL << CAP_SYS_CHROOT | 1ULL << CAP_SYS_ADMIN);
  const auto names = security::names_of(mask);
  if (names.empty()) return;
  built.warnings.push_back(fmt::format(
      "process.capabilities.bounding: {}{} can lead out of the container's root, which is a "
      "chroot in the runtime's mount namespace, as linux.namespaces has no entry of type \"mount\"",
      names.front(), names.size() > 1 ? " and " + names.back() : ""));
}

Outcome<init::Identity> plan_identity(Planning& planning, Built& built) {
  const spec::Process& process = *planning.config.process;
  init::Identity identity;
  identity.uid = process.user.uid;
  identity.gid = process.user.gid;
  identity.groups = planning.memory.copy(process.user.additional_gids);
  identity.umask = process.user.umask.value_or(022);
  identity.no_new_privileges = process.no_new_privileges;
  identity.may_keep_groups = may_keep_groups(planning);
  std::vector<std::string> unknown;
  // Without the object there are no capabilities at all: nothing is granted that was not asked for.
  const auto masks = security::capability_masks(process.capabilities.value_or(spec::Capabilities{}), unknown);
  identity.effective = masks.effective;
  identity.bounding = masks.bounding;
  warn_of_ways_out(masks.bounding, built);
  identity.inheritable = masks.inheritable;
  identity.permitted = masks.permitted;
  if (masks.effective & ~masks.permitted)
    return refuse("process.capabilities.effective: holds what process.capabilities.permitted does not",
                  EPERM);
  // The kernel holds no ambient capability that is not permitted and inheritable as well: capabilities(7).
  // The default configuration of some runtimes lists some that are not, so that is no failure.
  identity.ambient = masks.ambient & masks.permitted & masks.inheritable;
  for (const auto& name : security::names_of(masks.ambient & ~identity.ambient))
    built.warnings.push_back(
        fmt::format("process.capabilities.ambient: can't raise ambient capability {}: it is not permitted "
                    "and inheritable as well",
                    name));
  identity.last_capability = masks.last;
  for (const auto& name : unknown)
    built.warnings.push_back(
        fmt::format("process.capabilities: {} is not known to this kernel and left out", name));
  return identity;
}

void plan_listen_pid(Planning& planning, init::Plan& plan) {
  constexpr std::string_view key = "LISTEN_PID=";
  plan.listen_pid = planning.memory.array<char>(key.size() + 12);  // the kernel's pages are zeroed
  std::ranges::copy(key, plan.listen_pid.begin());
}

/// A name that stands twice would be found by its first value in some programs and by its last in others: the
/// last one counts, as with runc. An empty HOME is none.
std::vector<std::string> environment(const std::vector<std::string>& given) {
  std::vector<std::string> kept;
  std::unordered_set<std::string_view> names;
  for (const auto& entry : std::views::reverse(given)) {
    const auto name = std::string_view(entry).substr(0, entry.find('='));
    if (names.insert(name).second && entry != "HOME=") kept.push_back(entry);
  }
  std::ranges::reverse(kept);
  return kept;
}

void plan_arguments(Planning& planning, init::Plan& plan) {
  const spec::Process& process = *planning.config.process;
  const auto env = environment(process.env);
  plan.add_home = !variable(env, "HOME");
  plan.argv = planning.memory.names(process.args);
  if (planning.wishes.tell_pid) plan_listen_pid(planning, plan);
  plan.envp = planning.memory.names(env, plan.add_home + !plan.listen_pid.empty());
  const char* path = variable(env, "PATH");
  plan.search_path = planning.memory.text(path ? path : "/bin:/usr/bin");  // execvp(3) without PATH
  plan.cwd = planning.memory.text(process.cwd);
}

void plan_limits(Planning& planning, init::Plan& plan) {
  std::vector<init::Rlimit> limits;
  limits.reserve(planning.config.process->rlimits.size());
  for (const auto& limit : planning.config.process->rlimits)
    limits.push_back({limit.type, {limit.soft, limit.hard}});
  const auto& callers = planning.wishes.callers_descriptors;
  if (callers && std::ranges::find(limits, RLIMIT_NOFILE, &init::Rlimit::resource) == limits.end())
    limits.push_back({RLIMIT_NOFILE, *callers});
  plan.rlimits = planning.memory.copy(limits);
}

void plan_terminal(const spec::Process& process, init::Plan& plan) {
  plan.terminal = process.terminal;
  plan.has_window = process.terminal && process.console_size;
  if (!plan.has_window) return;
  plan.rows = static_cast<std::uint16_t>(process.console_size->height);
  plan.columns = static_cast<std::uint16_t>(process.console_size->width);
}

void plan_labels(Planning& planning, init::Plan& plan) {
  const spec::Process& process = *planning.config.process;
  // apparmor(7): what is written names the change and when it happens.
  if (!process.apparmor_profile.empty())
    plan.apparmor = planning.memory.bytes("exec " + process.apparmor_profile);
  plan.selinux = planning.memory.bytes(process.selinux_label);
}

void plan_memory_policy(Planning& planning, init::Plan& plan) {
  const auto& policy = planning.linux().memory_policy;
  if (!policy) return;
  plan.set_memory_policy = true;
  plan.memory_policy = policy->mode;
  for (const int flag : policy->flags) plan.memory_policy |= flag;
  const auto nodes = spec::parse_number_list("linux.memoryPolicy.nodes", policy->nodes, spec::most_nodes);
  plan.memory_nodes = planning.memory.copy(nodes.value());  // check() has seen it
}

}  // namespace

Outcome<> plan_process(Planning& planning, Built& built) {
  init::Plan& plan = *built.plan;
  plan.has_process = true;
  if (const auto& score = planning.config.process->oom_score_adj)
    plan.oom_score = planning.memory.bytes(std::to_string(*score));
  plan_arguments(planning, plan);
  plan_limits(planning, plan);
  plan_terminal(*planning.config.process, plan);
  plan_labels(planning, plan);
  plan.identity = TRY(plan_identity(planning, built));
  return plan_domain(planning, plan);
}

void plan_settings(Planning& planning, init::Plan& plan) {
  const spec::Linux& linux = planning.linux();
  plan.hostname = planning.memory.bytes(planning.config.hostname);
  plan.domainname = planning.memory.bytes(planning.config.domainname);
  std::vector<init::Setting> settings;
  for (const auto& [name, value] : linux.sysctl)
    settings.push_back(
        {planning.memory.text("sys/" + spec::sysctl_path(name)), planning.memory.bytes(value)});
  plan.sysctls = planning.memory.copy(settings);
  plan_settings_of_process(planning, plan);
}

void plan_settings_of_process(Planning& planning, init::Plan& plan) {
  const spec::Linux& linux = planning.linux();
  plan.new_keyring = planning.wishes.new_keyring;
  plan_memory_policy(planning, plan);
  if (!linux.personality) return;
  plan.set_personality = true;
  plan.personality = linux.personality->domain == "LINUX32" ? PER_LINUX32 : PER_LINUX;
}

}  // namespace lodger::plan
