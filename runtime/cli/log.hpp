// The log file of --log, in the two formats that callers of container runtimes read.
#pragma once
#include <string>
#include <string_view>

#include "kernel/failure.hpp"
#include "kernel/file.hpp"

namespace lodger::cli {

enum class Level : unsigned char { error, warning, info, debug };

/// {"level":"error","msg":"...","time":"..."} and a line's end. `time` is RFC 3339.
std::string json_record(Level level, std::string_view message, std::string_view time);
/// time="..." level=error msg="..." and a line's end.
std::string text_record(Level level, std::string_view message, std::string_view time);
/// The same of this moment.
std::string text_record(Level level, std::string_view message);

struct Log {
  std::string path;  // empty: nothing is kept, but debug records go to stderr
  bool json = false;
  Level most = Level::info;  // records above it are dropped

  /// Makes the file where it is missing: that it cannot be written to is to be known before anything is done.
  Outcome<> check() const;
  /// Appends one record in one write, so that records of several processes do not mix.
  Outcome<> write(Level level, std::string_view message) const;

 private:
  Outcome<kernel::Fd<kernel::File>> open() const;
};

}  // namespace lodger::cli
