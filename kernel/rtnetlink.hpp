// Network interfaces and their addresses. Source: rtnetlink(7); include/uapi/linux/if_link.h and if_addr.h.
#pragma once
#include <linux/if_addr.h>

#include <string>
#include <vector>

#include "kernel/netlink.hpp"

namespace lodger::kernel::netlink {

struct Link {
  int index = 0;
  std::string name;
  unsigned flags = 0;      // IFF_*
  bool immovable = false;  // the kernel says that it cannot change its network namespace (Linux 6.14)
};

/// An address as the kernel keeps it, to be put on another link or on the same one again.
struct Address {
  ifaddrmsg header{};       // family, prefix length, scope; the index is set by add_address()
  std::uint32_t flags = 0;  // IFA_F_*, all 32 bits
  std::string label;        // IPv4's; empty: none
  /// The other attributes, in order: addresses, lifetimes, metric, protocol.
  struct Part {
    std::uint16_t type;
    std::vector<char> payload;
  };
  std::vector<Part> parts;
};

/// Links of the socket's network namespace. Every failure is "<doing>: ...".
class Links {
 public:
  explicit Links(Socket socket) : socket_(std::move(socket)) {}

  /// Code ENODEV: there is none of this name.
  Outcome<Link> find(const std::string& name, std::string_view doing);
  Outcome<Link> find(int index, std::string_view doing);
  /// All addresses of a link, of every family, in the order in which they were added.
  Outcome<std::vector<Address>> addresses(int index, std::string_view doing);

  /// Moves a link into the network namespace that `network` leads to, under a name that must be free there.
  /// It arrives down and without addresses, and its index may be another one.
  Outcome<> move(int index, const Fd<Namespace>& network, const std::string& name, std::string_view doing);
  /// `name` may be a template with %d, in whose place the kernel puts the first number that is free.
  Outcome<> rename(int index, const std::string& name, std::string_view doing);
  Outcome<> set_up(int index, std::string_view doing);
  /// NLM_F_REPLACE: an address that is there already is brought into line.
  Outcome<> add_address(int index, const Address& address, std::string_view doing);

 private:
  Socket socket_;
};

}  // namespace lodger::kernel::netlink
