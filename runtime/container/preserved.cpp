#include "runtime/container/preserved.hpp"

#include <fcntl.h>
#include <fmt/core.h>

#include "kernel/process.hpp"
#include "runtime/container/environment.hpp"
#include "spec/text.hpp"

namespace lodger::container {
namespace {

constexpr unsigned first = 3;  // SD_LISTEN_FDS_START, and the first behind the streams

/// How many descriptors a service manager has passed to this very process.
Outcome<unsigned> activated() {
  const auto text = own_variable("LISTEN_FDS");
  if (text.empty() || own_variable("LISTEN_PID") != std::to_string(kernel::getpid())) return 0;
  const auto count = spec::whole_number<unsigned>(text);
  if (!count)
    return refuse(fmt::format("LISTEN_FDS {}: wanted is a number of descriptors; see sd_listen_fds(3)", text),
                  EINVAL);
  return *count;
}

Outcome<> check_open(unsigned from, unsigned count, std::string_view whose) {
  for (unsigned i = 0; i < count; ++i) {
    const auto flags = kernel::call("fcntl", __NR_fcntl, from + i, F_GETFD);
    if (!flags || *flags & FD_CLOEXEC)
      return refuse(fmt::format("{} {}: descriptor {} is not open", whose, count, from + i), EBADF);
  }
  return {};
}

/// LISTEN_PID is init's to say: only there the pid is known as the container sees it.
void announce(unsigned count, spec::Process& process) {
  std::erase_if(process.env, [](const std::string& entry) {
    return entry.starts_with("LISTEN_FDS=") || entry.starts_with("LISTEN_PID=") ||
           entry.starts_with("LISTEN_FDNAMES=");
  });
  process.env.push_back(fmt::format("LISTEN_FDS={}", count));
  if (const auto names = own_variable("LISTEN_FDNAMES"); !names.empty())
    process.env.push_back(fmt::format("LISTEN_FDNAMES={}", names));
}

}  // namespace

Outcome<Preserved> preserve(unsigned preserve_fds, spec::Process* process) {
  const unsigned passed = TRY(activated());
  TRY(check_open(first, passed, "LISTEN_FDS"));
  TRY(check_open(first + passed, preserve_fds, "--preserve-fds"));
  if (passed && process) announce(passed, *process);
  return Preserved{passed + preserve_fds, passed && process};
}

}  // namespace lodger::container
