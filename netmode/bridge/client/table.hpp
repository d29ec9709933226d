// The table "inet lodger": what in it never changes.
//
// Its rules are the same for all networks and containers; what differs stands in its sets and maps:
//   bridges             the devices of our networks
//   inside              iifname . oifname of traffic that stays in one network
//   subnets4, subnets6  the addresses of our networks
//   opened4, opened6    devices of the host that forward for our sake alone
//   ranges4, ranges6    address . protocol . port, from and to -> the container's address; the port stays
//   singles4, singles6  address . protocol . port -> the container's address and port. A hash, since
//                       thousands of intervals take seconds; 0.0.0.0 and :: stand for all addresses
#pragma once
#include "netmode/bridge/client/netlink.hpp"

namespace lodger::netmode::bridge {

/// Whether the table is there, as this version makes it.
Outcome<bool> has_table(Netlink& netfilter);
/// Makes the table, its sets and chains where they are missing, and writes all rules anew.
void make_table(Batch& transaction);
/// Removes it with all that is in it.
void remove_table(Batch& transaction);

}  // namespace lodger::netmode::bridge
