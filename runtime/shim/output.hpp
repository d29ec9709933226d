// Where a process's output goes, by the name that containerd gives it: a FIFO that its client reads, or a
// file.
#pragma once
#include <cstdint>
#include <string>

#include "kernel/failure.hpp"
#include "kernel/file.hpp"

namespace lodger::shim {

struct Output {
  kernel::Fd<kernel::File> writer;
  kernel::Fd<kernel::File> reader;  // of a FIFO, to be held: that nobody reads for a while is no error then
  bool awaits_client = false;       // nobody had come
};

struct OutputCall {
  bool passes = false;     // the shim itself writes there, and must not wait
  int interrupt = -1;      // becoming readable, it ends the wait for a client: EINTR
  std::int64_t until = 0;  // when that ends by itself, of monotonic_ns()
};

/// "file:///PATH" is made where it is missing. A FIFO's client opens it while it asks for the process, and is
/// waited for: what a process that is quick has written would go with the shim's own ends. One that has not
/// come by then may still come while the process is there.
Outcome<Output> open_output(const std::string& name, const OutputCall& call);

}  // namespace lodger::shim
