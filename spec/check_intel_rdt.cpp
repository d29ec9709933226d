// The clause of "linux.intelRdt". Source: runtime-spec 1.3, config-linux.md, "IntelRdt".
#include <fmt/core.h>

#include "spec/check.hpp"
#include "spec/clauses.hpp"
#include "spec/json.hpp"

namespace lodger::spec {

namespace {

/// The class is a folder of resctrl's root, where three names have a meaning of their own (resctrl.rst).
bool good_class(std::string_view name) {
  if (name == "/") return true;
  return name != "." && name != ".." && name != "info" && name != "mon_groups" && name != "mon_data" &&
         name.find_first_of("/\n") == name.npos;
}

/// "RESOURCE:DOMAIN=VALUE;...", as one line.
bool is_line(std::string_view text) {
  const auto colon = text.find(':');
  return colon != 0 && colon != text.npos && text.find('\n') == text.npos;
}

}  // namespace

/// l3CacheSchema SHOULD be one line that starts with "L3:"; older callers put several lines into it.
Outcome<> check(const IntelRdt& rdt) {
  if (!good_class(rdt.clos_id))
    return refuse(fmt::format("linux.intelRdt.closID: {} cannot be the name of a class of service",
                              quoted(rdt.clos_id)));
  if (!rdt.mem_bw_schema.empty() && !(rdt.mem_bw_schema.starts_with("MB:") && is_line(rdt.mem_bw_schema)))
    return refuse(
        fmt::format("linux.intelRdt.memBwSchema: expected one line that starts with \"MB:\", found {}",
                    quoted(rdt.mem_bw_schema)));
  if (!rdt.schemata) return {};
  for (std::size_t i = 0; i < rdt.schemata->size(); ++i)
    if (!is_line((*rdt.schemata)[i]))
      return refuse(
          fmt::format("linux.intelRdt.schemata[{}]: expected one line such as \"L3:0=ff\", found {}", i,
                      quoted((*rdt.schemata)[i])));
  return {};
}

Outcome<> check_intel_rdt(const Linux& object) {
  return object.intel_rdt ? check(*object.intel_rdt) : Outcome<>{};
}

}  // namespace lodger::spec
