// UDP has no connections: a client is whoever sends from one address and port to one of ours, until it has
// been silent for a while. Each gets a socket of its own towards the container, so that the container's
// replies find back.
#pragma once
#include "kernel/inet.hpp"
#include "netmode/proxy/program/limits.hpp"
#include "netmode/proxy/program/slab.hpp"

namespace lodger::netmode::proxy {

/// Who speaks to which of our addresses.
struct Speaker {
  std::uint32_t door = none;
  std::uint32_t interface = 0;  // link-local addresses mean nothing without it; 0 for all others
  in6_addr client{}, ours{};    // IPv4's as ::ffff:a.b.c.d
  std::uint16_t port = 0;       // the client's

  friend bool operator==(const Speaker& a, const Speaker& b) {
    return a.door == b.door && a.interface == b.interface && a.port == b.port &&
           IN6_ARE_ADDR_EQUAL(&a.client, &b.client) && IN6_ARE_ADDR_EQUAL(&a.ours, &b.ours);
  }
};

struct Peer {
  Peer(const Speaker& who, kernel::Fd<kernel::Socket> onward) : speaker(who), socket(std::move(onward)) {}

  Speaker speaker;
  kernel::Fd<kernel::Socket> socket;         // connected to the container
  std::int64_t heard_ns = 0;                 // when the last datagram came, from either side
  std::uint32_t newer = none, older = none;  // all of them, by that
  std::uint32_t next = none;                 // of the same hash
};

class Peers {
 public:
  /// `seed`: random, so that nobody can choose clients of one hash.
  void begin(std::uint32_t most, std::uint64_t seed) {
    most_ = most;
    seed_ = seed;
  }
  std::uint32_t find(const Speaker& who) const;
  /// In place of the one that has been silent for longest, where the table is full.
  std::uint32_t add(const Speaker& who, kernel::Fd<kernel::Socket> socket, std::int64_t now);
  bool full() const { return table_.count() >= most_; }
  /// It has been heard.
  void touch(std::uint32_t number, std::int64_t now);
  void remove(std::uint32_t number);
  /// Whoever has been silent for longest; `none`: nobody is there.
  std::uint32_t oldest() const { return oldest_; }

  bool has(std::uint32_t number) const { return table_.has(number); }
  Peer& operator[](std::uint32_t number) { return table_[number]; }
  std::uint32_t count() const { return table_.count(); }

 private:
  std::uint32_t place(const Speaker& who) const;
  void link(std::uint32_t number);
  void unlink(std::uint32_t number);

  static constexpr std::uint32_t places = 2 * most_peers;
  static_assert((places & (places - 1)) == 0);

  Slab<Peer, most_peers> table_;
  std::uint32_t first_[places];  // of each hash
  std::uint32_t newest_ = none, oldest_ = none, most_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace lodger::netmode::proxy
