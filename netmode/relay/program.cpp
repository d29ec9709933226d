#include "netmode/relay/program.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <optional>

#include "kernel/file.hpp"
#include "kernel/spawn.hpp"
#include "kernel/time.hpp"
#include "spec/text.hpp"

namespace lodger::netmode::relay {
namespace {

constexpr const char* places[] = {"/usr/local/bin/pasta", "/usr/bin/pasta", "/bin/pasta"};

kernel::Result<> runs(const char* path) { return kernel::faccessat(kernel::cwd, path, X_OK); }

Outcome<std::string> find() {
  if (const char* named = ::secure_getenv(program_variable); named && *named) {
    const auto asked = fmt::format("--network relay: {}={}", program_variable, named);
    if (*named != '/') return refuse(asked + ": not an absolute path", EINVAL);
    TRY(explained(runs(named), asked));
    return std::string(named);
  }
  for (const auto* place : places)
    if (runs(place)) return std::string(place);
  return refuse(
      "--network relay needs the program pasta, and there is none in /usr/local/bin, /usr/bin or /bin: "
      "install the package passt (apt install passt)",
      ENOENT);
}

constexpr long patience_ms = 10'000;  // it takes some milliseconds, unless the machine is very busy

/// The first line of what comes, of a page at most; a program that goes on behind it is not waited for.
Outcome<std::string> first_line(const kernel::Fd<kernel::File>& reader, int interrupt,
                                std::string_view asking) {
  std::array<char, 4096> text;
  std::size_t used = 0;
  const auto end = kernel::monotonic_ns() + patience_ms * 1'000'000;
  while (used < text.size() && !std::string_view(text.data(), used).contains('\n')) {
    pollfd waited[] = {{reader.get(), POLLIN, 0}, {interrupt, POLLIN, 0}};
    if (TRY(explained(kernel::poll(waited, kernel::milliseconds_until(end)), asking)) == 0)
      return refuse(fmt::format("{}: no answer in {} s", asking, patience_ms / 1000), ETIMEDOUT);
    if (waited[1].revents != 0) return refuse(fmt::format("{}: interrupted", asking), EINTR);
    const auto n = TRY(explained(kernel::read(reader.get(), std::span(text).subspan(used)), asking));
    if (n == 0) break;
    used += n;
  }
  std::string_view all(text.data(), used);
  return std::string(spec::cut(all, '\n'));
}

/// pasta of 2023 ends where SIGPIPE is ignored, as Podman has it.
Outcome<std::string> ask_version(const std::string& path, int interrupt) {
  const char* const argv[] = {"pasta", "--version", nullptr};
  const char* const envp[] = {nullptr};
  const auto asking = fmt::format("--network relay: asking {} for its version", path);
  auto pipe = TRY(explained(kernel::pipe(), asking));
  const auto nowhere = TRY(explained(kernel::openat(kernel::cwd, "/dev/null", O_RDWR), asking));
  const auto started = TRY(explained(
      kernel::spawn({path.c_str(), argv, envp, nowhere.get(), pipe.writer.get(), nowhere.get(), true, true}),
      asking));
  pipe.writer = {};
  auto line = first_line(pipe.reader, interrupt, asking);
  (void)kernel::signal_group(started.pid, SIGKILL);  // a script may have started others; or it has ended
  TRY(explained(kernel::wait(started.process), asking));
  return line;
}

/// "20261002" or "2026_10_02" at the beginning.
std::optional<int> date_at(std::string_view text) {
  int date = 0, digits = 0;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      date = 10 * date + (c - '0');
      if (++digits == 8) return date;
    } else if (c != '_' || (digits != 4 && digits != 6)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

kernel::Result<> check_tun() { return kernel::faccessat(kernel::cwd, tun_device, R_OK | W_OK); }

int date_of(std::string_view version) {
  for (; !version.empty(); version.remove_prefix(1))
    if (version.starts_with("20"))
      if (const auto date = date_at(version)) return *date;
  return 0;
}

Outcome<Program> find_program(int interrupt) {
  Program program{TRY(find()), {}, 0};
  const auto line = TRY(ask_version(program.path, interrupt));
  const auto name = std::string_view(line).find(' ');
  if (name == line.npos || !(line.starts_with("pasta ") || line.starts_with("passt ")))
    return refuse(fmt::format("--network relay: {}: not pasta: asked for its version it says \"{}\"",
                              program.path, line),
                  EPROTO);
  program.version = line.substr(name + 1);
  program.date = date_of(program.version);
  return program;
}

}  // namespace lodger::netmode::relay
