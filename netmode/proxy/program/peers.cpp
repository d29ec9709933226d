#include "netmode/proxy/program/peers.hpp"

#include <cstring>

namespace lodger::netmode::proxy {
namespace {

/// The product's two halves, mixed: every bit of the result depends on every bit of both.
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15U) * (b ^ 0xbf58476d1ce4e5b9U);
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

struct Halves {
  std::uint64_t high, low;
};
Halves halves(const in6_addr& address) {
  Halves out;
  std::memcpy(&out, &address, sizeof out);
  return out;
}

}  // namespace

std::uint32_t Peers::place(const Speaker& who) const {
  const auto client = halves(who.client), ours = halves(who.ours);
  auto hash = mixed(seed_ ^ who.door, std::uint64_t{who.interface} << 16 | who.port);
  hash = mixed(hash ^ client.high, seed_ ^ client.low);
  hash = mixed(hash ^ ours.high, seed_ ^ ours.low);
  return static_cast<std::uint32_t>(hash) & (places - 1);
}

std::uint32_t Peers::find(const Speaker& who) const {
  auto number = first_[place(who)];
  while (number != none && !(table_[number].speaker == who)) number = table_[number].next;
  return number;
}

std::uint32_t Peers::add(const Speaker& who, kernel::Fd<kernel::Socket> socket, std::int64_t now) {
  if (full()) remove(oldest_);
  const auto number = table_.add(who, std::move(socket));
  auto& first = first_[place(who)];
  table_[number].next = std::exchange(first, number);
  table_[number].heard_ns = now;
  link(number);
  return number;
}

void Peers::touch(std::uint32_t number, std::int64_t now) {
  table_[number].heard_ns = now;
  if (number == newest_) return;
  unlink(number);
  link(number);
}

void Peers::remove(std::uint32_t number) {
  auto* at = &first_[place(table_[number].speaker)];
  while (*at != number) at = &table_[*at].next;
  *at = table_[number].next;
  unlink(number);
  table_.remove(number);
}

/// As the newest.
void Peers::link(std::uint32_t number) {
  Peer& peer = table_[number];
  peer.newer = none;
  peer.older = newest_;
  (newest_ == none ? oldest_ : table_[newest_].newer) = number;
  newest_ = number;
}

void Peers::unlink(std::uint32_t number) {
  const Peer& peer = table_[number];
  (peer.newer == none ? newest_ : table_[peer.newer].older) = peer.older;
  (peer.older == none ? oldest_ : table_[peer.older].newer) = peer.newer;
}

}  // namespace lodger::netmode::proxy
