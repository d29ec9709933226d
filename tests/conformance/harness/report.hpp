// Verdicts as text, one class for each format. Everything goes to stdout.
#pragma once
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "case.hpp"
#include "record.hpp"

namespace conformance {

struct Totals {
  std::size_t passed = 0, failed = 0, skipped = 0, known = 0;
  void add(const Verdict& verdict);
};

class Report {
 public:
  virtual ~Report() = default;
  virtual void begin(std::size_t cases) = 0;
  virtual void add(const Case& test, const Verdict& verdict) = 0;
  virtual void end(const Totals& totals) = 0;
};

std::unique_ptr<Report> pretty_report(std::FILE* out, bool colour);
/// TAP version 13, a YAML block for each failure.
std::unique_ptr<Report> tap_report(std::FILE* out);
/// JUnit XML, a suite for each document.
std::unique_ptr<Report> junit_report(std::FILE* out);

/// Nothing where no format has the name.
std::unique_ptr<Report> report_named(std::string_view format, std::FILE* out);

/// "3 passed, 0 failed, 1 skipped", and the known failures where there are any.
std::string summary(const Totals& totals);

/// "runtime.md, Kill: MUST".
std::string cited(const Clause& clause);

}  // namespace conformance
