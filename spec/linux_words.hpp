// The words of the "linux" object. Source: runtime-spec 1.3, config-linux.md. Internal to spec/.
#pragma once
#include <string_view>

#include "spec/linux.hpp"
#include "spec/read.hpp"

namespace lodger::spec {

/// linux.namespaces[].type, sorted by name as `features` prints them.
inline constexpr Word<NamespaceType> namespace_types[] = {
    {"cgroup", NamespaceType::cgroup},   {"ipc", NamespaceType::ipc}, {"mount", NamespaceType::mount},
    {"network", NamespaceType::network}, {"pid", NamespaceType::pid}, {"time", NamespaceType::time},
    {"user", NamespaceType::user},       {"uts", NamespaceType::uts},
};

inline constexpr std::string_view personality_domains[] = {"LINUX", "LINUX32"};

constexpr std::string_view name_of(NamespaceType type) {
  for (const auto& word : namespace_types)
    if (word.meaning == type) return word.name;
  __builtin_unreachable();
}

}  // namespace lodger::spec
