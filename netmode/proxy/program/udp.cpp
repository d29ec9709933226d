#include "netmode/proxy/program/udp.hpp"

#include "netmode/proxy/program/destination.hpp"
#include "netmode/proxy/program/tags.hpp"

namespace lodger::netmode::proxy {
namespace {

constexpr std::int64_t ns_in_ms = 1'000'000;

kernel::Result<kernel::Fd<kernel::Socket>> connect_on(const kernel::Endpoint& to) {
  auto socket = TRY(kernel::inet_socket(to.family(), SOCK_DGRAM));
  TRY(kernel::connect(socket, to));
  return socket;
}

}  // namespace

void Udp::begin(const Target& target, std::uint32_t most, std::uint32_t idle_ms, std::uint64_t seed) {
  target_ = target;
  idle_ns_ = idle_ms * ns_in_ms;
  peers_.begin(most, seed);
}

std::uint32_t Udp::peer_of(const Speaker& who, std::int64_t now) {
  if (const auto known = peers_.find(who); known != none) return known;
  if (peers_.full()) peers_.remove(peers_.oldest());  // its descriptor is needed before there is a new one
  const bool v4 = IN6_IS_ADDR_V4MAPPED(&who.client);
  auto socket = connect_on(destination(target_, v4, doors_[who.door].container_port));
  if (!socket) return none;
  const int fd = socket->get();
  const auto number = peers_.add(who, std::move(*socket), now);
  if (kernel::watch(loop_, fd, EPOLLIN, packed(Source::peer, number))) return number;
  peers_.remove(number);
  return none;
}

/// Neighbours of one sender, which a burst is made of, go on together.
void Udp::from_clients(std::uint32_t door, std::int64_t now) {
  const auto came = batch_.receive(doors_[door].socket.get());
  for (unsigned first = 0, last = 0; first < came; first = last) {
    const auto who = batch_.speaker(first, door);
    for (last = first + 1; last < came && batch_.speaker(last, door) == who;) ++last;
    const auto number = peer_of(who, now);
    if (number == none) continue;
    peers_.touch(number, now);
    batch_.send(peers_[number].socket.get(), first, last);
  }
}

bool Udp::from_container(std::uint32_t number, std::int64_t now) {
  if (!peers_.has(number)) return false;
  const auto came = batch_.receive(peers_[number].socket.get());
  if (came == 0) return false;
  peers_.touch(number, now);
  const auto& who = peers_[number].speaker;
  const auto& door = doors_[who.door];
  batch_.send_to(door.socket.get(), came, who, door.reach == Reach::v4 ? AF_INET : AF_INET6);
  return true;
}

long Udp::forget_idle(std::int64_t now) {
  for (auto oldest = peers_.oldest(); oldest != none; oldest = peers_.oldest()) {
    const auto left = peers_[oldest].heard_ns + idle_ns_ - now;
    if (left > 0) return static_cast<long>(left / ns_in_ms + 1);
    peers_.remove(oldest);
  }
  return -1;
}

void Udp::say_last_words(std::int64_t now) {
  for (auto each = peers_.oldest(); each != none; each = peers_.oldest()) {
    while (from_container(each, now)) continue;  // who could add to it has ended
    peers_.remove(each);
  }
}

}  // namespace lodger::netmode::proxy
