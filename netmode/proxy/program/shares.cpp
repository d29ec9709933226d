#include "netmode/proxy/program/shares.hpp"

#include "netmode/proxy/program/address_hash.hpp"

namespace lodger::netmode::proxy {

std::uint32_t Shares::place(const in6_addr& client) const {
  return static_cast<std::uint32_t>(mixed(seed_, client, seed_)) & (places - 1);
}

std::uint32_t Shares::find(const in6_addr& client) const {
  auto number = first_[place(client)];
  while (number != none && !IN6_ARE_ADDR_EQUAL(&clients_[number].address, &client))
    number = clients_[number].next;
  return number;
}

std::uint32_t Shares::of(const in6_addr& client) const {
  const auto number = find(client);
  return number == none ? 0 : clients_[number].count;
}

void Shares::recount(std::uint32_t number, std::uint32_t count) {
  Client& client = clients_[number];
  if (client.count != 0) {
    (client.before == none ? alike_[client.count] : clients_[client.before].after) = client.after;
    if (client.after != none) clients_[client.after].before = client.before;
  }
  // One more or one less: the next lower number has somebody, this one, or it is 0.
  if (client.count == most_ && alike_[most_] == none) most_ = count;
  if (count > most_) most_ = count;
  client.count = count;
  client.before = none;
  client.after = count == 0 ? none : std::exchange(alike_[count], number);
  if (client.after != none) clients_[client.after].before = number;
}

void Shares::add(std::uint32_t flow, const in6_addr& address) {
  auto number = find(address);
  if (number == none) {
    number = clients_.add(Client{.address = address});
    clients_[number].next = std::exchange(first_[place(address)], number);
  }
  Client& client = clients_[number];
  flows_[flow] = {number, client.last, none};
  if (client.last != none) flows_[client.last].later = flow;
  client.last = flow;
  recount(number, client.count + 1);
}

void Shares::remove(std::uint32_t flow) {
  const auto [number, earlier, later] = flows_[flow];
  Client& client = clients_[number];
  (later == none ? client.last : flows_[later].earlier) = earlier;
  if (earlier != none) flows_[earlier].later = later;
  recount(number, client.count - 1);
  if (client.count != 0) return;
  auto* at = &first_[place(client.address)];
  while (*at != number) at = &clients_[*at].next;
  *at = client.next;
  clients_.remove(number);
}

}  // namespace lodger::netmode::proxy
