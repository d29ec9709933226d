// The receiving end of config-linux.md's `listenerPath`: a seccomp agent that is asked about one call.
#pragma once
#include <string>
#include <vector>

#include "tests/support/seccomp_agent.hpp"
#include "tests/support/unix_socket.hpp"

namespace conformance {

class SeccompAgent {
 public:
  /// Listens at `path`; throws std::system_error.
  explicit SeccompAgent(const std::string& path) : socket_(path) {}

  /// Takes the next connection to its end; nothing where none comes. Never waits long. The last descriptor of
  /// it is kept here, for answer().
  support::Delivery take();
  /// Waits for a call and has it fail with `error`; the number of the call, or -1 where none came.
  int answer(int error);

 private:
  support::Listener socket_;
  support::Descriptor filter_;
};

}  // namespace conformance
