// Events are edge-triggered: an event comes once, when a side becomes readable or writable, and never again
// until that has been used up. So a way is moved until the kernel says EAGAIN, and it matters of whom:
//
//   - reading into a pipe that was empty: the source has nothing. The next event of the source goes on here.
//   - reading into a pipe with bytes in it: perhaps the pipe is full. Nothing is known of the source.
//   - writing: the sink has no room. The next event of the sink goes on here, and then reads the source
//   again.
//
// A way therefore stops either with its pipe empty and the source dry, or with bytes in the pipe and the sink
// full, and never with both unknown. This is the whole of back-pressure: a sink that does not read fills its
// socket and one pipe, after which its source is not read any more, fills up, and its sender stops.
#include "netmode/proxy/program/flow.hpp"

namespace lodger::netmode::proxy {
namespace {

constexpr std::size_t at_once = std::size_t{1} << 20;

enum class Step : std::uint8_t { some, nothing, end, broken };

Step take_in(Flow& flow, Side from) {
  Way& way = flow.ways[from];
  const auto came = kernel::splice(flow.ends[from].get(), way.pipe.writer.get(), at_once);
  if (!came) return came.error().code == EAGAIN ? Step::nothing : Step::broken;
  way.held += static_cast<std::uint32_t>(*came);
  return *came == 0 ? Step::end : Step::some;
}

Step give_out(Flow& flow, Side from) {
  Way& way = flow.ways[from];
  const auto went = kernel::splice(way.pipe.reader.get(), flow.ends[other(from)].get(), way.held);
  if (!went) return went.error().code == EAGAIN ? Step::nothing : Step::broken;
  way.held -= static_cast<std::uint32_t>(*went);
  return Step::some;
}

/// shutdown(2) fails where the sink is gone.
Moved finish(Flow& flow, Side from) {
  flow.ways[from].finished = kernel::shutdown(flow.ends[other(from)].get(), SHUT_WR).has_value();
  return flow.ways[from].finished ? Moved::finished : Moved::broken;
}

Moved carry(Flow& flow, Side from, std::uint64_t most) {
  Way& way = flow.ways[from];
  for (std::uint64_t moved = 0; moved < most;) {
    const bool was_empty = way.held == 0;
    const Step in = way.ended ? Step::end : take_in(flow, from);
    way.ended = in == Step::end;
    const auto before = way.held;
    const Step out = way.held == 0 ? Step::some : give_out(flow, from);
    moved += before - way.held;
    if (in == Step::broken || out == Step::broken) return Moved::broken;
    if (out == Step::nothing) return Moved::waiting;
    if (way.ended && way.held == 0) return finish(flow, from);
    if (in == Step::nothing && was_empty) return Moved::waiting;
  }
  return Moved::more;
}

}  // namespace

Moved move(Flow& flow, Side from, Pipes& pipes, std::uint64_t most) {
  Way& way = flow.ways[from];
  if (way.finished) return Moved::finished;
  if (way.broken) return Moved::broken;
  if (!way.pipe.reader) {
    auto pipe = pipes.take();
    if (!pipe) return Moved::starved;
    way.pipe = std::move(*pipe);
  }
  const auto moved = carry(flow, from, most);
  way.broken = moved == Moved::broken;
  if (way.held == 0) pipes.give(std::exchange(way.pipe, {}));
  return moved;
}

}  // namespace lodger::netmode::proxy
