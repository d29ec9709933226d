// Capabilities that make a container on the host's network more than a neighbour there. One table: for the
// warnings about what leads past a list of ports or a map, and for `check`. capabilities(7)
#pragma once
#include <string_view>
#include <vector>

#include "spec/config.hpp"

namespace lodger::netmode {

/// What of a list of ports, or a map, does not hold who has the capability.
enum class Past : unsigned char { raw_sockets, programs, everything };

struct Power {
  const char* capability;
  const char* gives;  // what the container can do
  Past past;
  bool by_processes = false;  // over other processes: of the host's only without a pid namespace
};

/// CAP_BPF is none: without CAP_NET_ADMIN, or CAP_SYS_ADMIN for a program that is there, it loads nothing for
/// a network and takes nothing off. Landlock keeps who is in a domain from tracing those who are not.
inline constexpr Power powers[] = {
    {"CAP_NET_ADMIN",
     "the container can change the interfaces, addresses, routes and firewall of the host; leave it out, or "
     "give the container a network namespace of its own",
     Past::everything},
    {"CAP_NET_RAW",
     "the container can read and forge all traffic of the host, its loopback's included; ping needs only a "
     "group within the host's net.ipv4.ping_group_range",
     Past::raw_sockets},
    {"CAP_SYS_ADMIN",
     "the container can load programs of BPF that watch and turn the host's traffic, and mount the host's "
     "/proc/sys anew, whose core_pattern names a program that the kernel runs as the host's",
     Past::everything},
    {"CAP_SYS_MODULE", "the container can load modules into the host's kernel", Past::everything},
    {"CAP_SYS_PTRACE",
     "without a pid namespace the container can take over the host's processes, and their sockets",
     Past::programs, true},
    {"CAP_DAC_READ_SEARCH",
     "the container can open, and as root write, any file of a file system of which it has a part, by "
     "open_by_handle_at(2); the host's /etc/hosts and /etc/resolv.conf, bound read-only, are such parts",
     Past::everything},
};

/// Can the container's process get it? It counts in whichever set: what is not effective can be made so, what
/// is in the bounding set comes with a program of file capabilities, and what is inheritable with any program
/// of root's. capabilities(7), "Capabilities and execution of programs by root".
bool is_granted(const spec::Config& config, std::string_view capability);

/// Those that count. In a user namespace of its own a container has none over the host.
std::vector<const Power*> powers_of(const spec::Config& config);

}  // namespace lodger::netmode
