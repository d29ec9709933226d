// All TCP connections.
#pragma once
#include "kernel/epoll.hpp"
#include "netmode/proxy/program/crowd.hpp"
#include "netmode/proxy/program/flow.hpp"
#include "netmode/proxy/program/limits.hpp"
#include "netmode/proxy/program/tags.hpp"

namespace lodger::netmode::proxy {

class Tcp {
 public:
  explicit Tcp(const kernel::Fd<kernel::Watch>& loop) : loop_(loop) {}

  /// `seed`: random.
  void begin(std::uint64_t seed) { crowd_.begin(seed); }
  /// Connects a client on; one that cannot be connected is reset. An error is a lack of descriptors or
  /// memory.
  kernel::Result<> begin(kernel::Accepted accepted, const kernel::Endpoint& to);
  /// Makes a place for this client by giving one up of a client that has more; false where none has.
  bool make_place(const kernel::Endpoint& newcomer);
  void on_event(std::uint32_t number, Side side, std::uint32_t events);
  /// Connections that have more to do than one turn.
  bool has_work() const { return work_.first != none; }
  void work();
  /// Connections that wait for a pipe.
  bool starving() const { return starved_.first != none; }
  void feed();
  /// The numbers of those that are over may be used again; to be called behind the last event of a batch,
  /// which may hold events of theirs.
  void bury();

  /// The container has ended: what it said is still delivered, and nothing else.
  void say_last_words();

  /// Those that are not over.
  std::uint32_t count() const { return count_; }

 private:
  /// Flows in order, linked by their numbers.
  struct Queue {
    std::uint32_t first = none, last = none;
  };
  void push(Queue& queue, std::uint32_t number);
  std::uint32_t pop(Queue& queue);

  struct Sides {
    bool client, server;
  };
  void drive(std::uint32_t number, Sides from);
  void give_up(std::uint32_t number);
  void reset(std::uint32_t number);
  void close(std::uint32_t number);
  bool is_done(const Flow& flow) const;

  const kernel::Fd<kernel::Watch>& loop_;
  Slab<Flow, flow_slots> flows_;
  Crowd crowd_;
  std::uint32_t count_ = 0;
  Pipes pipes_;
  Queue work_, starved_, over_;
  bool last_words_ = false;
};

}  // namespace lodger::netmode::proxy
