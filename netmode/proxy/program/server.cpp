// Theory of operation.
//
// One process, one thread, one epoll. Nothing here waits but epoll_pwait(2), and nothing allocates:
// connections, UDP clients and ports have places in tables of a fixed size (slab.hpp), and bytes of TCP are
// never in our memory at all. What a client can do to others is bounded by turns:
//
//   - A connection is a pair of sockets, watched edge-triggered, so that it costs two epoll_ctl(2) in its
//   life; flow.cpp
//     has the rules of that. It moves at most 1 MiB at a time in each way. What is left to do goes to the end
//     of a queue, and the next look at events does not wait while there is one.
//   - Bytes pass through a pipe by splice(2). A pipe is taken where bytes come and given back when it is
//   empty: only ways
//     whose sink is full keep one.
//   - Descriptors are divided beforehand (limits.hpp), at the worst that a connection may need. At the limit
//   we stop
//     accepting, which leaves clients in the sockets' queues, until a connection ends. The same where the
//     kernel has none for us although we should have some (ENFILE, ENOMEM): then we look again ten times a
//     second, and do not spin on a socket that stays readable. All of TCP's doors are in an epoll of their
//     own, so that this is one system call.
//   - A half-closed connection is passed on as such: the end of one way closes the other socket for writing,
//   behind the
//     last byte. A reset, and a connect that fails, become a reset.
//   - A UDP client has a socket towards the container, found by a hash table, forgotten when it has been
//   silent for 90
//     seconds, or when the table is full and it has been silent for longest. Datagrams go in batches of 16.
//     Doors and clients are watched level-triggered: one batch, and then the next has its turn.
//
// When the container ends its ports are closed at once, since its address may soon be another's. What it had
// said is still carried to the clients, for two seconds at most.
//
// What it can do to the host, should a client find a hole: a user of its own, no capability, no new
// privileges, a system call filter without files, processes or signals (confine.cpp). It can talk to the
// network, as its work is.
#include "netmode/proxy/program/server.hpp"

#include <sys/resource.h>

#include "kernel/credentials.hpp"
#include "kernel/socket.hpp"
#include "kernel/time.hpp"
#include "netmode/proxy/program/destination.hpp"

namespace lodger::netmode::proxy {
namespace {

constexpr std::int64_t retry_after = 100'000'000;   // ns
constexpr std::int64_t last_words = 2'000'000'000;  // ns
constexpr unsigned accepts_at_once = 16;            // of one door

}  // namespace

kernel::Result<bool> Server::make_room(std::uint32_t tcp, std::uint32_t udp, std::uint64_t& limit) {
  const auto needed = descriptors(tcp, udp, fewest), wanted = descriptors(tcp, udp, desired);
  const auto now = TRY(kernel::limit(RLIMIT_NOFILE));
  limit = now.hard;
  // Beyond the hard limit, by CAP_SYS_RESOURCE, up to the fs.nr_open of this kernel; or not.
  if (wanted > now.hard && kernel::set_limit(RLIMIT_NOFILE, {wanted, wanted}))
    limit = wanted;
  else
    TRY(kernel::set_limit(RLIMIT_NOFILE, {now.hard, now.hard}));
  limits_ = divide(limit, tcp, udp);
  return limit >= needed;
}

kernel::Result<> Server::prepare() {
  TRY(kernel::call("getrandom", __NR_getrandom, &seed_, sizeof seed_, 0));
  loop_ = TRY(kernel::epoll());
  return {};
}

kernel::Result<> Server::begin(const Serve& how, kernel::Fd<kernel::Process> container) {
  target_ = how.target;
  container_ = std::move(container);
  udp_.begin(target_, limits_.peers, how.idle_ms, seed_);
  if (container_) TRY(kernel::watch(loop_, container_.get(), EPOLLIN, packed(Source::container)));
  return doors_.watch(loop_);
}

kernel::Result<> Server::run(kernel::Fd<kernel::Socket> lodger) {
  lodger_ = std::move(lodger);
  if (lodger_) TRY(kernel::watch(loop_, lodger_.get(), EPOLLIN, packed(Source::lodger)));
  while (TRY(turn())) continue;
  return {};
}

/// One batch of events; false at the end.
kernel::Result<bool> Server::turn() {
  epoll_event events[128];
  const auto count = TRY(kernel::events(loop_, events, patience()));
  now_ = kernel::monotonic_ns();
  for (const auto& event : std::span(events, count))
    if (!dispatch(event)) return false;
  after_batch();
  return end_ == 0 || (now_ < end_ && tcp_.count() > 0);
}

bool Server::dispatch(const epoll_event& event) {
  const auto [source, number] = unpacked(event.data.u64);
  switch (source) {
    case Source::client: tcp_.on_event(number, client, event.events); return true;
    case Source::server: tcp_.on_event(number, server, event.events); return true;
    case Source::peer: udp_.from_container(number, now_); return true;
    case Source::door: udp_.from_clients(number, now_); return true;
    case Source::doors: accept_all(); return true;
    case Source::container: wind_up(); return true;
    case Source::lodger: return kept();
  }
  __builtin_unreachable();
}

/// False: lodger has ended before it was done.
bool Server::kept() {
  Keep message;
  const auto got = kernel::receive(lodger_.get(), {reinterpret_cast<char*>(&message), sizeof message});
  if (!got || got->size != sizeof message || message.verb != Verb::keep) return false;
  (void)kernel::unwatch(loop_, lodger_.get());
  lodger_ = {};
  return true;
}

void Server::accept_all() {
  epoll_event waiting[64];
  for (const auto& event : doors_.waiting(waiting)) {
    if (doors_.paused()) return;
    accept_at(doors_[unpacked(event.data.u64).number]);
  }
}

void Server::accept_at(const Door& door) {
  for (unsigned i = 0; i < accepts_at_once; ++i) {
    if (!room()) return doors_.pause(loop_);
    auto accepted = kernel::accept_inet(door.socket.get());
    if (!accepted && accepted.error().code == EAGAIN) return;
    const bool v4 = accepted && accepted->peer.is_v4();
    const auto begun = accepted
                           ? tcp_.begin(std::move(*accepted), destination(target_, v4, door.container_port))
                           : std::unexpected(accepted.error());
    if (begun || !scarce(begun.error().code)) continue;  // accept(2): a connection that has ended already
    doors_.pause(loop_);
    retry_ = now_ + retry_after;
    return;
  }
}

void Server::wind_up() {
  (void)kernel::unwatch(loop_, container_.get());
  udp_.say_last_words(now_);  // through the doors
  doors_.close_all();
  tcp_.say_last_words();
  end_ = now_ + last_words;
}

void Server::after_batch() {
  tcp_.work();
  tcp_.bury();
  if (now_ < retry_) return;
  if (doors_.paused() && room()) doors_.resume(loop_);
  if (doors_.paused()) retry_ = now_ + retry_after;
  if (!tcp_.starving()) return;
  tcp_.feed();
  retry_ = now_ + retry_after;
}

/// How long nothing has to be done unless something comes; milliseconds, -1: for ever.
int Server::patience() {
  if (tcp_.has_work()) return 0;
  long out = udp_.forget_idle(kernel::monotonic_ns());
  const auto until = [&](std::int64_t moment) {
    const long left = kernel::milliseconds_until(moment);
    out = out < 0 ? left : std::min(out, left);
  };
  if ((doors_.paused() && room()) || tcp_.starving()) until(retry_);
  if (end_) until(end_);
  return static_cast<int>(out);
}

}  // namespace lodger::netmode::proxy
