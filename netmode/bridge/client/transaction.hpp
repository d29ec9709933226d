// Changes of nf_tables, each done as a whole or not at all; and no change that rests on what was read goes
// through when somebody has changed anything since: it is read again, then.
#pragma once
#include <fmt/core.h>

#include <cerrno>

#include "netmode/bridge/client/netlink.hpp"

namespace lodger::netmode::bridge {

/// The refusal of what needs nf_tables, on a kernel that has none: EPROTONOSUPPORT.
std::unexpected<Failure> no_tables();

/// The number of the last change of nf_tables, whoever made it. Fails as no_tables() does.
Outcome<std::uint32_t> generation(Netlink& netfilter);

/// A transaction that is refused with ERESTART unless this is the generation still.
Batch begin_transaction(std::uint32_t generation);
/// Whether there is anything to do in it.
inline bool is_empty(const Batch& transaction) { return transaction.size() <= 1; }
Outcome<> commit(Netlink& netfilter, Batch transaction);

/// Reads and changes until nobody comes between: each time at least one of all who try gets through.
template <class Attempt>
auto persist(Attempt attempt) -> decltype(attempt()) {
  constexpr int tries = 200;
  for (int left = tries; left > 1; --left) {
    auto done = attempt();
    if (done || done.error().code != ERESTART) return done;
  }
  return refuse(fmt::format("others have changed nf_tables each of the {} times that it was tried", tries),
                EAGAIN);
}

}  // namespace lodger::netmode::bridge
