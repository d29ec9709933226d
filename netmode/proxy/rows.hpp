// Publications as the proxy's program has them, and back.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/proxy/protocol.hpp"

namespace lodger::netmode::proxy {

/// One row each. Refused: SCTP.
Outcome<std::vector<Row>> rows_of(std::span<const Publication> publications);

/// How many sockets they take.
struct Sockets {
  std::uint32_t tcp = 0, udp = 0;
};
Sockets count_sockets(std::span<const Row> rows);

/// The publications with the ports that were chosen, in order, for those that left a choice. Neighbours stay
/// together.
std::vector<Publication> decided(std::span<const Publication> publications, std::span<const Row> rows,
                                 std::span<const std::uint16_t> chosen);

/// "tcp 127.0.0.1:8080", "udp [::]:53", "tcp *:80".
std::string place(const Row& row, const std::string& host_ip, std::uint32_t port);

/// Why a port could not be opened, in words for the user. `row`: which one; `earlier`: those before it.
Failure explain_opening(std::span<const Publication> publications, std::span<const Row> rows,
                        std::uint32_t row, std::uint32_t port, kernel::Error error);

}  // namespace lodger::netmode::proxy
