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
//   - Descriptors are divided beforehand (limits.hpp), at the worst that a connection may need. When all
//     places are taken, a client that has fewer than another gets one of that one's (crowd.cpp). Who has the
//     most waits, for a descriptor each (waiting.hpp), and is reset where as many wait as may.
//   - Where the kernel has no descriptor for us although we should have some (ENFILE, ENOMEM) we stop
//     accepting, look again ten times a second, and do not spin on a socket that stays readable. All of TCP's
//     doors are in an epoll of their own, so that this is one system call.
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
  tcp_.begin(seed_);
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
  serve_waiting();
  epoll_event waiting[64];
  for (const auto& event : doors_.waiting(waiting)) {
    if (doors_.paused()) return;
    accept_at(doors_[unpacked(event.data.u64).number]);
  }
}

void Server::accept_at(const Door& door) {
  for (unsigned i = 0; i < accepts_at_once; ++i) {
    auto accepted = kernel::accept_inet(door.socket.get());
    const auto taken =
        accepted ? take_in({std::move(*accepted), door.container_port}) : std::unexpected(accepted.error());
    if (taken) continue;
    if (taken.error().code == EAGAIN) return;
    if (scarce(taken.error().code)) return put_off();  // else a connection that has ended already: accept(2)
  }
}

/// Nobody is left in the sockets' queues: they tell nobody's address, and behind one that has enough another
/// may stand that has nothing.
kernel::Result<> Server::take_in(Comer comer) {
  if (room() || tcp_.make_place(comer.client.peer)) return serve(std::move(comer));
  if (waiting_.count() < limits_.waiting)
    waiting_.add(std::move(comer));
  else
    (void)kernel::reset_on_close(comer.client.socket.get());
  return {};
}

kernel::Result<> Server::serve(Comer comer) {
  const auto to = destination(target_, comer.client.peer.is_v4(), comer.port);
  return tcp_.begin(std::move(comer.client), to);
}

void Server::serve_waiting() {
  while (waiting_.count() != 0 && room() && !doors_.paused())
    if (const auto served = serve(waiting_.take()); !served && scarce(served.error().code)) put_off();
}

void Server::put_off() {
  doors_.pause(loop_);
  retry_ = now_ + retry_after;
}

void Server::wind_up() {
  (void)kernel::unwatch(loop_, container_.get());
  udp_.say_last_words(now_);  // through the doors
  doors_.close_all();
  tcp_.say_last_words();
  while (waiting_.count() != 0) (void)kernel::reset_on_close(waiting_.take().client.socket.get());
  end_ = now_ + last_words;
}

void Server::after_batch() {
  tcp_.work();
  tcp_.bury();
  if (now_ >= retry_) try_again();
  serve_waiting();
}

void Server::try_again() {
  if (doors_.paused()) doors_.resume(loop_);
  if (doors_.paused() || tcp_.starving()) retry_ = now_ + retry_after;
  tcp_.feed();
}

/// How long nothing has to be done unless something comes; milliseconds, -1: for ever.
int Server::patience() {
  if (tcp_.has_work()) return 0;
  long out = udp_.forget_idle(kernel::monotonic_ns());
  const auto until = [&](std::int64_t moment) {
    const long left = kernel::milliseconds_until(moment);
    out = out < 0 ? left : std::min(out, left);
  };
  if (doors_.paused() || tcp_.starving()) until(retry_);
  if (end_) until(end_);
  return static_cast<int>(out);
}

}  // namespace lodger::netmode::proxy
