// A list of ports to bind without BPF: by Landlock, for ordinary users and containers without a cgroup2
// folder. It knows TCP alone, port by port, so that a list must leave UDP as it is. What is neither of the
// two (MPTCP, SCTP, SMC and so on) it does not see: a seccomp filter refuses those sockets, what turns one of
// TCP into them (TCP_ULP), and io_uring, which makes sockets past a filter.
#pragma once
#include <linux/filter.h>

#include <vector>

#include "kernel/landlock.hpp"
#include "netmode/policy/rules.hpp"

namespace lodger::netmode::policy {

/// Each is a rule of Landlock's, in the kernel's memory: 1,000 of them take 0.4 ms.
inline constexpr std::size_t most_landlocked = 16384;

/// Whether this kernel's Landlock can keep the list; the failure says why not.
Outcome<> check_fallback(const PortSet& bind);

/// `what`, and every TCP bind but those of the list.
Outcome<kernel::Fd<kernel::Ruleset>> make_fallback(const PortSet& bind, kernel::Landlocked what);

/// For seccomp(2).
std::vector<sock_filter> fallback_filter();

}  // namespace lodger::netmode::policy
