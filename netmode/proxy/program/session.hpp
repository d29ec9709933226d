// The program's two ways of life: lodger's, over stdin, and by hand.
#pragma once
#include "netmode/proxy/program/server.hpp"

namespace lodger::netmode::proxy {

/// Whether a message of rows is one: its size, and every row of it.
bool is_sound(const Rows& rows, std::size_t size);

/// What lodger says over `socket`, done and answered. The program's exit status.
int serve_lodger(Server& server, kernel::Fd<kernel::Socket> socket);

}  // namespace lodger::netmode::proxy
