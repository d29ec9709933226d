// Owned file descriptors, typed by what they lead to: a mount cannot be passed where a socket is wanted.
#pragma once
#include <type_traits>
#include <utility>

#include "kernel/syscall.hpp"

namespace lodger::kernel {

// Kinds. They have no members; they only keep apart what must not be mixed.
struct File;          // open for reading or writing
struct Path;          // O_PATH, or a folder: may be walked, mounted on and created in
struct Mount;         // a detached mount (fsmount, open_tree with OPEN_TREE_CLONE)
struct MountContext;  // fsopen, fspick
struct Namespace;     // a file of nsfs
struct Process;       // pidfd
struct Socket;
struct Memory;    // memfd
struct Terminal;  // either end of a pseudo-terminal
struct Program;   // a BPF program
struct Signals;   // signalfd

// Init closes low numbers of these kinds late and all at once (close_range(2), before it waits at its gate):
// a start makes some hundred of them that live for two system calls. High numbers are closed as they go,
// since there is a limit; so is every other kind, since what is open for writing keeps a mount from becoming
// read-only.
#ifdef LODGER_INIT
template <class Kind>
inline constexpr int closed_at_once_from =
    std::is_same_v<Kind, Path> || std::is_same_v<Kind, Mount> || std::is_same_v<Kind, MountContext> ? 256 : 0;
#else
template <class Kind>
inline constexpr int closed_at_once_from = 0;
#endif

/// Owns one descriptor and closes it. `Fd<Kind>()` owns none.
template <class Kind>
class [[nodiscard]] Fd {
 public:
  constexpr Fd() = default;
  constexpr explicit Fd(int fd) : fd_(fd) {}
  constexpr Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  constexpr Fd& operator=(Fd&& other) noexcept {
    Fd taken(std::move(other));
    std::swap(fd_, taken.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  constexpr ~Fd() {
    if (fd_ >= closed_at_once_from<Kind>)
      raw(__NR_close, fd_);  // close(2): never retried, its error cannot be acted on
  }

  /// The number, still owned here: for one system call, not for keeping.
  constexpr int get() const { return fd_; }
  constexpr explicit operator bool() const { return fd_ >= 0; }
  /// Gives the number away; the caller owns it now.
  constexpr int release() { return std::exchange(fd_, -1); }
  /// The same descriptor as another kind, where the kernel allows both uses of it.
  template <class Other>
  constexpr Fd<Other> as() && {
    return Fd<Other>(release());
  }

 private:
  int fd_ = -1;
};

/// Wraps the descriptor that a system call answered with.
template <class Kind, class... Args>
inline Result<Fd<Kind>> opened(const char* name, long number, Args... args) noexcept {
  return Fd<Kind>(static_cast<int>(TRY(restarted(name, number, args...))));
}

}  // namespace lodger::kernel
