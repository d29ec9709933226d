// What kind of filesystem a path leads to. statfs(2).
#pragma once
#include <sys/statfs.h>

#include "kernel/syscall.hpp"

namespace lodger::kernel {

/// statfs(2)'s f_type: one of the magic numbers of <linux/magic.h>.
inline Result<long> filesystem_type(const char* path) {
  struct statfs facts;
  TRY(restarted("statfs", __NR_statfs, path, &facts));
  return static_cast<long>(facts.f_type);
}

/// fstatfs(2)'s f_type.
inline Result<long> filesystem_type(int fd) {
  struct statfs facts;
  TRY(restarted("fstatfs", __NR_fstatfs, fd, &facts));
  return static_cast<long>(facts.f_type);
}

}  // namespace lodger::kernel
