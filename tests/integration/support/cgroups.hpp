// A container's cgroup as files show it, on cgroup v1 and v2.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <string>

#include "bundle.hpp"

namespace lodger::test {

/// linux.resources of a configuration.
nlohmann::json& resources(nlohmann::json& config);

/// Whether all controllers of this machine are on cgroup2.
bool v2();
/// The container's folder of a controller; empty where this machine has no such controller.
std::string folder(const Bundle& bundle, const std::string& controller);
/// A control file's text, without its last newline.
std::string value(const std::string& folder, const char* v1_file, const char* v2_file);

}  // namespace lodger::test
