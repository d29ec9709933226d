// Lists of ports that are given piece by piece, and where naming some means no others.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/publish.hpp"

namespace lodger::netmode {

/// Not set: every port. Empty: none.
using PortList = std::optional<std::vector<Ports>>;

/// Adds "80", "8000-8100/udp", several with commas, or "none", which stands alone. `where` begins the text of
/// a refusal. SCTP is refused, for the reason `no_sctp`.
Outcome<> add_ports(PortList& list, std::string_view where, std::string_view ports, std::string_view no_sctp);

/// "80/tcp,9000-9010/udp", "none"; of a list that is set.
std::string to_text(const std::vector<Ports>& list);

}  // namespace lodger::netmode
