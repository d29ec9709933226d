// What lodger asks lodger-network, in words (kernel/helper.hpp), and how the parts of a question travel.
// Pure. The program is ready when it has its sockets.
#pragma once
#include <optional>
#include <vector>

#include "kernel/words.hpp"
#include "netmode/bridge/network.hpp"
#include "netmode/publish.hpp"

namespace lodger::netmode::bridge {

/// Whether a kernel without nf_tables will do.
enum class Tables : bool { needed, spared };
/// The program's argument where it will.
inline constexpr const char* spares_tables = "spares-tables";

// Questions. Addresses are IPv4's; IPv6's follow from the network.
/// doors: fails with EADDRINUSE where another container has one of these ports, and names both.
inline constexpr const char* ask_look = "look";
/// network: makes its device, and fails with EEXIST where somebody else has one of the name.
inline constexpr const char* ask_claim = "claim";
/// network, address, owner, doors: makes the network where it is missing, and leads the doors to the address.
/// Nothing else leads there afterwards. A door that another container has got since the look is refused in
/// the same way. Answers what it had to change on the host, a word each. Without nf_tables there are to be no
/// doors, and the network is kept apart as far as it can be.
inline constexpr const char* ask_open = "open";
/// network, address, pid: gives the process's network namespace its device eth0, with the addresses, routes,
/// and a loopback that is up.
inline constexpr const char* ask_attach = "attach";
/// network, address, owner, "udp" where it may have had UDP ports, else "": nothing leads there any more,
/// however it came about. Where the network's device is somebody else's by now, and the address with it, no
/// door that another owner's container has.
inline constexpr const char* ask_close = "close";
/// network: removes its device and what the rules say of it; the last one takes the table along. Answers what
/// it has changed on the host. A device that is somebody else's stays, with what the rules say of it.
inline constexpr const char* ask_remove = "remove";
/// The same, where another network is to be made in its place: refused where ask_claim would be.
inline constexpr const char* ask_replace = "replace";

/// A published port or range as it is made: of one family, its host ports decided.
struct Door {
  Protocol protocol = Protocol::tcp;
  bool v6 = false;
  std::string host_ip;  // empty: all addresses of the family
  PortRange host;
  std::uint16_t container = 0;  // the first one; the range is as long as the host's

  /// Whether its ports stand one by one, and not as a range: a single one, or a range whose numbers move, for
  /// which nf_tables has no offset.
  bool one_by_one() const { return host.first == host.last || host.first != container; }
  /// "10.0.0.1:80-90/tcp", "[::]:53/udp"
  std::string text() const;
  friend bool operator==(const Door& a, const Door& b) { return a.text() == b.text(); }
};

/// Each publication without an address in both families, where the network has both.
std::vector<Door> doors_of(const std::vector<Publication>& publications, bool v6);

void append(kernel::Words& words, const std::vector<Door>& doors);
/// All that is left of `words`, which has to be doors.
std::optional<std::vector<Door>> take_doors(const kernel::Words& words);

}  // namespace lodger::netmode::bridge
