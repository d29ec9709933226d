#include "runtime/container/deliver.hpp"

#include <fmt/core.h>

#include "kernel/file.hpp"
#include "runtime/terminal/console_socket.hpp"

namespace lodger::container {
namespace {

/// A pid file appears whole or not at all: callers wait for it.
Outcome<> write_pid_file(const std::string& path, pid_t pid) {
  const auto doing = fmt::format("--pid-file {}", path);
  const auto slash = path.rfind('/') + 1;  // npos + 1 is 0
  const auto temporary = fmt::format("{}.{}.{}", path.substr(0, slash), path.substr(slash), pid);
  {
    const auto file = TRY(explained(
        kernel::openat(kernel::cwd, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666),
        doing));
    TRY(explained(kernel::write_all(file.get(), std::to_string(pid)), doing));
  }
  return explained(kernel::renameat(kernel::cwd, temporary.c_str(), kernel::cwd, path.c_str()), doing);
}

}  // namespace

Outcome<launch::Streams> streams_for(const Delivery& wanted, const spec::Config& config) {
  if (!wanted.streams || !config.process) return launch::our_streams;
  return wanted.streams(config);
}

Outcome<> deliver(const Delivery& wanted, const launch::Launched& launched) {
  if (!wanted.console_socket.empty()) {
    const auto socket = TRY(terminal::connect_to("--console-socket", wanted.console_socket));
    TRY(terminal::send_fd("--console-socket", socket, launched.terminal.get(), "/dev/ptmx"));
  }
  if (!wanted.pidfd_socket.empty()) {
    const auto socket = TRY(terminal::connect_to("--pidfd-socket", wanted.pidfd_socket));
    TRY(terminal::send_fd("--pidfd-socket", socket, launched.child.process().get(), "pidfd"));
  }
  if (!wanted.pid_file.empty()) TRY(write_pid_file(wanted.pid_file, launched.child.pid()));
  return {};
}

Outcome<> check_terminal(const Delivery& wanted, bool terminal, bool detached) {
  const bool socket = !wanted.console_socket.empty();
  if (terminal && detached && !socket && !wanted.serves_terminal)
    return refuse(
        "process.terminal: a terminal needs --console-socket when the runtime does not stay to serve it");
  if (socket && !(terminal && detached))
    return refuse("--console-socket: only a detached container with process.terminal has a console to send");
  return {};
}

}  // namespace lodger::container
