#include "report.hpp"

namespace conformance {
namespace {

class Pretty final : public Report {
 public:
  Pretty(std::FILE* out, bool colour) : out_(out), colour_(colour) {}

  void begin(std::size_t) override {}

  void add(const Case& test, const Verdict& verdict) override {
    const std::string heading = std::string(test.clause.document) + ", " + std::string(test.clause.section);
    if (heading != heading_)
      std::fprintf(out_, "%s%s\n", heading_.empty() ? "" : "\n", bold(heading).c_str());
    heading_ = heading;
    switch (verdict.kind) {
      case Verdict::Kind::passed: return line(test, "pass", "32", "");
      case Verdict::Kind::skipped: return line(test, "skip", "33", "  (" + verdict.reason + ")");
      case Verdict::Kind::known: line(test, "known", "33", ""); break;
      case Verdict::Kind::failed: line(test, "FAIL", "31", ""); break;
    }
    explain(test.clause, verdict);
  }

  void end(const Totals& totals) override { std::fprintf(out_, "\n%s\n", summary(totals).c_str()); }

 private:
  void explain(const Clause& clause, const Verdict& verdict) {
    std::fprintf(out_, "         %s\n", quoted(clause).c_str());
    for (const Failure& f : verdict.failures)
      std::fprintf(out_, "         %s\n           expected: %s\n           saw:      %s\n", f.what.c_str(),
                   f.expected.c_str(), f.saw.c_str());
    for (const auto& command : verdict.commands) std::fprintf(out_, "         $ %s\n", command.c_str());
  }

  std::string bold(const std::string& text) const { return colour_ ? "\033[1m" + text + "\033[0m" : text; }
  static std::string quoted(const Clause& clause) {
    return std::string(to_string(clause.level)) + ": \"" + std::string(clause.text) + "\"";
  }
  void line(const Case& test, const char* word, const char* colour, const std::string& more) {
    const std::string shown = colour_ ? std::string("\033[") + colour + "m" + word + "\033[0m" : word;
    std::fprintf(out_, "  %s  %s%s\n", shown.c_str(), test.full_name().c_str(), more.c_str());
    std::fflush(out_);
  }

  std::FILE* out_;
  bool colour_;
  std::string heading_;
};

}  // namespace

std::unique_ptr<Report> pretty_report(std::FILE* out, bool colour) {
  return std::make_unique<Pretty>(out, colour);
}

}  // namespace conformance
