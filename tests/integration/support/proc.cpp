#include "proc.hpp"

#include <catch2/catch.hpp>

#include "bundle.hpp"
#include "tests/support/text.hpp"

namespace lodger::test {

std::string ns_id(pid_t pid, const std::string& name) {
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + name;
  const std::string id = support::link_target(path);
  INFO(path);
  REQUIRE_FALSE(id.empty());
  return id;
}

std::string proc_status(pid_t pid, const std::string& name) {
  for (const auto& line : support::lines(read_file("/proc/" + std::to_string(pid) + "/status")))
    if (line.starts_with(name + ":")) return support::trimmed(line.substr(name.size() + 1));
  return "";
}

support::Mount mount_at(pid_t pid, const std::string& point) {
  const auto all = mountinfo(pid);
  std::string list;
  for (const auto& mount : all) list += mount.point + "\n";
  INFO("no mount at " << point << " but at:\n" << list);
  const auto* found = support::topmost(all, point);
  REQUIRE(found != nullptr);
  return *found;
}

}  // namespace lodger::test
