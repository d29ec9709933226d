// Version numbers as semver.org has them. Internal to spec/.
#pragma once
#include <optional>
#include <string_view>

namespace lodger::spec {

/// The major number of a SemVer 2.0.0 version; nullopt if the text is none.
std::optional<unsigned> major_version(std::string_view text);

/// Whether a version of the specification is older than 1.`minor`; false if the text is none.
bool older_than_1(std::string_view text, unsigned minor);

}  // namespace lodger::spec
