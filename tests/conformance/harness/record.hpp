// What a case reports from its process to the runner: one JSON document a line, in a memory file, so that
// what was found before a crash or a time-out is not lost.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace conformance {

/// One expectation that did not hold.
struct Failure {
  std::string what, expected, saw;
};

/// What became of a case. `known`: it failed, as the caller said it would.
struct Verdict {
  enum class Kind : unsigned char { passed, failed, skipped, known } kind = Kind::failed;
  std::string reason;                 // why it was skipped
  std::vector<Failure> failures;      // at least one where it failed or is known
  std::vector<std::string> commands;  // what the runtime was told, and what it answered
  double seconds = 0;
};

/// The writing end.
class Record {
 public:
  explicit Record(int fd) : fd_(fd) {}
  void failure(const Failure& failure);
  void skipped(const std::string& reason);
  void command(const std::string& text);
  /// The case came to its end, after that many expectations.
  void done(std::size_t expectations);

 private:
  void write(const nlohmann::json& line);
  int fd_;
};

/// The reading end. `ending` says how the case's process ended where that was not as it should be: a case
/// which neither came to its end nor failed an expectation fails with it. A case without expectations fails,
/// too.
Verdict read_record(int fd, const std::string& ending);

}  // namespace conformance
