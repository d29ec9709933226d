#include "netmode/bridge/client/session.hpp"

#include <linux/netlink.h>

#include "netmode/bridge/client/transaction.hpp"

namespace lodger::netmode::bridge {

Outcome<Session> Session::open(Tables tables) {
  Session session{TRY(Netlink::open(NETLINK_ROUTE, "speaking to the kernel about devices")), std::nullopt,
                  tables};
  auto netfilter = Netlink::open(NETLINK_NETFILTER, "speaking to the kernel about nf_tables");
  // netlink(7): nobody has registered for the protocol, and there is no module that would.
  const bool none = !netfilter && netfilter.error().code == EPROTONOSUPPORT;
  if (none && tables == Tables::needed)
    return refuse("--network bridge: " + no_tables().error().text, EPROTONOSUPPORT);
  if (!none) session.netfilter = TRY(std::move(netfilter));
  return session;
}

}  // namespace lodger::netmode::bridge
