#include "cgroups.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "facts.hpp"

namespace lodger::test {

nlohmann::json& resources(nlohmann::json& config) { return config["linux"]["resources"]; }

bool v2() { return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0; }
bool has_cgroup2() { return v2() || access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0; }

std::string folder(const Bundle& bundle, const std::string& controller) {
  if (v2()) {
    const auto all = words(read_file("/sys/fs/cgroup/cgroup.controllers"));
    return std::ranges::count(all, controller) == 0 ? "" : "/sys/fs/cgroup/lodger-test/" + bundle.name();
  }
  const std::string hierarchy = "/sys/fs/cgroup/" + controller;
  return access((hierarchy + "/cgroup.procs").c_str(), F_OK) == 0
             ? hierarchy + "/lodger-test/" + bundle.name()
             : "";
}

std::string make_cgroup(const std::string& hierarchy, const std::string& path) {
  constexpr mode_t open_to_all = 0755;
  const auto above = hierarchy + "/lodger-test", made = hierarchy + path;
  const bool there = support::eventually([&] {
    mkdir(above.c_str(), open_to_all);  // or it is there
    return mkdir(made.c_str(), open_to_all) == 0;
  });
  REQUIRE(there);
  REQUIRE(chmod(above.c_str(), open_to_all) == 0);
  return made;
}

std::string value(const std::string& folder, const char* v1_file, const char* v2_file) {
  std::string text = read_file(folder + "/" + (v2() ? v2_file : v1_file));
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string unified_folder(const Bundle& bundle) {
  for (const char* tree : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (access((std::string(tree) + "/cgroup.controllers").c_str(), F_OK) == 0)
      return std::string(tree) + "/lodger-test/" + bundle.name();
  return "";
}

std::uint64_t figure(const std::string& file, const std::string& name) {
  for (const auto& line : support::lines(read_file(file)))
    if (line.starts_with(name + " ")) return std::stoull(line.substr(name.size() + 1));
  return 0;
}

Finished update(Container& container, const nlohmann::json& resources) {
  Setting setting;
  setting.input = resources.dump();
  return container.call({"update", "--resources", "-", container.id()}, setting);
}

nlohmann::json statistics(Container& container) {
  const Finished done = container.call({"events", "--stats", container.id()});
  INFO(done.err);
  REQUIRE(done.status == 0);
  return nlohmann::json::parse(done.out)["data"];
}

std::size_t processes_in(const std::string& folder) {
  return support::lines(read_file(folder + "/cgroup.procs")).size();
}

}  // namespace lodger::test
