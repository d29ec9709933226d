// The program. Everything that is printed as an error or picks an exit status is here; the commands and the
// library below them return what there is to tell.
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>

#include <string>
#include <string_view>
#include <vector>

#include "kernel/file.hpp"
#include "kernel/process.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/plan/caller.hpp"

namespace {

using namespace lodger;

/// A file opened as number 0, 1 or 2 would be taken for a stream: closed ones lead to /dev/null from here on.
void hold_standard_streams() {
  pollfd streams[] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}};
  if (!kernel::poll(streams, 0)) return;
  for (const auto& stream : streams)
    if (stream.revents &
        POLLNVAL)  // openat gives the lowest free number, which is this one; it is not closed again
      if (auto null = kernel::openat(kernel::cwd, "/dev/null", O_RDWR))
        (void)kernel::done("fcntl", __NR_fcntl, null->release(), F_SETFD, 0);  // the container gets it, too
}

/// To stderr as it is; when stderr is gone there is nobody left to tell.
void say(std::string_view line) { (void)kernel::write_all(2, fmt::format("{}\n", line)); }

/// As an error, but for a phrase that users of engines know in its own form ("WARNING: Published ports ...").
std::string warning(std::string_view line) {
  return fmt::format("{}{}", line.starts_with("WARNING: ") ? "" : "lodger: warning: ", line);
}

/// With --log-format json and no --log the records themselves go to stderr, and nothing else (as with runc).
bool speaks_in_records(const cli::Globals& globals) {
  return globals.log_format == "json" && globals.log_path.empty();
}

void log(const cli::Globals& globals, cli::Level level, std::string_view message) {
  const auto logged = cli::log_for(globals).write(level, message);
  if (!logged) say(fmt::format("lodger: {}", logged.error().text));
}

std::string joined(cli::Words words) {
  std::string line = "lodger";
  for (const auto word : words) line.append(" ").append(word);
  return line;
}

int finished(const cli::Globals& globals, cli::Words words, const Outcome<int>& outcome) {
  const int status = outcome ? *outcome : globals.failure;
  if (!outcome) {
    if (!speaks_in_records(globals)) say(fmt::format("lodger: {}", outcome.error().text));
    log(globals, cli::Level::error, outcome.error().text);
  }
  if (globals.debug)
    log(globals, cli::Level::debug, fmt::format("{}: exit status {}", joined(words), status));
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_streams();
  ::signal(SIGCHLD, SIG_DFL);  // ignored by the caller, it would take the exit statuses of our children away
  const std::vector<std::string_view> words(argv + (argc > 0), argv + argc);
  cli::Globals globals;
  const container::Notices notices(
      [&](std::string_view line) {
        if (!speaks_in_records(globals)) say(warning(line));
        log(globals, cli::Level::warning, line);
      },
      [&](std::string_view line) { log(globals, cli::Level::debug, line); },
      [&] { return cli::log_for(globals).most == cli::Level::debug; });
  if (auto elevated = plan::check_not_elevated(); !elevated)
    return finished(globals, words, std::unexpected(std::move(elevated.error())));
  return finished(globals, words, cli::dispatch(words, globals, notices));
}
