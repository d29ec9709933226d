// A runtime with one fault: BROKEN_RUNTIME names the real one, BROKEN_MUTATION the fault; without a fault it
// is the real runtime. `broken-runtime --check HARNESS RUNTIME` has HARNESS judge RUNTIME with each fault,
// and tells as TAP whether the cases that are meant to find it did.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "check.hpp"
#include "mutation.hpp"

namespace {

using namespace conformance::broken;

/// Finds what the words mean: "--root R COMMAND [--flag[ value]]... ID [MORE]", as the harness says them.
Call understood(int argc, char** argv, const char* runtime) {
  Call call{.runtime = runtime, .args = {argv + 1, argv + argc}};
  static constexpr std::array with_value = {"--bundle", "--pid-file", "--console-socket", "--root"};
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const std::string& word = call.args[i];
    const bool value = std::find(with_value.begin(), with_value.end(), word) != with_value.end();
    if (value && i + 1 < call.args.size()) {
      if (word == "--root") call.root = call.args[i + 1];
      if (word == "--bundle") call.bundle = call.args[i + 1];
      ++i;
    } else if (!word.starts_with("-")) {
      if (call.command.empty())
        call.command = word;
      else if (call.id.empty())
        call.id = word;
    }
  }
  return call;
}

const Mutation* named(std::string_view name) {
  for (const auto table : all_mutations())
    for (const Mutation& mutation : table)
      if (mutation.name == name) return &mutation;
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--check") return check(argv[0], argv[2], argv[3]);
  const char* runtime = std::getenv("BROKEN_RUNTIME");
  const char* fault = std::getenv("BROKEN_MUTATION");
  if (runtime == nullptr) {
    std::fprintf(stderr, "broken-runtime: BROKEN_RUNTIME is not set\n");
    return 2;
  }
  const Call call = understood(argc, argv, runtime);
  if (fault == nullptr || *fault == 0) return call.pass();
  const Mutation* mutation = named(fault);
  if (mutation == nullptr) {
    std::fprintf(stderr, "broken-runtime: no mutation is named %s\n", fault);
    return 2;
  }
  return carry_out(*mutation, call);
}
