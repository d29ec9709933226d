// The questions of question.hpp, answered.
#pragma once
#include "kernel/helper.hpp"
#include "netmode/bridge/client/netlink.hpp"

namespace lodger::netmode::bridge {

/// The program's sockets, in the host's network namespace.
struct Sockets {
  Netlink route, netfilter;
  static Outcome<Sockets> open();
};

Outcome<kernel::Words> answer(Sockets& sockets, kernel::Words question);

}  // namespace lodger::netmode::bridge
