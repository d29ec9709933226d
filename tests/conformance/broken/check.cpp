#include "check.hpp"

#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "mutation.hpp"
#include "tests/conformance/harness/command.hpp"
#include "tests/conformance/harness/files.hpp"

namespace conformance::broken {
namespace {

/// What the harness said of each case, by its name: "ok", "not ok" or "skip".
std::map<std::string, std::string> verdicts(const std::string& tap) {
  std::map<std::string, std::string> out;
  for (const auto& line : lines(tap)) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos || !(line.starts_with("ok ") || line.starts_with("not ok "))) continue;
    const std::size_t directive = std::min(line.find(" # SKIP"), line.size());
    const std::string word = directive < line.size() ? "skip" : line.starts_with("ok") ? "ok" : "not ok";
    out[line.substr(dash + 3, directive - dash - 3)] = word;
  }
  return out;
}

using Names = std::set<std::string>;

class Prover {
 public:
  Prover(const std::string& self, const std::string& harness, const std::string& runtime)
      : self_(self), harness_(harness), runtime_(runtime) {
    if (mkdtemp(scratch_.data()) == nullptr) std::abort();
    chmod(scratch_.c_str(), 0755);
    for (const auto& line : lines(run_command({harness_, "--list"}).out))
      all_.insert(line.substr(0, line.find('\t')));
  }

  /// What the harness says of the runtime without a fault: only what passes there can be proven by one.
  void judge_unbroken() { unbroken_ = judge("", all_); }

  /// Has the cases judge the runtime with the fault; each must fail.
  void prove(const Mutation& mutation) {
    Names cases;
    for (const std::string_view pattern : mutation.caught_by) {
      const Names found = matching(std::string(pattern));
      if (found.empty()) say(false, std::string(mutation.name) + ": " + std::string(pattern), "no such case");
      cases.insert(found.begin(), found.end());
    }
    const auto saw = judge(mutation.name, cases);
    for (const auto& name : cases) {
      const std::string what = std::string(mutation.name) + " is found by " + name;
      if (unbroken_[name] != "ok") {
        say(true, what, "skip");
        continue;
      }
      const std::string word = saw.contains(name) ? saw.at(name) : "nothing";
      say(word == "not ok", what, word);
    }
    proven_.insert(cases.begin(), cases.end());
  }

  void name_unproven() const {
    for (const auto& name : all_)
      if (!proven_.contains(name)) std::printf("# no fault proves %s\n", name.c_str());
    std::printf("# %zu of %zu cases are proven by a fault\n", proven_.size(), all_.size());
  }

  int end() {
    say(names_in(scratch_).empty(), "the harness leaves nothing behind",
        names_in(scratch_).empty() ? "ok" : "files");
    remove_tree(scratch_);
    std::printf("1..%d\n", count_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  Names matching(const std::string& pattern) const {
    Names names;
    for (const auto& name : all_)
      if (fnmatch(pattern.c_str(), name.c_str(), 0) == 0) names.insert(name);
    return names;
  }

  std::map<std::string, std::string> judge(std::string_view mutation, const Names& cases) const {
    std::vector<std::string> argv = {harness_, "--runtime", self_, "--format", "tap"};
    // Much of what a broken runtime should do never comes: little patience, and many cases at a time.
    if (!mutation.empty()) argv.insert(argv.end(), {"--timeout", "6", "--jobs", "16"});
    for (const auto& name : cases) argv.insert(argv.end(), {"--filter", name});
    const Setting setting{.env = {"BROKEN_RUNTIME=" + runtime_, "BROKEN_MUTATION=" + std::string(mutation),
                                  "TMPDIR=" + scratch_},
                          .limit = milliseconds(900'000)};
    return verdicts(run_command(argv, setting).out);
  }

  void say(bool good, const std::string& what, const std::string& word) {
    failed_ += good ? 0 : 1;
    std::printf("%s %d - %s%s\n", good ? "ok" : "not ok", ++count_, what.c_str(),
                word == "skip" ? " # SKIP the case does not pass without a fault" : "");
    if (!good) std::printf("  ---\n  saw: \"%s\"\n  ...\n", word.c_str());
    std::fflush(stdout);
  }

  std::string self_, harness_, runtime_, scratch_ = "/tmp/broken-runtime-XXXXXX";
  std::map<std::string, std::string> unbroken_;
  Names all_, proven_;
  int count_ = 0, failed_ = 0;
};

}  // namespace

int check(const std::string& self, const std::string& harness, const std::string& runtime) {
  std::printf("TAP version 13\n");
  Prover prover(self, harness, runtime);
  prover.judge_unbroken();
  for (const auto table : all_mutations())
    for (const Mutation& mutation : table) prover.prove(mutation);
  prover.name_unproven();
  return prover.end();
}

}  // namespace conformance::broken
