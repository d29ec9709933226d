// Which processes have sockets open, as /proc shows it. Costs a readlink(2) for each descriptor that is
// looked at: only for who has something to explain. proc_pid_fd(5).
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "kernel/failure.hpp"

namespace lodger::netmode::ports {

using Inodes = std::set<std::uint32_t>;
/// By a socket's inode: the processes that have it open, in the order in which they were looked at.
using Holders = std::map<std::uint32_t, std::vector<pid_t>>;

/// Looks for the sockets of `wanted` among the descriptors of these processes. One that has ended meanwhile,
/// or whose descriptors are not ours to see (another user's), holds none.
Outcome<Holders> holders(std::span<const pid_t> processes, const Inodes& wanted);

/// All processes that /proc shows, sorted.
Outcome<std::vector<pid_t>> all_processes();

/// A process's name (its command's first 15 bytes), with a question mark for each byte that is not printable
/// ASCII; empty where the process has ended.
std::string process_name(pid_t pid);

/// The process whose end this one waits for, by a pidfd; 0: none that is to be seen. proc_pid_fdinfo(5).
pid_t watched_by(pid_t pid);

/// A name that somebody else gave, for a terminal: a question mark for each byte that is not printable ASCII.
std::string printable(std::string name);

}  // namespace lodger::netmode::ports
