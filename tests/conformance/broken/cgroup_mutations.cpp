// Faults of cgroups: where they are, whose they are, and what they permit.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "mutation.hpp"
#include "tests/conformance/harness/files.hpp"

namespace conformance::broken {
namespace {

std::string path_in(json& config) { return config["linux"].value("cgroupsPath", ""); }

json& rules(json& config) { return config["linux"]["resources"]["devices"]; }
bool has_rules(json& config) {
  return config["linux"].contains("resources") && config["linux"]["resources"].contains("devices");
}

/// The container's folders in every hierarchy.
std::vector<std::string> folders(const Call& call) {
  json config = json::parse(read_file(call.config_path()), nullptr, false);
  std::vector<std::string> found;
  const std::string top = "/sys/fs/cgroup";
  if (!config.is_object()) return found;
  for (const auto& below : names_in(top)) {
    const std::string folder = top + "/" + below + path_in(config);
    if (exists(folder)) found.push_back(folder);
  }
  if (exists(top + path_in(config))) found.push_back(top + path_in(config));
  return found;
}

/// The container's cgroups and their files are made those of `uid`.
int created_and_owned(const Call& call, uid_t uid) {
  const int status = call.pass();
  if (call.command != "create" || status != 0) return status;
  for (const auto& folder : folders(call)) {
    if (chown(folder.c_str(), uid, static_cast<gid_t>(-1)) < 0) return 1;
    for (const auto& name : names_in(folder))
      if (chown((folder + "/" + name).c_str(), uid, static_cast<gid_t>(-1)) < 0) return 1;
  }
  return status;
}

/// The folders are written down at create, where the configuration is at hand.
int deleted_and_there_again(const Call& call) {
  const std::string note = call.root + "/../" + call.id + ".cgroups";
  const int status = call.pass();
  if (call.command == "create") {
    std::string text;
    for (const auto& folder : folders(call)) text += folder + "\n";
    write_file(note, text);
  } else if (call.command == "delete") {
    for (const auto& folder : lines(read_file(note))) {
      mkdir(folder.substr(0, folder.rfind('/')).c_str(), 0755);  // the runtime may have taken it along
      mkdir(folder.c_str(), 0755);
    }
  }
  return status;
}

const std::vector<Mutation> table = {
    {"cgroups-elsewhere",
     {"linux-cgroups/absolute=*", "linux-cgroups/made-where-missing"},
     [](json& c) {
       if (!path_in(c).empty()) c["linux"]["cgroupsPath"] = path_in(c) + "-elsewhere";
     }},
    {"cgroups-somewhere",
     {"linux-cgroups/same-place-again=*"},
     [](json& c) {
       if (!path_in(c).empty()) c["linux"]["cgroupsPath"] = path_in(c) + "-" + std::to_string(getpid());
     }},
    {"cgroupsPath-required",
     {"linux-cgroups/path-unspecified"},
     [](json& c) {
       if (path_in(c).empty()) c["root"]["path"] = "nowhere";
     }},
    {"cgroups-stay", {"linux-cgroups/gone-after-delete"}, nullptr, nullptr, deleted_and_there_again},
    {"cgroups-given-away",
     {"linux-cgroup-owner/v1-unchanged", "linux-cgroup-owner/owner=mounted-read-only",
      "linux-cgroup-owner/owner=not-mounted", "linux-cgroup-owner/owner=no-cgroup-namespace",
      "linux-cgroup-owner/files-not-listed"},
     nullptr,
     nullptr,
     [](const Call& call) { return created_and_owned(call, 1000); }},
    {"cgroups-kept",
     {"linux-cgroup-owner/owner=mounted-read-write", "linux-cgroup-owner/owner=mapped-user",
      "linux-cgroup-owner/files-listed"},
     nullptr,
     nullptr,
     [](const Call& call) { return created_and_owned(call, 0); }},
    {"device-rules-permit-all",
     {"linux-device-rules/applied=deny-*", "linux-device-rules/applied=allow-another-*",
      "linux-device-rules/applied=[rwm]-denies-*", "linux-device-rules/applied=last-denies",
      "linux-device-rules/applied=last-takes-a-part"},
     [](json& c) {
       if (has_rules(c)) rules(c) = {{{"allow", true}, {"access", "rwm"}}};
     }},
    {"device-rules-deny-all",
     {"linux-device-rules/applied=allow-all", "linux-device-rules/applied=allow-this",
      "linux-device-rules/applied=type-a", "linux-device-rules/applied=m??or-unset",
      "linux-device-rules/applied=[rw]-permits-*", "linux-device-rules/applied=last-allows",
      "linux-device-rules/applied=last-leaves-a-part"},
     [](json& c) {
       if (has_rules(c)) rules(c) = {{{"allow", false}, {"access", "rwm"}}};
     }},
    {"device-rules-reversed",
     {"linux-device-rules/applied=last-denies", "linux-device-rules/applied=last-allows",
      "linux-device-rules/applied=last-takes-a-part", "linux-device-rules/applied=deny-all-again"},
     [](json& c) {
       if (has_rules(c)) std::reverse(rules(c).begin() + 1, rules(c).end());
     }},
    {"resources-ignored",
     {"linux-resources/written=[!c]*", "linux-resources/written=cpu.[!m]*", "linux-limits/*-felt",
      "linux-limits/pids-0", "linux-limits/*-is-error=*", "linux-limits/unified=*"},
     [](json& c) { c["linux"].erase("resources"); }},
    // Where there is one node, a cgroup has it anyway.
    {"memory-nodes-confused",
     {"linux-resources/written=cpu.mems"},
     [](json& c) {
       if (c["linux"].contains("resources") && c["linux"]["resources"].contains("cpu"))
         c["linux"]["resources"]["cpu"]["mems"] = "77";
     }},
    {"resources-always",
     {"linux-limits/untouched-without-resources"},
     [](json& c) {
       if (!c["linux"].contains("resources")) c["linux"]["resources"] = {{"pids", {{"limit", 100}}}};
     }},
    {"no-node-can-be-made",
     {"linux-device-rules/applied=m-permits-mknod"},
     [](json& c) {
       for (json& set : c["process"]["capabilities"]) set = json::array();
     }},
};

}  // namespace

std::span<const Mutation> cgroup_mutations() { return table; }

}  // namespace conformance::broken
