// What /proc tells about a process. proc_pid_stat(5).
#pragma once
#include <sys/types.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "kernel/file.hpp"

namespace lodger::kernel {

/// From /proc/PID/stat: field 3, a letter ('Z': ended, not yet reaped; 'X': gone), field 4, the parent's pid,
/// and field 22, the start in clock ticks since boot, which with the pid names a process for good.
struct ProcessStat {
  char state = 0;
  pid_t parent = 0;
  unsigned flags = 0;  // PF_EXITING among them
  std::uint64_t start_time = 0;

  bool exits() const { return (flags & 4) != 0; }
  /// What is left of it is its status.
  bool ended() const { return state == 'Z' || state == 'X' || state == 'x'; }
};

/// Reads the fields out of the file's text. The command's name stands in parentheses and may itself hold
/// blanks and parentheses, so counting begins behind the last one. EBADMSG for anything else.
inline Result<ProcessStat> parse_process_stat(std::string_view text) {
  constexpr int blanks_before_start = 19;  // between field 3 and field 22
  const auto name_end = text.rfind(')');
  if (name_end == text.npos || text.size() < name_end + 3) return fail("/proc/PID/stat", EBADMSG);
  ProcessStat stat{text[name_end + 2]};
  const auto number_at = [&](std::size_t place, auto& number) {
    return std::from_chars(text.data() + place, text.data() + text.size(), number).ec == std::errc{};
  };
  std::size_t at = name_end + 2;
  for (int i = 0; i < blanks_before_start; ++i) {
    at = text.find(' ', at);
    if (at == text.npos) return fail("/proc/PID/stat", EBADMSG);
    ++at;
    const bool read = i == 0 ? number_at(at, stat.parent) : i != 5 || number_at(at, stat.flags);
    if (!read) return fail("/proc/PID/stat", EBADMSG);
  }
  if (!number_at(at, stat.start_time)) return fail("/proc/PID/stat", EBADMSG);
  return stat;
}

/// Whether we are in another user namespace than the first, which maps all ids onto themselves in one line:
/// user_namespaces(7). A kernel without user namespaces has no such file.
inline Result<bool> in_user_namespace() {
  const auto file = openat(cwd, "/proc/self/uid_map", O_RDONLY);
  if (!file && file.error().code == ENOENT) return false;
  if (!file) return std::unexpected(file.error());
  char text[128];
  const auto size = read(file->get(), text);
  if (!size) return std::unexpected(size.error());
  return std::string_view(text, *size).find("4294967295") == std::string_view::npos;
}

/// One open, one read. ENOENT or ESRCH: there is no such process.
inline Result<ProcessStat> process_stat(pid_t pid) {
  char path[32] = "/proc/";
  char* end = std::to_chars(path + 6, path + 20, pid).ptr;
  std::memcpy(end, "/stat", sizeof "/stat");
  const auto file = TRY(openat(cwd, path, O_RDONLY));
  char text[1024];  // 52 numbers and a name of at most 64 bytes
  return parse_process_stat({text, TRY(read(file.get(), text))});
}

}  // namespace lodger::kernel
