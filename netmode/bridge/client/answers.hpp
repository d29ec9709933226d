// The questions of question.hpp, answered.
#pragma once
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

Outcome<kernel::Words> answer(Session& session, kernel::Words question);

}  // namespace lodger::netmode::bridge
