// The "mounts" array of config.json. Source: runtime-spec 1.3, config.md, "Mounts".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lodger::spec {

/// A line of linux.uidMappings, linux.gidMappings, mounts[].uidMappings or mounts[].gidMappings.
struct IdMapping {
  std::uint32_t container_id = 0, host_id = 0, size = 0;
};

/// mounts[], with the options as written. options.hpp turns them into flags and filesystem data.
struct Mount {
  std::string destination;  // absolute and lexically clean once parsed
  std::string type;
  std::string source;
  std::vector<std::string> options;
  std::vector<IdMapping> uid_mappings, gid_mappings;
};

}  // namespace lodger::spec
