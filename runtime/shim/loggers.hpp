// Logging programs whose processes have ended. They read on until the end of their streams, write down what
// they have, and end by themselves; containerd's own library for them takes SIGTERM for the order to drop the
// rest.
#pragma once
#include <map>

#include "kernel/process.hpp"
#include "runtime/shim/loop.hpp"

namespace lodger::shim {

class Loggers {
 public:
  explicit Loggers(Loop& loop) : loop_(loop) {}
  Loggers(const Loggers&) = delete;
  Loggers& operator=(const Loggers&) = delete;
  ~Loggers();

  /// Its streams are closed: after ten seconds it is asked to end, by SIGTERM, and after two more it is made
  /// to. The shim reaps it like any child. Nothing to do for an empty one.
  void retire(kernel::Fd<kernel::Process> process);
  /// Calls `then` when none is left, which may be at once.
  void when_none(Loop::Due then);

 private:
  struct Retired {
    kernel::Fd<kernel::Process> process;
    std::uint64_t timer = 0;
  };
  void ask(int fd);
  void drop(int fd);

  Loop& loop_;
  std::map<int, Retired> retired_;
  Loop::Due none_;
};

}  // namespace lodger::shim
