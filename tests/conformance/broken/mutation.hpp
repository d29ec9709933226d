// Runtimes with one fault each: what the fault is, and the cases that must find it. The harness is proven by
// them: a case that no fault makes fail proves nothing.
#pragma once
#include <nlohmann/json.hpp>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace conformance::broken {

using nlohmann::json;

/// One invocation of the runtime, on its way to the real one.
struct Call {
  std::string runtime;            // the real one
  std::vector<std::string> args;  // as given: "--root", R, "create", ...
  std::string command, id, root, bundle;

  /// Runs the real runtime with these arguments and our streams; its exit status, or 128 + a signal.
  int pass() const { return pass(args); }
  int pass(const std::vector<std::string>& args) const;
  /// The same, its stdout caught.
  int pass(std::string& out) const;
  /// `<runtime> --root R COMMAND ID [MORE]`.
  int tell(const std::string& command, const std::vector<std::string>& more = {}) const;
  /// The state as the real runtime tells it; null where it does not.
  json state() const;
  std::string config_path() const { return bundle + "/config.json"; }
};

struct Mutation {
  std::string_view name;
  std::vector<std::string_view> caught_by;  // cases that must fail; * and ? as in fnmatch(3)
  void (*config)(json& config) = nullptr;   // at create: what the real runtime gets to read
  void (*state)(json& state) = nullptr;     // at state: what the caller gets to read
  int (*call)(const Call& call) = nullptr;  // at any command: in place of the real runtime
};

// Each file's faults. A new file: one line here, one in all.cpp, one in meson.build.
std::span<const Mutation> operation_mutations();
std::span<const Mutation> process_mutations();
std::span<const Mutation> config_mutations();
std::span<const Mutation> mount_mutations();
std::span<const Mutation> device_mutations();
std::span<const Mutation> linux_mutations();
std::span<const Mutation> cgroup_mutations();
std::span<const Mutation> network_mutations();
std::span<const Mutation> seccomp_mutations();
std::span<const Mutation> features_mutations();
std::span<const std::span<const Mutation>> all_mutations();

/// Carries the call out with the fault; the exit status.
int carry_out(const Mutation& mutation, const Call& call);

}  // namespace conformance::broken
