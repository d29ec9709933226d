#include "netmode/proxy/program/crowd.hpp"

#include <algorithm>

namespace lodger::netmode::proxy {
namespace {

in6_addr network_of(in6_addr client) {
  if (!IN6_IS_ADDR_V4MAPPED(&client)) std::fill(client.s6_addr + 8, client.s6_addr + 16, std::uint8_t{0});
  return client;
}

}  // namespace

void Crowd::add(std::uint32_t flow, const in6_addr& client) {
  networks_.add(flow, network_of(client));
  hosts_.add(flow, client);
}

void Crowd::remove(std::uint32_t flow) {
  networks_.remove(flow);
  hosts_.remove(flow);
}

/// With one more it still has fewer than the other will have: they do not take places from each other in
/// turns.
std::uint32_t Crowd::gives_way_to(const in6_addr& client) const {
  const auto own = network_of(client);
  const auto of_host = hosts_.last_of_most();
  const auto in_network = [&](const in6_addr& network) {
    const auto its = network_of(hosts_.client_of(of_host));
    return IN6_ARE_ADDR_EQUAL(&its, &network);
  };
  if (networks_.of(own) + 1 < networks_.most()) {
    const auto of_network = networks_.last_of_most();
    return in_network(networks_.client_of(of_network)) ? of_host : of_network;
  }
  return hosts_.of(client) + 1 < hosts_.most() && in_network(own) ? of_host : none;
}

}  // namespace lodger::netmode::proxy
