// A program that takes a container's output: "binary:///path?key=value". Source: containerd,
// core/runtime/v2/README.md, "Logging": it is called with the query's keys and values as arguments,
// has the streams' reading ends as descriptors 3 and 4, and closes 5 when it is ready.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/file.hpp"
#include "kernel/spawn.hpp"
#include "runtime/shim/loop.hpp"

namespace lodger::shim {

struct LoggerCall {
  std::string id, name_space;
};

class Logger {
 public:
  struct Begun {
    std::unique_ptr<Logger> logger;
    kernel::Fd<kernel::File> out, err;  // the writing ends
  };
  /// Whether a stream's name is that of a program.
  static bool is_named(std::string_view name);
  /// Starts it and waits until it is ready, at most ten seconds. With "binary-v2" it has to say so by a byte:
  /// an end without one is a failure, else the end of descriptor 5 is enough.
  static Outcome<Begun> start(Loop& loop, std::string_view name, const LoggerCall& call);
  /// Asks it to end, by SIGTERM, and after twelve seconds has it ended. The shim reaps it like any child.
  void end();
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

 private:
  Logger(Loop& loop, kernel::Fd<kernel::Process> process) : loop_(loop), process_(std::move(process)) {}
  Loop& loop_;
  kernel::Fd<kernel::Process> process_;
};

/// The program's path and its arguments behind it. Pure.
struct LoggerName {
  std::string path;
  std::vector<std::string> arguments;
  bool says_ready = false;
};
Outcome<LoggerName> parse_logger(std::string_view name);

}  // namespace lodger::shim
