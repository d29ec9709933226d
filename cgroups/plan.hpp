// From the resources of config.json to what is written where. Pure: looks at no file.
// Source: runtime-spec 1.3, config-linux.md, "Control groups"; the files: Documentation/admin-guide/cgroup-v1
// and cgroup-v2.rst of the kernel.
#pragma once
#include <linux/bpf.h>

#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "spec/resources.hpp"

namespace lodger::cgroups {

/// One write.
struct Setting {
  std::string controller;  // "memory"; "cgroup" for the core's own files, which every v2 folder has
  std::string file;        // "memory.max"
  std::string value;
  bool is_default = false;  // what a new cgroup has anyway: written only to one that was there before
  bool optional = false;  // left out where the kernel has no such file, because another setting does as much
  std::string other_file, other_value;  // written instead where the kernel lacks `file`; empty: nothing is
  friend bool operator==(const Setting&, const Setting&) = default;
};

struct Plan {
  std::vector<Setting> settings;         // in order; device rules of v1 among them
  bool restricts_devices = false;        // v2: the configuration says something about devices
  std::vector<bpf_insn> device_program;  // v2: what decides about devices; empty: all are allowed
};

/// For v1 hierarchies. Refuses what only cgroup2 has.
Outcome<Plan> plan_v1(const spec::Resources& resources);
/// For a cgroup2 tree. Refuses what only v1 had.
Outcome<Plan> plan_v2(const spec::Resources& resources);

}  // namespace lodger::cgroups
