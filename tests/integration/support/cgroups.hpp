// A container's cgroup as files show it, on cgroup v1 and v2.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

#include "container.hpp"

namespace lodger::test {

/// linux.resources of a configuration.
nlohmann::json& resources(nlohmann::json& config);

/// Whether all controllers of this machine are on cgroup2.
bool v2();
/// Whether there is a cgroup2 tree, be it beside v1.
bool has_cgroup2();
/// The container's folder of a controller; empty where this machine has no such controller.
std::string folder(const Bundle& bundle, const std::string& controller);
/// Makes a cgroup of the test's own, "/lodger-test/...", in a hierarchy: its folder, which the test removes.
/// The one above, which comes and goes with other tests' containers, is open to all users while this one is
/// there, whatever umask it was made under.
std::string make_cgroup(const std::string& hierarchy, const std::string& path);
/// The cgroup2 folder of a container, on v2 and hybrid; empty where there is no such tree.
std::string unified_folder(const Bundle& bundle);
/// A control file's text, without its last newline.
std::string value(const std::string& folder, const char* v1_file, const char* v2_file);
/// The number behind `name` in a file such as cpu.stat; 0 where there is none.
std::uint64_t figure(const std::string& file, const std::string& name);
/// A container whose process was started: the probe with `line`, or `args`.
struct Started : Created {
  explicit Started(const std::vector<std::string>& args, const Edit& edit = {}) : Created(args, edit) {
    container.start();
  }
  explicit Started(const std::string& line, const Edit& edit = {}) : Created(edit, line) {
    container.start();
  }
};

/// `update --resources -` with these resources.
Finished update(Container& container, const nlohmann::json& resources);
/// The data of `events --stats`; requires success.
nlohmann::json statistics(Container& container);

/// How many processes a cgroup has.
std::size_t processes_in(const std::string& folder);

}  // namespace lodger::test
