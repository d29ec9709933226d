// How many of the places each client has. Who asks is answered without a search: clients stand in lists of
// those who have the same number.
#pragma once
#include <netinet/in.h>

#include "netmode/proxy/program/limits.hpp"
#include "netmode/proxy/program/slab.hpp"

namespace lodger::netmode::proxy {

/// For static storage: tables.
class Shares {
 public:
  /// `seed`: random, as for address_hash.hpp.
  void begin(std::uint64_t seed) { seed_ = seed; }
  void add(std::uint32_t flow, const in6_addr& client);
  void remove(std::uint32_t flow);

  std::uint32_t of(const in6_addr& client) const;
  /// Of whoever has the most; 0: nobody has any.
  std::uint32_t most() const { return most_; }
  /// Of one who has the most, the flow that came last.
  std::uint32_t last_of_most() const { return clients_[alike_[most_]].last; }
  /// Who has it.
  const in6_addr& client_of(std::uint32_t flow) const { return clients_[flows_[flow].client].address; }

 private:
  struct Client {
    in6_addr address;
    std::uint32_t count = 0;
    std::uint32_t last = none;                  // its flows
    std::uint32_t next = none;                  // of the same hash
    std::uint32_t before = none, after = none;  // of those who have as many
  };
  struct Place {
    std::uint32_t client, earlier, later;
  };

  std::uint32_t place(const in6_addr& client) const;
  std::uint32_t find(const in6_addr& client) const;
  /// Takes it from its list and puts it into that of those who have `count`.
  void recount(std::uint32_t number, std::uint32_t count);

  static constexpr std::uint32_t places = 2 * most_flows;
  static_assert((places & (places - 1)) == 0);

  Slab<Client, flow_slots> clients_;
  std::uint32_t first_[places];          // of each hash
  std::uint32_t alike_[flow_slots + 1];  // the first of those who have so many
  Place flows_[flow_slots + 1];
  std::uint32_t most_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace lodger::netmode::proxy
