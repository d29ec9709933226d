// Both ends of terminals: a pair of our own, and the socket on which a runtime hands out a container's.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <string>

#include "tests/support/unix_socket.hpp"

namespace lodger::test {

/// A pseudo-terminal pair of a given size; master() is ours, slave() is for the program.
class Terminal {
 public:
  Terminal(unsigned short rows, unsigned short columns);
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();
  int master() const { return master_; }
  int slave() const { return slave_; }
  void resize(unsigned short rows, unsigned short columns) const;

 private:
  int master_ = -1, slave_ = -1;
};

/// A listening UNIX socket that receives one descriptor (SCM_RIGHTS).
class Receiver {
 public:
  explicit Receiver(const std::string& path) : socket_(path) {}
  const std::string& path() const { return socket_.path(); }
  /// The descriptor, which the receiver keeps and closes.
  int descriptor();

 private:
  support::Listener socket_;
  support::Descriptor received_;
};

void write_all(int fd, const std::string& text);
/// Reads until `text` came, or the end; fails the test after ten seconds.
std::string read_until(int fd, const std::string& text);
/// Reads until the other side closes (EIO on a terminal), or nothing comes for `quiet`.
std::string read_rest(int fd, std::chrono::milliseconds quiet = std::chrono::seconds(3));

}  // namespace lodger::test
