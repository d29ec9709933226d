// The clauses about the configuration as a whole, and the order in which all are gone through: what it is
// for, its parts, and what joins the parts.
#include "spec/check.hpp"

#include <fmt/core.h>

#include "spec/clauses.hpp"
#include "spec/idmap.hpp"
#include "spec/json.hpp"
#include "spec/version.hpp"

namespace lodger::spec {

namespace {

/// config.md, "Specification version": compatible within a major version, both ways.
Outcome<> version(const Config& config) {
  const auto major = major_version(config.oci_version);
  if (!major)
    return refuse(fmt::format("ociVersion: {} is no version as semver.org has it (\"1.3.0\")",
                              quoted(config.oci_version)));
  if (*major != 1)
    return refuse(
        fmt::format("ociVersion: {} is not supported: lodger implements version 1 of the specification",
                    quoted(config.oci_version)));
  return {};
}

/// config.md, "Platform-specific configuration". Beside a linux section others are for other machines, but a
/// virtual machine is asked of this one.
Outcome<> platform(const Config& config) {
  for (const auto& other : config.other_platforms)
    if (!config.linux || other == "vm")
      return refuse(fmt::format(
          "{}: lodger runs Linux containers, and this configuration is for something else", other));
  return {};
}

/// config.md, "Root".
Outcome<> root(const Config& config) {
  if (!config.root) return refuse("root: missing");
  if (config.root->path.empty()) return refuse("root.path: must not be empty");
  return {};
}

/// config.md, "Process".
Outcome<> process(const Config& config) { return config.process ? check(*config.process) : Outcome<>{}; }

Outcome<> hook(std::string_view kind, std::size_t index, const Hook& entry) {
  if (!entry.path.starts_with('/'))
    return refuse(
        fmt::format("hooks.{}[{}].path: must be absolute, found {}", kind, index, quoted(entry.path)));
  if (entry.timeout && *entry.timeout <= 0)
    return refuse(fmt::format("hooks.{}[{}].timeout: must be greater than zero, found {}", kind, index,
                              *entry.timeout));
  return {};
}

/// config.md, "POSIX-platform Hooks".
Outcome<> hooks(const Config& config) {
  struct Kind {
    const char* name;
    const std::vector<Hook>& list;
  };
  const Hooks& all = config.hooks;
  for (const auto& [name, list] :
       {Kind{"prestart", all.prestart}, Kind{"createRuntime", all.create_runtime},
        Kind{"createContainer", all.create_container}, Kind{"startContainer", all.start_container},
        Kind{"poststart", all.poststart}, Kind{"poststop", all.poststop}})
    for (std::size_t i = 0; i < list.size(); ++i) TRY(hook(name, i, list[i]));
  return {};
}

/// config.md, "Annotations".
Outcome<> annotations(const Config& config) {
  if (config.annotations.contains("")) return refuse("annotations: a key must not be empty");
  return {};
}

Outcome<> mount(const Mount& entry, const Config& config) {
  TRY(all(mount_clauses(), entry));
  TRY(id_map(entry, config));
  return {};
}

/// config.md, "Mounts".
Outcome<> mounts(const Config& config) {
  for (std::size_t i = 0; i < config.mounts.size(); ++i)
    if (auto checked = mount(config.mounts[i], config); !checked)
      return refuse(fmt::format("mounts[{}]{}", i, checked.error().text));
  return {};
}

Outcome<> linux_object(const Config& config) {
  if (!config.linux) return {};
  TRY(all(linux_clauses(), *config.linux));
  if (config.linux->seccomp) TRY(all(seccomp_clauses(), *config.linux->seccomp));
  return config.linux->resources ? check(*config.linux->resources) : Outcome<>{};
}

Outcome<> namespaces(const Config& config) { return all(namespace_clauses(), config); }

constexpr Clause<Config> clauses[] = {
    version, platform,    root,         process,   hooks, check_deadline_and_hooks,
    mounts,  annotations, linux_object, namespaces};

}  // namespace

Outcome<> check(const Config& config) { return all<Config>(clauses, config); }

std::vector<Failure> problems(const Config& config) {
  std::vector<Failure> found;
  if (!config.linux) {  // the other clauses build on it
    if (auto checked = check(config); !checked) found.push_back(std::move(checked.error()));
    return found;
  }
  for (const auto clause : clauses)
    if (auto checked = clause(config); !checked) found.push_back(std::move(checked.error()));
  return found;
}

Outcome<> check(const Process& process) {
  TRY(all(process_clauses(), process));
  return all(scheduling_clauses(), process);
}

Outcome<> check(const Resources& resources) {
  TRY(all(resources_clauses(), resources));
  return all(resource_list_clauses(), resources);
}

}  // namespace lodger::spec
