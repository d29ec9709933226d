// Where symbolic links lead, magic ones of procfs among them. readlink(2), proc_pid_fd(5). Not for init: it
// allocates.
#pragma once
#include <fmt/core.h>

#include <string>

#include "kernel/file.hpp"

namespace lodger::kernel {

/// The link's text, whole; ENAMETOOLONG: it is longer than a path may be.
inline Result<std::string> read_link(int folder, const char* name) {
  char text[4096];
  const auto length = TRY(readlinkat(folder, name, text));
  if (length == sizeof text) return fail("readlinkat", ENAMETOOLONG);
  return std::string(text, length);
}

/// The path that a descriptor has, without links, "." and "..".
template <class Kind>
Result<std::string> path_of(const Fd<Kind>& fd) {
  return read_link(cwd, fmt::format("/proc/self/fd/{}", fd.get()).c_str());
}

}  // namespace lodger::kernel
