#include "cgroup.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "facts.hpp"
#include "files.hpp"

namespace conformance {
namespace {

void hand_down(const std::string& folder, const std::string& controller) {
  const std::string file = folder + "/cgroup.subtree_control";
  const auto there = words(read_file(file));
  if (std::find(there.begin(), there.end(), controller) == there.end()) write_file(file, "+" + controller);
}

}  // namespace

void make_cgroup(const Hierarchy& hierarchy, const std::string& path, const std::string& controller) {
  for (std::size_t at = 0; at != std::string::npos;) {
    if (hierarchy.v2) hand_down(hierarchy.path + path.substr(0, at), controller);
    at = path.find('/', at + 1);
    mkdir((hierarchy.path + path.substr(0, at)).c_str(), 0755);
  }
}

}  // namespace conformance
