// What a run of the program has open, and what it knows of nf_tables.
#pragma once
#include <optional>

#include "kernel/helper.hpp"
#include "netmode/bridge/client/netlink.hpp"
#include "netmode/bridge/client/sets.hpp"

namespace lodger::netmode::bridge {

/// The program's sockets, in the host's network namespace, and what one question has learnt for the next.
struct Session {
  Netlink route;
  std::optional<Netlink> netfilter;  // nothing: the kernel has no nf_tables, and they are spared
  Tables tables = Tables::needed;
  std::optional<Standing> seen = std::nullopt;
  static Outcome<Session> open(Tables tables);
};

/// What nf_tables say: nothing on a kernel without, where they are spared.
template <class Ask>
auto asked(Session& session, Ask ask) -> decltype(ask(*session.netfilter)) {
  using Answer = typename decltype(ask(*session.netfilter))::value_type;
  if (!session.netfilter) return Answer{};
  auto answer = ask(*session.netfilter);
  if (answer || answer.error().code != EPROTONOSUPPORT || session.tables == Tables::needed) return answer;
  session.netfilter.reset();
  return Answer{};
}

}  // namespace lodger::netmode::bridge
