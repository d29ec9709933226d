// A bundle in a folder of its own: config.json from a small default, and a root filesystem with the probe and
// busybox. The destructor removes all of it.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/files.hpp"

namespace lodger::test {

/// Changes the default configuration before it is written.
using Edit = std::function<void(nlohmann::json&)>;

class Bundle {
 public:
  /// A container that runs `args`.
  explicit Bundle(const std::vector<std::string>& args, const Edit& edit = {});
  /// A container that runs the probe with the verbs of `line`.
  explicit Bundle(const std::string& line, const Edit& edit = {});

  /// A name that nothing else on this machine has; also the cgroup's: "/lodger-test/<name>".
  const std::string& name() const { return name_; }
  const std::string& path() const { return tree_.path; }
  std::string rootfs(const std::string& below = "") const { return path() + "/rootfs" + below; }
  /// A path in the bundle, outside of the root filesystem.
  std::string beside(const std::string& file) const { return path() + "/" + file; }

  void edit(const Edit& edit);
  /// Replaces config.json by any text.
  void write_config(const std::string& text) const;

 private:
  /// Removes everything at `path`, also when the rest of a bundle could not be made.
  struct Tree {
    std::string path;
    explicit Tree(std::string at) : path(std::move(at)) {}
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    ~Tree();
  };
  std::string name_;
  Tree tree_;
};

/// The default: root in fresh pid, mount, ipc and uts namespaces on the host's network, Docker's fourteen
/// capabilities, the usual mounts, cgroup "/lodger-test/<name>".
nlohmann::json default_config(const std::string& name, const std::vector<std::string>& args);

using support::read_file;
using support::write_file;
/// A name unique on this machine.
std::string unique_name();
/// A program of the build: the one that the environment variable names, or the one at `beside` this
/// executable.
std::string built_program(const char* variable, const std::string& beside);
/// The probe's path on the host.
std::string probe_path();

}  // namespace lodger::test
