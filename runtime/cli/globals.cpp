#include "runtime/cli/globals.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "kernel/file.hpp"
#include "runtime/container/store.hpp"

namespace lodger::cli {
namespace {

struct LevelName {
  std::string_view name;
  Level level;
};
constexpr LevelName level_names[] = {{"error", Level::error},
                                     {"warning", Level::warning},
                                     {"warn", Level::warning},
                                     {"info", Level::info},
                                     {"debug", Level::debug}};

}  // namespace

Outcome<std::string> absolute(std::string_view flag, std::string path) {
  if (path.starts_with('/')) return path;
  std::array<char, 4096> here;
  const auto size = kernel::getcwd(here);
  if (!size) return std::unexpected(explain(fmt::format("resolving --{} {}", flag, path), size.error()));
  return fmt::format("{}/{}", here.data(), path);
}

Outcome<> one_of(std::string_view flag, std::string_view value,
                 std::initializer_list<std::string_view> allowed) {
  if (value.empty() || std::ranges::find(allowed, value) != allowed.end()) return {};
  std::string list;
  for (const auto word : allowed) list += fmt::format("{}{}", list.empty() ? "" : ", ", word);
  return refuse(fmt::format("invalid {}: {}: wanted is one of {}", flag, value, list), EINVAL);
}

std::vector<Flag> global_flags(Globals& globals) {
  return {{"root", 0, "DIR", "folder of the containers' state (default: /run/lodger)", Filled{&globals.root}},
          {"log", 0, "FILE", "append errors and warnings to this file as well", &globals.log_path},
          {"log-format", 0, "text|json", "format of the log", &globals.log_format},
          {"log-level", 0, "error|warning|info|debug", "least severe level to log", &globals.log_level},
          {"debug", 0, "", "log debug records too, to stderr without --log", &globals.debug},
          {"systemd-cgroup", 0, "", "let systemd make the cgroup: cgroupsPath is \"slice:prefix:name\"",
           &globals.systemd_cgroup},
          {"cgroup-manager", 0, "NAME", "cgroupfs, systemd, or disabled: no cgroup is made",
           &globals.cgroup_manager},
          {"rootless", 0, "",
           "whether a container may go without the cgroup that lodger has no right to make: "
           "true, false or auto",
           Optional{&globals.rootless}},
          {"policy", 0, "FILE", "a policy on network modes, beside /etc/lodger/policy.json",
           Filled{&globals.policy}},
          {"criu", 0, "PATH", "", &globals.criu},
          {"version", 'v', "", "show the version", &globals.version}};
}

Outcome<> settle(Globals& globals) {
  TRY(one_of("log-format", globals.log_format, {"text", "json"}));
  TRY(one_of("log-level", globals.log_level, {"error", "warning", "warn", "info", "debug"}));
  TRY(one_of("rootless", globals.rootless, {"true", "false", "auto"}));
  TRY(one_of("cgroup-manager", globals.cgroup_manager, {"cgroupfs", "systemd", "disabled"}));
  if (globals.cgroup_manager == "systemd") globals.systemd_cgroup = true;
  globals.root =
      TRY(absolute("root", globals.root.empty() ? container::Store::default_root() : globals.root));
  if (!globals.policy.empty()) globals.policy = TRY(absolute("policy", globals.policy));
  return {};
}

Log log_for(const Globals& globals) {
  Log log{globals.log_path, globals.log_format == "json", Level::info};
  const auto* named = std::ranges::find(level_names, globals.log_level, &LevelName::name);
  if (named != std::end(level_names)) log.most = named->level;
  if (globals.debug) log.most = Level::debug;
  return log;
}

}  // namespace lodger::cli
