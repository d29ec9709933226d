#include "check.hpp"

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

class Prover {
 public:
  Prover(const std::string& self, const std::string& harness, const std::string& runtime)
      : self_(self), harness_(harness), runtime_(runtime) {}

  /// One mutation, or none (""), against the cases that are named.
  void prove(std::string_view mutation, const std::set<std::string_view>& cases) {
    const bool broken = !mutation.empty();
    const auto saw = judge(mutation, cases);
    for (const std::string_view name : cases) {
      const auto found = saw.find(std::string(name));
      const std::string word = found == saw.end() ? "no such case" : found->second;
      const bool good = word == "skip" || word == (broken ? "not ok" : "ok");
      say(good,
          broken ? std::string(mutation) + " is found by " + std::string(name)
                 : std::string(name) + " passes",
          word);
    }
  }

  /// Names the cases of the harness that no fault proves.
  void name_unproven(const std::set<std::string_view>& proven) const {
    std::size_t all = 0;
    for (const auto& line : lines(run_command({harness_, "--list"}).out)) {
      const std::string name = line.substr(0, line.find('\t'));
      ++all;
      if (!proven.contains(name)) std::printf("# no fault proves %s\n", name.c_str());
    }
    std::printf("# %zu of %zu cases are proven by a fault\n", proven.size(), all);
  }

  int end() {
    say(names_in(scratch_).empty(), "the harness leaves nothing behind",
        names_in(scratch_).empty() ? "ok" : "files");
    remove_tree(scratch_);
    std::printf("1..%d\n", count_);
    return failed_ == 0 ? 0 : 1;
  }

  void begin() {
    if (mkdtemp(scratch_.data()) == nullptr) std::abort();
    chmod(scratch_.c_str(), 0755);
  }

 private:
  std::map<std::string, std::string> judge(std::string_view mutation,
                                           const std::set<std::string_view>& cases) const {
    std::vector<std::string> argv = {harness_, "--runtime", self_, "--format", "tap"};
    // Much of what a broken runtime should do never comes: little patience, and many cases at a time.
    if (!mutation.empty()) argv.insert(argv.end(), {"--timeout", "6", "--jobs", "16"});
    for (const std::string_view name : cases) argv.insert(argv.end(), {"--filter", std::string(name)});
    const Setting setting{.env = {"BROKEN_RUNTIME=" + runtime_, "BROKEN_MUTATION=" + std::string(mutation),
                                  "TMPDIR=" + scratch_},
                          .limit = milliseconds(120'000)};
    return verdicts(run_command(argv, setting).out);
  }

  void say(bool good, const std::string& what, const std::string& word) {
    failed_ += good ? 0 : 1;
    std::printf("%s %d - %s%s\n", good ? "ok" : "not ok", ++count_, what.c_str(),
                word == "skip" ? " # SKIP the case cannot run here" : "");
    if (!good) std::printf("  ---\n  saw: \"%s\"\n  ...\n", word.c_str());
    std::fflush(stdout);
  }

  std::string self_, harness_, runtime_, scratch_ = "/tmp/broken-runtime-XXXXXX";
  int count_ = 0, failed_ = 0;
};

}  // namespace

int check(const std::string& self, const std::string& harness, const std::string& runtime) {
  std::printf("TAP version 13\n");
  Prover prover(self, harness, runtime);
  prover.begin();
  std::set<std::string_view> all;
  for (const auto table : all_mutations())
    for (const Mutation& mutation : table) {
      prover.prove(mutation.name, {mutation.caught_by.begin(), mutation.caught_by.end()});
      all.insert(mutation.caught_by.begin(), mutation.caught_by.end());
    }
  prover.prove("", all);
  prover.name_unproven(all);
  return prover.end();
}

}  // namespace conformance::broken
