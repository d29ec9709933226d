#include "systemd.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cgroups.hpp"

namespace lodger::test {
namespace {

Edit placed(const Edit& edit, const std::string& slice) {
  return [=](nlohmann::json& config) {
    const std::string path = config["linux"]["cgroupsPath"];  // "/lodger-test/NAME"
    config["linux"]["cgroupsPath"] = slice + ":lodger-test:" + path.substr(path.rfind('/') + 1);
    if (edit) edit(config);
  };
}

}  // namespace

bool has_systemd() { return access("/run/systemd/system", F_OK) == 0; }

std::string no_systemd() {
  if (!has_systemd()) return "systemd is not this machine's init";
  if (!is_lodger()) return "";
  const auto runtime = runtime_path();
  const auto client = runtime.substr(0, runtime.rfind('/')) + "/lodger-systemd";
  return access(client.c_str(), X_OK) == 0 ? "" : "built without libsystemd: no lodger-systemd";
}

std::map<std::string, std::string> unit_properties(const std::string& unit,
                                                   const std::vector<std::string>& before) {
  std::vector<std::string> command = before;
  for (const auto* word : {"/usr/bin/systemctl", "show"}) command.emplace_back(word);
  if (!before.empty()) command.emplace_back("--user");
  command.push_back(unit);
  const Finished done = run_command(command);
  INFO(done.err);
  REQUIRE(done.status == 0);
  std::map<std::string, std::string> properties;
  std::istringstream lines(done.out);
  for (std::string line; std::getline(lines, line);)
    if (const auto at = line.find('='); at != line.npos) properties[line.substr(0, at)] = line.substr(at + 1);
  return properties;
}

std::string unit_folder(const std::string& unit, const std::vector<std::string>& before) {
  const auto path = unit_properties(unit, before)["ControlGroup"];
  return (v2() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/systemd") + path;
}

InScope::InScope(const Edit& edit, const std::string& line, const std::string& slice)
    : bundle(line, placed(edit, slice)), container(bundle, {"--systemd-cgroup"}) {}

InScope::~InScope() {
  const Finished removed = container.remove();
  CHECK(removed.err == "");
  CHECK(unit_properties(unit())["LoadState"] == "not-found");
  CHECK(run_command({"/usr/bin/find", "/sys/fs/cgroup", "-name", "*" + bundle.name() + "*"}).out == "");
}

std::string InScope::value(const std::string& file) const {
  auto text = read_file(unit_folder(unit()) + "/" + file);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace lodger::test
