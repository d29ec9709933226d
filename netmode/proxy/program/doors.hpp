// The sockets that are bound to the host's ports.
#pragma once
#include <span>

#include "kernel/epoll.hpp"
#include "kernel/inet.hpp"
#include "netmode/proxy/program/limits.hpp"
#include "netmode/proxy/program/slab.hpp"
#include "netmode/proxy/protocol.hpp"

namespace lodger::netmode::proxy {

struct Door {
  kernel::Fd<kernel::Socket> socket;
  std::uint16_t container_port;
  Protocol protocol;
  Reach reach;
};

/// Where a row stuck.
struct Stuck {
  kernel::Error error;
  std::uint16_t port;
};

class Doors {
 public:
  /// Opens a row's sockets, and tells each port that was left open to `chosen`.
  template <class Chosen>
  std::expected<void, Stuck> open(const Row& row, Chosen chosen) {
    for (std::uint32_t i = 0; i < length(row.container); ++i) {
      const auto port = open_one(row, i);
      if (!port) return std::unexpected(port.error());
      if (leaves_choice(row)) chosen(*port);
    }
    return {};
  }
  /// UDP's doors are watched by `loop` itself. TCP's have a watch of their own, in it: accepting from
  /// thousands of sockets can be put off at once.
  kernel::Result<> watch(const kernel::Fd<kernel::Watch>& loop);
  void pause(const kernel::Fd<kernel::Watch>& loop);
  void resume(const kernel::Fd<kernel::Watch>& loop);
  bool paused() const { return paused_; }
  void close_all();

  /// The doors at which connections wait; as many as `into` has room for.
  std::span<const epoll_event> waiting(std::span<epoll_event> into) const;
  const Door& operator[](std::uint32_t number) const { return doors_[number]; }
  bool closed() const { return closed_; }

 private:
  std::expected<std::uint16_t, Stuck> open_one(const Row& row, std::uint32_t i);

  Slab<Door, most_doors> doors_;
  kernel::Fd<kernel::Watch> watch_;
  bool paused_ = false, closed_ = false;
};

}  // namespace lodger::netmode::proxy
