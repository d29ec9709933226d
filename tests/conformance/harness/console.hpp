// The receiving end of a console socket: runc's `--console-socket PATH`, over which a runtime sends the
// terminal.
#pragma once
#include <string>

namespace conformance {

class ConsoleSocket {
 public:
  /// Listens at `path`; throws std::system_error.
  explicit ConsoleSocket(const std::string& path);
  ~ConsoleSocket();
  ConsoleSocket(const ConsoleSocket&) = delete;
  ConsoleSocket& operator=(const ConsoleSocket&) = delete;

  /// Takes the terminal that a runtime sent; false where none came. Never waits long.
  bool receive();
  /// What came out of the terminal until now, line ends as the terminal makes them.
  std::string output();

 private:
  int socket_ = -1, terminal_ = -1;
  std::string text_;
};

}  // namespace conformance
