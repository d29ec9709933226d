#include "report.hpp"

#include <unistd.h>

namespace conformance {

void Totals::add(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::passed: ++passed; return;
    case Verdict::Kind::failed: ++failed; return;
    case Verdict::Kind::skipped: ++skipped; return;
    case Verdict::Kind::known: ++known; return;
  }
}

std::unique_ptr<Report> report_named(std::string_view format, std::FILE* out) {
  if (format == "pretty") return pretty_report(out, isatty(fileno(out)) != 0);
  if (format == "tap") return tap_report(out);
  if (format == "junit") return junit_report(out);
  return nullptr;
}

std::string summary(const Totals& t) {
  std::string text = std::to_string(t.passed) + " passed, " + std::to_string(t.failed) + " failed, " +
                     std::to_string(t.skipped) + " skipped";
  if (t.known > 0) text += ", " + std::to_string(t.known) + " known to fail";
  return text;
}

std::string cited(const Clause& clause) {
  return std::string(clause.document) + ", " + std::string(clause.section) + ": " +
         std::string(to_string(clause.level));
}

}  // namespace conformance
