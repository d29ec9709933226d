#include "runtime/terminal/console_socket.hpp"

#include <fmt/core.h>

namespace lodger::terminal {
namespace {

constexpr long patience = 5;  // s; a listener that is alive takes it at once, by its backlog

}  // namespace

Outcome<kernel::Fd<kernel::Socket>> connect_to(const char* option, const std::string& path) {
  const auto doing = fmt::format("{} {}", option, path);
  const auto file = TRY(explained(kernel::openat<kernel::Path>(kernel::cwd, path.c_str(), O_PATH), doing));
  auto socket = TRY(explained(kernel::unix_socket(SOCK_STREAM), doing));
  // By the descriptor's number: sun_path has room for 107 characters, paths of engines are longer.
  const auto name = fmt::format("/proc/self/fd/{}", file.get());
  const auto address = TRY(explained(kernel::unix_address(name.c_str()), doing));
  TRY(explained(kernel::limit_sending(socket, patience), doing));
  const auto connected = kernel::connect(socket, address);
  if (!connected && connected.error().code == EAGAIN)
    return refuse(fmt::format("{}: nobody accepted the connection within {} s", doing, patience), EAGAIN);
  TRY(explained(connected, doing));
  return socket;
}

Outcome<> send_fd(const char* option, const kernel::Fd<kernel::Socket>& socket, int fd,
                  std::string_view name) {
  return explained(kernel::send(socket.get(), name, {&fd, 1}), option);
}

}  // namespace lodger::terminal
