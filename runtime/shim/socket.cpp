#include "runtime/shim/socket.hpp"

#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "kernel/file.hpp"

namespace lodger::shim {
namespace {

using Socket = kernel::Fd<kernel::Socket>;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// One that is bound and does not listen yet is not dead: whoever makes or removes one holds this.
kernel::Result<kernel::Fd<kernel::Path>> lock(const std::string& folder) {
  auto locked = TRY(kernel::openat<kernel::Path>(kernel::cwd, folder.c_str(), O_RDONLY | O_DIRECTORY));
  TRY(kernel::flock(locked.get(), LOCK_EX));
  return locked;
}

/// With the rights of its owner alone, also while it is being made: bind(2) takes the umask.
Outcome<kernel::Fd<kernel::Socket>> listen_at(const sockaddr_un& address, const std::string& path) {
  constexpr int backlog = 128;
  const auto doing = fmt::format("listening at {}", path);
  auto socket = TRY(explained(kernel::unix_socket(SOCK_STREAM | SOCK_NONBLOCK), doing));
  const auto mask = ::umask(0177);
  const auto bound = kernel::bind(socket, address);
  ::umask(mask);
  TRY(explained(bound, doing));
  TRY(explained(kernel::listen(socket, backlog), doing));
  return socket;
}

/// Whether nobody listens there, what a dead one has left being removed. Under the lock.
Outcome<bool> is_free(const std::string& path) {
  const auto socket = connect_to(path);
  if (socket || socket.error().code == EAGAIN) return false;
  if (socket.error().code == ENOENT) return true;
  if (socket.error().code != ECONNREFUSED)
    return std::unexpected(explain(fmt::format("connecting to the shim at {}", path), socket.error()));
  TRY(explained(kernel::unlinkat(kernel::cwd, path.c_str()), path));
  return true;
}

}  // namespace

kernel::Result<Socket> connect_to(const std::string& path) {
  const auto address = TRY(kernel::unix_address(path.c_str()));
  auto socket = TRY(kernel::unix_socket(SOCK_STREAM | SOCK_NONBLOCK));
  TRY(kernel::connect(socket, address));
  return socket;
}

Outcome<Socket> take_socket(const std::string& path) {
  const auto folder = folder_of(path);
  if (const auto made = kernel::mkdirat(kernel::cwd, folder.c_str(), 0700);
      !made && made.error().code != EEXIST)
    return std::unexpected(explain(folder, made.error()));
  const auto locked = TRY(explained(lock(folder), folder));
  const auto address = TRY(explained(kernel::unix_address(path.c_str()), path));
  auto socket = listen_at(address, path);
  if (socket || socket.error().code != EADDRINUSE) return socket;
  if (!TRY(is_free(path))) return Socket();
  return listen_at(address, path);
}

Outcome<> remove_dead_socket(const std::string& path) {
  const auto folder = folder_of(path);
  const auto locked = lock(folder);
  if (!locked && locked.error().code == ENOENT) return {};  // nor is there a socket in it
  if (!locked) return std::unexpected(explain(folder, locked.error()));
  TRY(is_free(path));
  return {};
}

}  // namespace lodger::shim
