// The receiving end of sockets over which a runtime hands out descriptors: unix(7), cmsg(3).
#pragma once
#include <sys/un.h>

#include <chrono>
#include <string>
#include <vector>

#include "descriptor.hpp"

namespace support {

/// Whether there is something to read, or to accept, within the limit.
bool readable(int fd, std::chrono::milliseconds limit);

/// Throws std::system_error for a path that is too long.
sockaddr_un socket_address(const std::string& path);

/// A stream socket that listens at a path. The destructor removes the path.
class Listener {
 public:
  /// Throws std::system_error.
  explicit Listener(std::string path);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  const std::string& path() const { return path_; }
  int fd() const { return socket_.get(); }
  /// The next connection, none where none comes within the limit.
  Descriptor connection(std::chrono::milliseconds limit) const;

 private:
  std::string path_;
  Descriptor socket_;
};

/// What one recvmsg(2) brought.
struct Message {
  ssize_t answer = -1;  // recvmsg's own; 0: the other side has closed the connection
  std::string text;
  std::vector<Descriptor> descriptors;
};
Message receive(int connection);

}  // namespace support
