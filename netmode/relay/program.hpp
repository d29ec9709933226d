// The program that relays: pasta of Debian's package passt, which lodger finds when it is wanted.
#pragma once
#include <string>
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::netmode::relay {

struct Program {
  std::string path;
  std::string version;  // as it says it; "unknown version" with Debian 12's
  int date = 0;         // of the version, as 20241030; 0: it names none, as those before 2023-06 do
};

/// What this variable names, else pasta in the places where packages put programs. Asks it for its version.
/// ENOENT: nowhere, in words that name the package. `interrupt`: kernel/helper.hpp; ETIMEDOUT after 10 s.
inline constexpr const char* program_variable = "LODGER_PASTA";
Outcome<Program> find_program(int interrupt = -1);

/// What pasta makes the container's device with: tun(4). Fails where we may not open it; where pasta runs as
/// another user, root of the container's user namespace, it has to tell by itself.
inline constexpr const char* tun_device = "/dev/net/tun";
kernel::Result<> check_tun();

/// The date in "pasta 0.0~git20261002.cba3570-1" or "passt 2024_10_30.ee7d0b6"; 0: there is none.
int date_of(std::string_view version);

}  // namespace lodger::netmode::relay
