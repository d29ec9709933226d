// Which port of the host each mapped port gets, where that is left to lodger.
#pragma once
#include <string>
#include <vector>

#include "netmode/mode.hpp"

namespace lodger::netmode::policy {

/// The publications, those of --publish-all with them, each with its host port. "127.0.0.1::80" and an
/// exposed port get one that is free now, out of the ephemeral range; several host ports for one of the
/// container come to the first free one. It is a look, not a reservation. What was chosen is told in
/// `remarks`, one line each. Where nothing is left to choose it costs no system call.
/// `where` begins the texts. `avoided`: ports that are held by what no socket shows.
Outcome<std::vector<Publication>> settle(const Decision& decision, std::vector<std::string>& remarks,
                                         std::string_view where = "--network host,map",
                                         const std::vector<Ports>& avoided = {});

/// Whether a publication with a host port of its own has it.
bool is_named(const std::vector<Publication>& all, Protocol protocol, std::uint16_t port);

}  // namespace lodger::netmode::policy
