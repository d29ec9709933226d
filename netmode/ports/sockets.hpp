// Which sockets hold ports of a network stack.
#pragma once
#include <sys/types.h>

#include <span>
#include <vector>

#include "kernel/sock_diag.hpp"
#include "netmode/ports/address.hpp"
#include "netmode/publish.hpp"

namespace lodger::netmode::ports {

/// A port that a socket holds.
struct Held {
  Protocol protocol = Protocol::tcp;
  Address address;
  std::uint16_t port = 0;
  bool connected = false;    // UDP: it hears one peer alone
  uid_t uid = 0;             // of whoever made the socket
  std::uint32_t inode = 0;   // of the socket; 0: no process has it open
  std::uint64_t cgroup = 0;  // id of the cgroup2 that it was made in; 0: not told
};

/// Port ranges of one protocol, in any order; none: all ports.
using Ranges = std::span<const PortRange>;

/// A network stack, asked through a socket that was made in it.
class Stack {
 public:
  /// Ours.
  static Outcome<Stack> open();
  /// `network`, which is that of `process`: with CAP_SYS_ADMIN over it, or as the owner of the process's user
  /// namespace.
  static Outcome<Stack> open(const kernel::Fd<kernel::Namespace>& network,
                             const kernel::Fd<kernel::Process>& process);

  /// TCP's and SCTP's listeners and what else is bound without a peer, UDP's bound sockets; IPv4 and IPv6, by
  /// one dump each, whatever the number of ranges. Some beside these ports may be among them. Where nobody
  /// has used SCTP yet, the kernel is not made to load it.
  Outcome<std::vector<Held>> held(Protocol protocol, Ranges ranges = {});
  /// The same of all three protocols.
  Outcome<std::vector<Held>> held();

 private:
  explicit Stack(kernel::netlink::Socket socket) : socket_(std::move(socket)) {}
  kernel::netlink::Socket socket_;
};

}  // namespace lodger::netmode::ports
