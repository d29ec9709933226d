// A program that takes a container's output: "binary:///path?key=value". Source: containerd,
// core/runtime/v2/README.md, "Logging": it is called with the query's keys and values as arguments,
// has the streams' reading ends as descriptors 3 and 4, and closes 5 when it is ready.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/file.hpp"
#include "kernel/spawn.hpp"

namespace lodger::shim {

struct LoggerCall {
  std::string id, name_space;
  int interrupt = -1;  // becoming readable, it ends the wait for the program
};

/// A program that runs for a process that is being made.
class Logger {
 public:
  explicit Logger(kernel::Fd<kernel::Process> process) : process_(std::move(process)) {}
  /// Kills it, unless kept: nothing was written that it could have to log.
  ~Logger();
  Logger(Logger&&) = default;
  Logger& operator=(Logger&&) = delete;
  /// What it logs for is there: it ends with its streams, and outlives the shim. See Loggers.
  kernel::Fd<kernel::Process> keep() { return std::move(process_); }

 private:
  kernel::Fd<kernel::Process> process_;
};

struct BegunLogger {
  Logger logger;
  kernel::Fd<kernel::File> out, err;  // the writing ends
};

/// Whether a stream's name is that of a program.
bool names_logger(std::string_view name);
/// Starts it and waits until it is ready, at most ten seconds. With "binary-v2" it has to say so by a byte:
/// an end without one is a failure, else the end of descriptor 5 is enough.
Outcome<BegunLogger> start_logger(std::string_view name, const LoggerCall& call);

/// The program's path and its arguments behind it. Pure.
struct LoggerName {
  std::string path;
  std::vector<std::string> arguments;
  bool says_ready = false;
};
Outcome<LoggerName> parse_logger(std::string_view name);

}  // namespace lodger::shim
