// The receiving end of config-linux.md's `listenerPath`: a seccomp agent that is asked about one call.
#pragma once
#include <string>
#include <vector>

namespace conformance {

class SeccompAgent {
 public:
  /// Listens at `path`; throws std::system_error.
  explicit SeccompAgent(const std::string& path);
  ~SeccompAgent();
  SeccompAgent(const SeccompAgent&) = delete;
  SeccompAgent& operator=(const SeccompAgent&) = delete;

  /// What one connection brought.
  struct Message {
    std::string text;
    std::vector<std::size_t> descriptors;  // how many came with each recvmsg(2)
    bool closed = false;                   // the runtime closed the connection after it
  };
  /// Takes the next connection to its end; nothing where none comes. Never waits long.
  Message take();
  /// Waits for a call and has it fail with `error`; the number of the call, or -1 where none came.
  int answer(int error);

 private:
  int socket_ = -1, filter_ = -1;
};

}  // namespace conformance
