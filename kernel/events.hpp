// Descriptors that tell of events: eventfd(2), inotify(7), signalfd(2).
#pragma once
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>

#include "kernel/fd.hpp"

namespace lodger::kernel {

/// A counter that poll(2) waits for; reading it, eight bytes, takes the count.
inline Result<Fd<File>> eventfd() {
  return opened<File>("eventfd2", __NR_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
}
/// Adds one to it, which wakes who polls for it.
inline Result<> add_event(const Fd<File>& counter) {
  constexpr std::uint64_t one = 1;
  return done("write", __NR_write, counter.get(), &one, sizeof one);
}

inline Result<Fd<File>> inotify() {
  return opened<File>("inotify_init1", __NR_inotify_init1, IN_CLOEXEC | IN_NONBLOCK);
}
inline Result<> watch(const Fd<File>& inotify, const char* path, std::uint32_t mask) {
  return done("inotify_add_watch", __NR_inotify_add_watch, inotify.get(), path, mask);
}

/// A signal's place in the kernel's sets: signal_mask() of process.hpp.
constexpr std::uint64_t signal_bit(int signal) { return 1ULL << (signal - 1); }
/// Readable while one of these signals, which are blocked, waits to be taken.
inline Result<Fd<Signals>> signal_descriptor(std::uint64_t set) {
  return opened<Signals>("signalfd4", __NR_signalfd4, -1, &set, sizeof set, SFD_CLOEXEC | SFD_NONBLOCK);
}
/// Takes the next one: its number, 0 where none waits.
inline Result<int> next_signal(int signals) {
  signalfd_siginfo info{};
  auto got = restarted("read", __NR_read, signals, &info, sizeof info);
  if (!got && got.error().code == EAGAIN) return 0;
  TRY(std::move(got));
  return static_cast<int>(info.ssi_signo);
}

}  // namespace lodger::kernel
