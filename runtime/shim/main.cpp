// containerd-shim-lodger-v2: what containerd calls, and what stays to serve it. All that is printed is here.
#include <fmt/core.h>
#include <signal.h>
#include <stdlib.h>

#include "kernel/file.hpp"
#include "runtime/cli/facts.hpp"
#include "runtime/plan/caller.hpp"
#include "runtime/shim/start.hpp"

namespace {

using namespace lodger;
using Action = shim::Invocation::Action;

const char* variable(const char* name) { return ::getenv(name); }

Outcome<std::string> answer(cli::Words words) {
  TRY(plan::check_not_elevated());
  const auto invocation = TRY(shim::parse_invocation(words, variable));
  switch (invocation.action) {
    case Action::start: return shim::start(invocation);
    case Action::remove: return shim::remove(invocation);
    case Action::info: return shim::info();
    case Action::version: {
      const auto facts = cli::gather_facts();
      return fmt::format("containerd-shim-lodger-v2:\n  Version:  {}\n  Revision: {}\n", facts.version,
                         facts.commit);
    }
  }
  __builtin_unreachable();
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGCHLD, SIG_DFL);
  // containerd's own, of its service manager: not its containers'.
  for (const char* name : {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) ::unsetenv(name);
  const std::vector<std::string_view> words(argv + (argc > 0), argv + argc);
  const auto text = answer(words);
  if (!text) (void)kernel::write_all(2, fmt::format("containerd-shim-lodger-v2: {}\n", text.error().text));
  return text && kernel::write_all(1, *text) ? 0 : 1;
}
