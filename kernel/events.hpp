// Descriptors that tell of events: eventfd(2), inotify(7).
#pragma once
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "kernel/fd.hpp"

namespace lodger::kernel {

/// A counter that poll(2) waits for; reading it, eight bytes, takes the count.
inline Result<Fd<File>> eventfd() {
  return opened<File>("eventfd2", __NR_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
}

inline Result<Fd<File>> inotify() {
  return opened<File>("inotify_init1", __NR_inotify_init1, IN_CLOEXEC | IN_NONBLOCK);
}
inline Result<> watch(const Fd<File>& inotify, const char* path, std::uint32_t mask) {
  return done("inotify_add_watch", __NR_inotify_add_watch, inotify.get(), path, mask);
}

}  // namespace lodger::kernel
