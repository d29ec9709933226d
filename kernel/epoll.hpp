// Many descriptors watched at once. epoll(7).
#pragma once
#include <sys/epoll.h>

#include <span>

#include "kernel/fd.hpp"

namespace lodger::kernel {

struct Watch;  // the kind of an epoll's descriptor

inline Result<Fd<Watch>> epoll() { return opened<Watch>("epoll_create1", __NR_epoll_create1, EPOLL_CLOEXEC); }

/// epoll_ctl(2): `tag` comes back with each event.
inline Result<> watch(const Fd<Watch>& epoll, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{events, {.u64 = tag}};
  return done("epoll_ctl", __NR_epoll_ctl, epoll.get(), EPOLL_CTL_ADD, fd, &event);
}
/// Other events for a descriptor that is watched.
inline Result<> rewatch(const Fd<Watch>& epoll, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{events, {.u64 = tag}};
  return done("epoll_ctl", __NR_epoll_ctl, epoll.get(), EPOLL_CTL_MOD, fd, &event);
}
inline Result<> unwatch(const Fd<Watch>& epoll, int fd) {
  return done("epoll_ctl", __NR_epoll_ctl, epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
}

/// How many events came; milliseconds -1: waits for ever.
inline Result<std::size_t> events(const Fd<Watch>& epoll, std::span<epoll_event> into, int milliseconds) {
  return static_cast<std::size_t>(TRY(restarted("epoll_pwait", __NR_epoll_pwait, epoll.get(), into.data(),
                                                into.size(), milliseconds, nullptr, 8)));
}

}  // namespace lodger::kernel
