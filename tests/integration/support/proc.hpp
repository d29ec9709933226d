// A process as /proc shows it from outside.
#pragma once
#include <sys/types.h>

#include <string>

#include "tests/support/mountinfo.hpp"

namespace lodger::test {

/// The identity of a namespace: "net:[4026531840]"; `name` as in /proc/PID/ns.
std::string ns_id(pid_t pid, const std::string& name);
/// One line of /proc/PID/status; empty where there is none.
std::string proc_status(pid_t pid, const std::string& name);

using support::mountinfo;
/// The topmost mount at `point`; fails the test where there is none.
support::Mount mount_at(pid_t pid, const std::string& point);

}  // namespace lodger::test
