// Version numbers as semver.org has them. Internal to spec/.
#pragma once
#include <optional>
#include <string_view>

namespace lodger::spec {

/// The major number of a SemVer 2.0.0 version; nullopt if the text is none.
std::optional<unsigned> major_version(std::string_view text);

}  // namespace lodger::spec
