// What only some machines have.
#include <fmt/core.h>

#include "kernel/file.hpp"
#include "kernel/folder.hpp"
#include "runtime/check/check.hpp"

namespace lodger::check {
namespace {

bool exists(const char* path) { return kernel::status(kernel::cwd, path, 0).has_value(); }

Finding look_for(const char* subject, const char* path, const char* property) {
  if (exists(path)) return {"hardware", subject, Verdict::good, path, property};
  return {"hardware", subject, Verdict::limited, "missing",
          fmt::format("a configuration with {} is refused", property)};
}

}  // namespace

void look_at_hardware(std::vector<Finding>& findings) {
  findings.push_back(look_for("resctrl", "/sys/fs/resctrl/schemata", "linux.intelRdt"));
  findings.push_back(look_for("huge pages", "/sys/kernel/mm/hugepages", "linux.resources.hugepageLimits"));
  findings.push_back(look_for("NUMA", "/sys/devices/system/node/node0", "linux.memoryPolicy"));
}

}  // namespace lodger::check
