// One container of the runtime under test: its bundle, which a case edits before create, and the operations
// of runtime.md as commands.
#pragma once
#include <nlohmann/json.hpp>
#include <sys/types.h>

#include <string>
#include <vector>

#include "command.hpp"
#include "facts.hpp"

namespace conformance {

using nlohmann::json;
class Trial;
struct Machine;

class Container {
 public:
  Container(Trial& trial, std::string id, std::string bundle);

  /// Becomes config.json at create: at first the smallest that works, see default_config().
  json config;

  const std::string& id() const { return id_; }
  const std::string& bundle() const { return bundle_; }
  std::string rootfs(const std::string& below = "") const { return bundle_ + "/rootfs" + below; }
  /// A path in the bundle, outside of the root filesystem.
  std::string beside(const std::string& file) const { return bundle_ + "/" + file; }

  /// The container's program is the probe with these verbs: "ids ; stat /dev/null".
  void payload(const std::string& line);
  /// A hook of the configuration: the probe, on the host or inside, with these words.
  void add_hook(const std::string& kind, const std::string& line, const json& more = json::object());

  /// Writes `config`, or any text, to config.json.
  void save() const;
  void write_config(std::string_view text) const;

  // The operations of runtime.md. Each is given back as it ended; the case judges.
  Finished create(const std::vector<std::string>& flags = {}, const Setting& setting = {});
  Finished start();
  Finished kill(const std::string& signal);
  Finished remove(const std::vector<std::string>& flags = {});
  Finished state_command();

  // The same where a case only passes through: its end where they fail.
  void created(const std::vector<std::string>& flags = {}, const Setting& setting = {});
  void started();
  void removed();
  json state();
  std::string status() { return state().value("status", "(none)"); }
  bool known();

  /// The container process as the host sees it, from the pid file of create.
  pid_t pid() const { return pid_; }
  /// False where the process ended (also while its parent has not asked yet).
  bool alive() const;
  /// Waits for the process's end, then for the status; the case ends where neither comes.
  void await_stopped();
  /// What the container's process and the runtime that created it wrote to stdout.
  std::string output() const;
  std::string errors() const;
  /// Waits until `text` stands in output(); the case ends where it never does.
  void await_output(const std::string& text);

  /// The whole life: created, started, stopped, removed. What the probe said.
  Facts inside(const std::string& line);

  /// The container's folder in the hierarchy that has the controller ("" : the unified hierarchy); "" where
  /// there is none.
  std::string cgroup(const std::string& controller) const;

 private:
  Trial& trial_;
  std::string id_, bundle_;
  pid_t pid_ = 0;
  std::vector<Running> creators_;  // `create` itself has ended; its output files stay
};

/// proc, tmpfs on /dev, new pid, mount, ipc and uts namespaces, the host's network, no seccomp, three
/// capabilities; for an ordinary user also a user namespace with that user as root in it.
json default_config(const Machine& machine, const std::string& cgroup);

/// A mount entry.
json mount_entry(const std::string& destination, const std::string& type, const std::string& source,
                 const std::vector<std::string>& options);
/// The namespace entry of a type; made where there is none.
json& namespace_entry(json& config, const std::string& type);
void drop_namespace(json& config, const std::string& type);

}  // namespace conformance
