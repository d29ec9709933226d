// systemd as systemctl(1) shows it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "container.hpp"
#include "needs.hpp"

namespace lodger::test {

/// Whether systemd is the init here: sd_booted(3).
bool has_systemd();
/// Why the driver cannot be tried here; empty where it can.
std::string no_systemd();

/// The properties of a unit: `systemctl show`. Of a unit that is not there: the defaults, LoadState
/// "not-found".
std::map<std::string, std::string> unit_properties(const std::string& unit,
                                                   const std::vector<std::string>& before = {});
/// The cgroup2 folder of a unit on v2, that of v1's "name=systemd" elsewhere.
std::string unit_folder(const std::string& unit, const std::vector<std::string>& before = {});

/// A container whose cgroup systemd makes, with --systemd-cgroup before every command: the scope
/// "lodger-test-NAME.scope" in `slice`.
struct InScope {
  Bundle bundle;
  Container container;
  explicit InScope(const Edit& edit = {}, const std::string& line = "hold",
                   const std::string& slice = "system.slice");
  ~InScope();
  std::string unit() const { return "lodger-test-" + bundle.name() + ".scope"; }
  std::map<std::string, std::string> properties() const { return unit_properties(unit()); }
  /// The text of a control file of the scope's, on v2.
  std::string value(const std::string& file) const;
};

#define NEEDS_SYSTEMD() \
  NEEDS_ROOT();         \
  if (const auto why = no_systemd(); !why.empty()) SKIP_TEST(why)

}  // namespace lodger::test
