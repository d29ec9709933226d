// config.json as a whole. Source: runtime-spec 1.3, config.md.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/linux.hpp"
#include "spec/mount.hpp"
#include "spec/process.hpp"

namespace lodger::spec {

struct Root {
  std::string path;
  bool readonly = false;
};

struct Hook {
  std::string path;
  std::vector<std::string> args;                // argv as a whole; empty: the path alone
  std::optional<std::vector<std::string>> env;  // none and empty differ: runtime/plan/hooks.cpp
  std::optional<int> timeout;                   // seconds
};

struct Hooks {
  std::vector<Hook> prestart, create_runtime, create_container, start_container, poststart, poststop;
};

struct Config {
  std::string oci_version;
  std::optional<Root> root;
  std::optional<Process> process;
  std::vector<Mount> mounts;
  std::string hostname, domainname;
  Hooks hooks;
  std::map<std::string, std::string> annotations;
  std::optional<Linux> linux;
  std::vector<std::string> other_platforms;  // of "windows", "vm", "solaris", "zos", "freebsd": those present
};

}  // namespace lodger::spec
