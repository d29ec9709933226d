// One container of the runtime under test (the program that LODGER names), with a state root of its own. The
// destructor deletes it by force and checks that nothing is left behind: no mount, cgroup, process or state.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

#include <string>
#include <vector>

#include "bundle.hpp"
#include "command.hpp"
#include "facts.hpp"

namespace lodger::test {

class Container {
 public:
  /// `globals` stand before every command.
  explicit Container(const Bundle& bundle, std::vector<std::string> globals = {});
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  ~Container();

  const std::string& id() const { return id_; }
  const std::string& root() const { return root_; }

  /// `lodger --root R <args>`, to its end.
  Finished call(std::vector<std::string> args, const Setting& setting = {});
  /// The same in the background.
  Running begin(std::vector<std::string> args, const Setting& setting = {});

  /// `create FLAGS ID`: requires success. The payload's output is in output().
  void create(const std::vector<std::string>& flags = {}, const Setting& setting = {});
  /// The command line of `create` or `run` for this bundle and id.
  std::vector<std::string> making(const char* command, const std::vector<std::string>& flags = {}) const;
  /// `start ID`: requires success.
  void start();
  /// `run FLAGS ID`, to its end.
  Finished run(const std::vector<std::string>& flags = {}, const Setting& setting = {});
  /// `run ID` where a tmpfs is mounted at `folder` and another at `folder`/below, seen by this call alone.
  /// The flags are those of the first mount, such as "ro,nodev"; what is left out is the kernel's default.
  Finished run_with_mounts(const std::string& folder, const std::string& flags = "rw") const;

  nlohmann::json state();
  std::string status();
  pid_t pid();
  /// Waits for a status, fails the test when it never comes.
  void wait_for(const std::string& status);
  /// What the container that create() made wrote to stdout and stderr.
  std::string output() const;
  Facts facts() const { return Facts(output()); }
  /// Waits until `text` stands in output().
  void wait_for_output(const std::string& text);

  /// Everything of this container that is still there: descriptions, empty when all is gone.
  std::vector<std::string> leftovers() const;
  /// `delete --force`.
  Finished remove();

 private:
  const Bundle& bundle_;
  std::string id_, root_;
  std::vector<std::string> globals_;
  pid_t last_pid_ = 0;
  std::vector<Running> created_;  // `create` itself has ended; its output files stay
  bool gone_ = false;
};

/// A created container, for looking at what it was made of.
struct Created {
  Bundle bundle;
  Container container;
  explicit Created(const Edit& edit, const std::string& line = "hold",
                   const std::vector<std::string>& globals = {})
      : bundle(line, edit), container(bundle, globals) {
    container.create();
  }
  Created(const std::vector<std::string>& args, const Edit& edit) : bundle(args, edit), container(bundle) {
    container.create();
  }
};

/// The program under test.
std::string runtime_path();
/// True when the program under test is lodger itself and not a stand-in.
bool is_lodger();

/// Runs the probe in a container of its own with `run`, requires status 0, and gives what it said.
Facts inside(const std::string& probe_line, const Edit& edit = {},
             const std::vector<std::string>& flags = {});
/// Runs it and gives everything: for payloads that fail, and for refusals.
Finished outcome(const std::string& probe_line, const Edit& edit = {},
                 const std::vector<std::string>& flags = {});
/// Requires that `run` with this configuration is refused: non-zero, one line on stderr with all of `texts`
/// in it, nothing of the payload's output, nothing left behind.
void refused(const Edit& edit, const std::vector<std::string>& texts,
             const std::vector<std::string>& flags = {});

}  // namespace lodger::test
