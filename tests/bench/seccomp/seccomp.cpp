// Instructions and time of lodger's generator beside libseccomp's, for a profile on the command line.
#include "runtime/security/seccomp.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "spec/parse.hpp"
#include "tests/unit/runtime/security/oracle.hpp"

using namespace lodger;

namespace {

// The fastest and the middle of several rounds, in microseconds.
template <class Work>
void measure(const char* name, std::size_t instructions, int rounds, Work work) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    times.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(times);
  fmt::print("{:<11} {:>5} instructions, {:>8.1f} us fastest, {:>8.1f} us median\n", name, instructions,
             times[0], times[times.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  std::ifstream file(argc > 1 ? argv[1] : LODGER_FIXTURES "/seccomp/docker-default.json");
  std::stringstream text;
  text << R"({"ociVersion":"1.0.0","linux":{"seccomp":)" << file.rdbuf() << "}}";
  const auto config = spec::parse(text.str());
  if (!config) return fmt::print(stderr, "{}\n", config.error().text), 1;
  const auto& profile = *config->linux->seccomp;
  const auto ours = security::compile(profile);
  const auto theirs = test::libseccomp_program(profile);
  if (!ours || !theirs) return fmt::print(stderr, "{}\n", ours ? "libseccomp refuses" : ours.error().text), 1;
  measure("lodger", ours->instructions.size(), 200, [&] { (void)security::compile(profile); });
  measure("libseccomp", theirs->size(), 20, [&] { (void)test::libseccomp_program(profile); });
}
