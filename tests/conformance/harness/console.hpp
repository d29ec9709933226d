// The receiving end of a console socket: runc's `--console-socket PATH`, over which a runtime sends the
// terminal.
#pragma once
#include <string>

#include "tests/support/unix_socket.hpp"

namespace conformance {

class ConsoleSocket {
 public:
  /// Listens at `path`; throws std::system_error.
  explicit ConsoleSocket(const std::string& path) : socket_(path) {}

  /// Takes the terminal that a runtime sent; false where none came. Never waits long.
  bool receive();
  /// What came out of the terminal until now, line ends as the terminal makes them.
  std::string output();

 private:
  support::Listener socket_;
  support::Descriptor terminal_;
  std::string text_;
};

}  // namespace conformance
