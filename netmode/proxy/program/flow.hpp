// One TCP connection: two sockets, and a way in each direction.
#pragma once
#include <cstdint>

#include "kernel/inet.hpp"
#include "netmode/proxy/program/pipes.hpp"
#include "netmode/proxy/program/slab.hpp"

namespace lodger::netmode::proxy {

enum Side : unsigned { client, server };  // who connected to us; whom we connected to: the container
constexpr Side other(Side side) { return side == client ? server : client; }

/// What comes from one side and goes to the other.
struct Way {
  kernel::Pipe pipe;
  std::uint32_t held = 0;  // bytes in the pipe
  bool ended = false;      // its source has said that no more comes
  bool finished = false;   // and so have we, behind the last byte
  bool broken = false;     // a side is gone: told once, after which the kernel says "end"
};

struct Flow {
  Flow(kernel::Fd<kernel::Socket> from, kernel::Fd<kernel::Socket> to)
      : ends{std::move(from), std::move(to)} {}

  kernel::Fd<kernel::Socket> ends[2];
  Way ways[2];                // by where they come from
  std::uint32_t next = none;  // in a queue
  bool queued = false, connecting = true, over = false;
};

/// How a way stands once it has been moved along.
enum class Moved : std::uint8_t {
  waiting,   // for its source or for its sink: an event will tell
  more,      // there is more at hand; others have their turn first
  starved,   // no pipe can be had
  finished,  // it has come to its end
  broken,    // one of the sides is gone
};

/// Moves what can be moved at once, at most `most` bytes.
Moved move(Flow& flow, Side from, Pipes& pipes, std::uint64_t most);

}  // namespace lodger::netmode::proxy
