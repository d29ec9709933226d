#include "cgroups/systemd/manager.hpp"

#include <fmt/core.h>

#include <cstdlib>

#include "cgroups/systemd/client/protocol.hpp"

namespace lodger::cgroups::systemd {
namespace {

constexpr const char* program = "lodger-systemd";

/// What leads to a user's manager, and nothing else of what the caller has.
std::vector<std::string> environment() {
  std::vector<std::string> out;
  for (const char* name : {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"})
    if (const char* value = std::getenv(name)) out.push_back(fmt::format("{}={}", name, value));
  return out;
}

}  // namespace

Outcome<std::string> find_client() {
  return kernel::find_helper(program, LODGER_LIBEXEC, "the systemd cgroup driver needs",
                             "install it beside lodger, or go without --systemd-cgroup");
}

Outcome<Manager> Manager::open(bool user, int interrupt) {
  const auto path = TRY(find_client());
  return Manager(
      TRY(kernel::Helper::open(path, user ? user_manager : system_manager, environment(), interrupt)));
}

Outcome<> Manager::connected() { return helper_.ready("systemd"); }

Outcome<> Manager::ask(std::string_view doing, const Words& words) {
  TRY(helper_.ask(doing, words));
  return {};
}

Outcome<> Manager::start(const std::string& unit, const std::vector<Property>& properties) {
  Words words{start_unit, unit};
  append(words, properties);
  return ask(fmt::format("unable to start unit {}", unit), words);
}

Outcome<> Manager::stop(const std::string& unit) {
  return ask(fmt::format("unable to stop unit {}", unit), {stop_unit, unit});
}

Outcome<> Manager::set(const std::string& unit, const std::vector<Property>& properties) {
  if (properties.empty()) return {};
  Words words{set_properties, unit};
  append(words, properties);
  return ask(fmt::format("unable to set properties of unit {}", unit), words);
}

Outcome<> Manager::attach(const std::string& unit, const std::string& below, pid_t pid) {
  return ask(fmt::format("unable to move process {} into unit {}", pid, unit),
             {attach_process, unit, below, std::to_string(pid)});
}

}  // namespace lodger::cgroups::systemd
