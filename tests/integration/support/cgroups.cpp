#include "cgroups.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace lodger::test {

nlohmann::json& resources(nlohmann::json& config) { return config["linux"]["resources"]; }

bool v2() { return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0; }

std::string folder(const Bundle& bundle, const std::string& controller) {
  if (v2()) {
    const std::string all = " " + read_file("/sys/fs/cgroup/cgroup.controllers");
    return all.find(controller) == std::string::npos ? "" : "/sys/fs/cgroup/lodger-test/" + bundle.name();
  }
  const std::string hierarchy = "/sys/fs/cgroup/" + controller;
  return access((hierarchy + "/cgroup.procs").c_str(), F_OK) == 0
             ? hierarchy + "/lodger-test/" + bundle.name()
             : "";
}

std::string value(const std::string& folder, const char* v1_file, const char* v2_file) {
  std::string text = read_file(folder + "/" + (v2() ? v2_file : v1_file));
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace lodger::test
