// The container's init, seen from the parent: born, given orders, listened to, ended.
#pragma once
#include <array>
#include <span>

#include "kernel/failure.hpp"
#include "kernel/process.hpp"
#include "kernel/socket.hpp"
#include "runtime/plan/build.hpp"

namespace lodger::launch {

/// A message from init, with the descriptor that came along: a terminal's master, or the plan's file.
struct Message {
  init::Report report{};
  kernel::Fd<kernel::File> fd;
};

/// What becomes of the process's descriptors 0, 1 and 2; -1: ours.
using Streams = std::array<int, 3>;
inline constexpr Streams our_streams{-1, -1, -1};

/// Owns the process: unless released, it is killed and reaped by the destructor.
class Child {
 public:
  /// Clones init into its namespaces, and into the cgroup whose folder is `birthplace` (-1: none).
  static Outcome<Child> spawn(const plan::Memory& memory, const plan::Built& built, int birthplace,
                              const Streams& streams);
  Child(Child&&) = default;
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  const kernel::Fd<kernel::Process>& process() const { return process_; }
  const kernel::Fd<kernel::Socket>& socket() const { return socket_; }

  /// Sends an order. That init is gone is no error here: what it said last is read by receive().
  kernel::Result<> order(init::Order order, std::span<const int> fds = {}, bool more = false);
  /// Sends the row of descriptors, in as many messages as it takes.
  kernel::Result<> begin(std::span<const int> row);
  /// The next message. ECHILD: init ended without a word.
  kernel::Result<Message> receive();
  /// Goes on with the process that a joining init left in its place.
  kernel::Result<> adopt(pid_t pid);

  /// It stays when we go.
  void release() { ours_ = false; }
  /// The same, for who goes on with it.
  kernel::Fd<kernel::Process> hand_over() {
    release();
    return std::move(process_);
  }

 private:
  Child(pid_t pid, kernel::Fd<kernel::Process> process, kernel::Fd<kernel::Socket> socket)
      : pid_(pid), process_(std::move(process)), socket_(std::move(socket)) {}

  pid_t pid_;
  kernel::Fd<kernel::Process> process_;
  kernel::Fd<kernel::Socket> socket_;
  bool ours_ = true;
};

/// One message from a control or gate socket; size 0 of the message: the other end is closed (ECHILD).
kernel::Result<Message> receive_from(const kernel::Fd<kernel::Socket>& socket);
kernel::Result<> send_order(const kernel::Fd<kernel::Socket>& socket, init::Order order,
                            std::span<const int> fds = {}, bool more = false);

}  // namespace lodger::launch
