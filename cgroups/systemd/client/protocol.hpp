// What lodger and lodger-systemd say to each other: one datagram a message, of words (value.hpp). The program
// speaks first, when it has connected or failed to; after that, each question has one answer.
#pragma once
#include <cstddef>

namespace lodger::cgroups::systemd {

// The one word of the program's command line.
inline constexpr const char* system_manager = "system";
inline constexpr const char* user_manager = "user";

// Questions.
inline constexpr const char* start_unit = "start";       // unit, properties
inline constexpr const char* stop_unit = "stop";         // unit
inline constexpr const char* set_properties = "set";     // unit, properties
inline constexpr const char* attach_process = "attach";  // unit, "/below", pid

// Answers.
inline constexpr const char* done = "done";
inline constexpr const char* failed = "failed";  // text

/// What a socket's buffer takes at once by default: net.core.wmem_default, less the kernel's own part.
inline constexpr std::size_t longest_message = 128 * 1024;

}  // namespace lodger::cgroups::systemd
