#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mutation.hpp"
#include "tests/conformance/harness/command.hpp"
#include "tests/conformance/harness/files.hpp"

namespace conformance::broken {
namespace {

int ended(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The real runtime reads the changed configuration, and all others afterwards the given one.
int create_changed(const Mutation& mutation, const Call& call) {
  const std::string given = read_file(call.config_path());
  json config = json::parse(given, nullptr, false);
  if (!config.is_object()) return call.pass();
  mutation.config(config);
  write_file(call.config_path(), config.dump());
  const int status = call.pass();
  write_file(call.config_path(), given);
  return status;
}

int state_changed(const Mutation& mutation, const Call& call) {
  std::string out;
  const int status = call.pass(out);
  json state = json::parse(out, nullptr, false);
  if (status == 0 && state.is_object()) {
    mutation.state(state);
    out = state.dump();
  }
  return write(1, out.data(), out.size()) < 0 ? 1 : status;
}

}  // namespace

int Call::pass(const std::vector<std::string>& words) const {
  std::vector<char*> argv = {const_cast<char*>(runtime.c_str())};
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  return posix_spawn(&pid, runtime.c_str(), nullptr, nullptr, argv.data(), environ) == 0 ? ended(pid) : 127;
}

int Call::pass(std::string& out) const {
  std::vector<std::string> argv = {runtime};
  argv.insert(argv.end(), args.begin(), args.end());
  const Finished done = run_command(argv);
  out = done.out;
  if (write(2, done.err.data(), done.err.size()) < 0) return 1;
  return done.status;
}

int Call::tell(const std::string& what, const std::vector<std::string>& more) const {
  std::vector<std::string> words = {"--root", root, what};
  const bool flags = !more.empty() && more.front().starts_with("-");
  if (flags) words.insert(words.end(), more.begin(), more.end());
  words.push_back(id);
  if (!flags) words.insert(words.end(), more.begin(), more.end());
  return pass(words);
}

json Call::state() const {
  const Finished done = run_command({runtime, "--root", root, "state", id});
  const json state = json::parse(done.out, nullptr, false);
  return done.succeeded() && state.is_object() ? state : json();
}

int carry_out(const Mutation& mutation, const Call& call) {
  if (mutation.call != nullptr) return mutation.call(call);
  if (mutation.config != nullptr && call.command == "create") return create_changed(mutation, call);
  if (mutation.state != nullptr && call.command == "state") return state_changed(mutation, call);
  return call.pass();
}

}  // namespace conformance::broken
