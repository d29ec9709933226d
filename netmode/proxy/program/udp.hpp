// All UDP clients.
#pragma once
#include "kernel/epoll.hpp"
#include "netmode/proxy/program/datagrams.hpp"
#include "netmode/proxy/program/doors.hpp"

namespace lodger::netmode::proxy {

class Udp {
 public:
  Udp(const kernel::Fd<kernel::Watch>& loop, const Doors& doors) : loop_(loop), doors_(doors) {}

  void begin(const Target& target, std::uint32_t most, std::uint32_t idle_ms, std::uint64_t seed);
  /// Datagrams wait at a door.
  void from_clients(std::uint32_t door, std::int64_t now);
  /// A client's socket has replies.
  /// Whether there were any.
  bool from_container(std::uint32_t peer, std::int64_t now);
  /// Forgets those who have been silent for too long. How long until the next may be: milliseconds, -1 for
  /// ever.
  long forget_idle(std::int64_t now);
  /// Whatever the container has said goes to the clients, who are forgotten then.
  void say_last_words(std::int64_t now);

 private:
  std::uint32_t peer_of(const Speaker& who, std::int64_t now);

  const kernel::Fd<kernel::Watch>& loop_;
  const Doors& doors_;
  Target target_;
  std::int64_t idle_ns_ = 0;
  Peers peers_;
  Datagrams batch_;
};

}  // namespace lodger::netmode::proxy
