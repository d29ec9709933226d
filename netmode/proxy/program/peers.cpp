#include "netmode/proxy/program/peers.hpp"

#include "netmode/proxy/program/address_hash.hpp"

namespace lodger::netmode::proxy {

std::uint32_t Peers::place(const Speaker& who) const {
  auto hash = mixed(seed_ ^ who.door, std::uint64_t{who.interface} << 16 | who.port);
  hash = mixed(mixed(hash, who.client, seed_), who.ours, seed_);
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
