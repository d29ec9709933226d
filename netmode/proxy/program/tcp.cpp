#include "netmode/proxy/program/tcp.hpp"

#include <limits>

namespace lodger::netmode::proxy {
namespace {

constexpr std::uint64_t turn = std::uint64_t{1} << 20;  // bytes in one way before others have theirs
constexpr std::uint64_t all_there_is = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t everything = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

/// The same for the container's side as its doors have it for the client's.
kernel::Result<kernel::Fd<kernel::Socket>> connect_on(const kernel::Endpoint& to) {
  auto socket = TRY(kernel::inet_socket(to.family(), SOCK_STREAM));
  TRY(kernel::turn_on(socket.get(), IPPROTO_TCP, TCP_NODELAY));
  TRY(kernel::turn_on(socket.get(), SOL_SOCKET, SO_KEEPALIVE));
  TRY(kernel::turn_on(socket.get(), SOL_SOCKET, SO_OOBINLINE));
  const auto begun = kernel::connect(socket, to);
  if (!begun && begun.error().code != EINPROGRESS) return std::unexpected(begun.error());
  return socket;
}

}  // namespace

kernel::Result<> Tcp::begin(kernel::Accepted accepted, const kernel::Endpoint& to) {
  const int from = accepted.socket.get();
  auto onward = connect_on(to);
  if (!onward) {
    (void)kernel::reset_on_close(from);
    return scarce(onward.error().code) ? std::unexpected(onward.error()) : kernel::Result<>{};
  }
  const int on = onward->get();
  const auto number = flows_.add(std::move(accepted.socket), std::move(*onward));
  if (number == none) return std::unexpected(kernel::Error{"table of connections", ENOSPC});
  crowd_.add(number, accepted.peer.as_v6());
  ++count_;
  auto watched = kernel::watch(loop_, from, everything, packed(Source::client, number));
  if (watched) watched = kernel::watch(loop_, on, everything, packed(Source::server, number));
  if (!watched) give_up(number);  // ENOMEM; ENOSPC: more watches than the user may have (epoll(7))
  return watched;
}

bool Tcp::make_place(const kernel::Endpoint& newcomer) {
  const auto number = crowd_.gives_way_to(newcomer.as_v6());
  if (number != none) reset(number);
  return number != none;
}

void Tcp::push(Queue& queue, std::uint32_t number) {
  flows_[number].next = none;
  (queue.last == none ? queue.first : flows_[queue.last].next) = number;
  queue.last = number;
}

std::uint32_t Tcp::pop(Queue& queue) {
  const auto number = queue.first;
  queue.first = flows_[number].next;
  if (queue.first == none) queue.last = none;
  return number;
}

/// Until it is connected, only that and a sudden end are of interest: all else will be seen by moving.
void Tcp::on_event(std::uint32_t number, Side side, std::uint32_t events) {
  Flow& flow = flows_[number];
  if (flow.over) return;
  if (events & EPOLLERR) return give_up(number);
  if (flow.queued) return;
  if (flow.connecting) {
    if (side == client || !(events & EPOLLOUT)) return;
    flow.connecting = false;
    return drive(number, {true, true});
  }
  const bool readable = events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP);
  const bool wanted = events & EPOLLOUT && flow.ways[other(side)].held > 0;
  drive(number, {side == client ? readable : wanted, side == server ? readable : wanted});
}

bool Tcp::is_done(const Flow& flow) const {
  return flow.ways[server].finished && (flow.ways[client].finished || last_words_);
}

void Tcp::drive(std::uint32_t number, Sides from) {
  Flow& flow = flows_[number];
  const Moved there = from.client ? move(flow, client, pipes_, turn) : Moved::waiting;
  const Moved back = from.server ? move(flow, server, pipes_, turn) : Moved::waiting;
  if (is_done(flow)) return close(number);
  if (there == Moved::broken || back == Moved::broken) return give_up(number);
  const bool more = there == Moved::more || back == Moved::more;
  const bool starved = there == Moved::starved || back == Moved::starved;
  if (!more && !starved) return;
  flow.queued = true;
  push(more ? work_ : starved_, number);
}

void Tcp::work() {
  const auto last = work_.last;
  for (std::uint32_t number = none; has_work() && number != last;) {
    number = pop(work_);
    flows_[number].queued = false;
    if (flows_[number].over)
      push(over_, number);
    else
      drive(number, {true, true});
  }
}

void Tcp::feed() {
  while (starving()) push(work_, pop(starved_));
}

/// One side is gone. What it said before is delivered as far as there is room; then the other learns of it:
/// by a reset, unless everything has been said.
void Tcp::give_up(std::uint32_t number) {
  Flow& flow = flows_[number];
  if (!flow.connecting) {
    for (const Side from : {client, server}) (void)move(flow, from, pipes_, all_there_is);
  }
  reset(number);
}

/// At once: where both ends live, there may always be more to move.
void Tcp::reset(std::uint32_t number) {
  Flow& flow = flows_[number];
  for (const Side side : {client, server})
    if (!flow.ways[other(side)].finished) (void)kernel::reset_on_close(flow.ends[side].get());
  close(number);
}

void Tcp::close(std::uint32_t number) {
  Flow& flow = flows_[number];
  flow.over = true;
  crowd_.remove(number);
  --count_;
  for (const Side side : {client, server}) {
    flow.ends[side] = {};
    flow.ways[side].pipe = {};
  }
  if (!flow.queued) push(over_, number);
}

/// What the container has said or closed and we have not seen yet comes with events.
void Tcp::say_last_words() {
  last_words_ = true;
  flows_.each([&](std::uint32_t number) {
    if (!flows_[number].over && is_done(flows_[number])) close(number);
  });
}

void Tcp::bury() {
  while (over_.first != none) flows_.remove(pop(over_));
}

}  // namespace lodger::netmode::proxy
