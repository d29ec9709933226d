// Init's end of the control socket: takes orders, reports, and remembers which step is under way so that any
// error can be told with its place.
#pragma once
#include "kernel/socket.hpp"
#include "runtime/init/plan.hpp"

namespace lodger::init {

using kernel::Error;
using kernel::Fd;
using kernel::Result;

class Control {
 public:
  Control(Fd<kernel::Socket> socket, Plan& plan) : socket_(std::move(socket)), plan_(plan) {}

  /// Receives the row of descriptors. Until then no Slot leads anywhere.
  Result<> receive_row();
  /// Waits for this very order; another one, or the parent's end, is an error.
  Result<> expect(Order order);
  /// Waits for the cgroup order; `entrances` gets the descriptors that come with it.
  Result<std::size_t> expect_cgroup(std::span<int> entrances);

  /// The step that errors from here on belong to.
  void at(Stage stage, std::size_t index = 0) {
    stage_ = stage;
    index_ = static_cast<std::uint32_t>(index);
    words_size_ = 0;
  }
  /// Room for the kernel's own words on the error that is about to be returned.
  std::span<char> words() { return words_; }
  void words_used(std::size_t size) { words_size_ = size; }

  Result<> report(Event event, std::int64_t value = 0, int fd = -1);
  /// Tells the parent what failed where. Best effort: without a parent there is nobody to tell.
  void report_failure(Error error);

  /// The caller's umask, for hooks: our own is 0, so that modes come out as the plan says.
  void set_callers_umask(unsigned mask) { callers_umask_ = mask; }
  unsigned callers_umask() const { return callers_umask_; }

  /// From now on orders and reports go over the gate's connection.
  void move_to(Fd<kernel::Socket> connection) { socket_ = std::move(connection); }
  const Fd<kernel::Socket>& socket() const { return socket_; }

  /// The descriptor of a Slot, still owned by the row; -1 for none.
  int fd(Slot slot) const { return slot == none ? -1 : plan_.row[static_cast<std::size_t>(slot)]; }
  const Plan& plan() const { return plan_; }

 private:
  struct Taken {
    std::size_t fds;
    bool more;
  };
  /// One message, which has to be this order.
  Result<Taken> take(Order order, std::span<int> fds);

  Fd<kernel::Socket> socket_;
  Plan& plan_;
  Stage stage_ = Stage::begin;
  std::uint32_t index_ = 0;
  unsigned callers_umask_ = 0;
  std::size_t words_size_ = 0;
  char words_[sizeof(Report::words)];
};

}  // namespace lodger::init
