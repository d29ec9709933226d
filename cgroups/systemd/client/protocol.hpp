// What lodger asks lodger-systemd, in words: kernel/helper.hpp. It is ready when it has connected.
#pragma once
namespace lodger::cgroups::systemd {

// The one word of the program's command line.
inline constexpr const char* system_manager = "system";
inline constexpr const char* user_manager = "user";

// Questions.
inline constexpr const char* start_unit = "start";       // unit, properties
inline constexpr const char* stop_unit = "stop";         // unit
inline constexpr const char* set_properties = "set";     // unit, properties
inline constexpr const char* attach_process = "attach";  // unit, "/below", pid

}  // namespace lodger::cgroups::systemd
