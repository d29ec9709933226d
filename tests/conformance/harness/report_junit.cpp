#include <vector>

#include "report.hpp"

namespace conformance {
namespace {

/// XML 1.0: five characters are written as entities, and most control characters cannot be written at all.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
    }
  return out;
}

struct Suite {
  std::string name;
  Totals totals;
  double seconds = 0;
  std::string cases;
};

std::size_t count(const Totals& t) { return t.passed + t.failed + t.skipped + t.known; }

class Junit final : public Report {
 public:
  explicit Junit(std::FILE* out) : out_(out) {}

  void begin(std::size_t) override {}

  void add(const Case& test, const Verdict& verdict) override {
    Suite& suite = suite_of(test.clause.document);
    suite.totals.add(verdict);
    suite.seconds += verdict.seconds;
    suite.cases += "    <testcase classname=\"" + escaped(test.clause.document) + "." +
                   escaped(test.clause.section) + "\" name=\"" + escaped(test.full_name()) + "\" time=\"" +
                   std::to_string(verdict.seconds) + "\">" + outcome(test, verdict) + "</testcase>\n";
  }

  void end(const Totals& t) override {
    std::fprintf(out_,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\" "
                 "skipped=\"%zu\">\n",
                 count(t), t.failed, t.skipped + t.known);
    for (const Suite& s : suites_)
      std::fprintf(out_,
                   "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" "
                   "time=\"%.3f\">\n"
                   "%s  </testsuite>\n",
                   escaped(s.name).c_str(), count(s.totals), s.totals.failed,
                   s.totals.skipped + s.totals.known, s.seconds, s.cases.c_str());
    std::fprintf(out_, "</testsuites>\n");
  }

 private:
  Suite& suite_of(std::string_view name) {
    for (Suite& suite : suites_)
      if (suite.name == name) return suite;
    return suites_.emplace_back(Suite{.name = std::string(name)});
  }

  static std::string outcome(const Case& test, const Verdict& verdict) {
    if (verdict.kind == Verdict::Kind::passed) return "";
    if (verdict.kind == Verdict::Kind::skipped)
      return "<skipped message=\"" + escaped(verdict.reason) + "\"/>";
    std::string text = verdict.kind == Verdict::Kind::known ? "known to fail\n" : "";
    for (const Failure& f : verdict.failures)
      text += f.what + "\n  expected: " + f.expected + "\n  saw: " + f.saw + "\n";
    for (const auto& command : verdict.commands) text += "$ " + command + "\n";
    if (verdict.kind == Verdict::Kind::known) return "<skipped message=\"" + escaped(text) + "\"/>";
    return "<failure type=\"" + std::string(to_string(test.clause.level)) + "\" message=\"" +
           escaped(cited(test.clause) + ": " + std::string(test.clause.text)) + "\">" + escaped(text) +
           "</failure>";
  }

  std::FILE* out_;
  std::vector<Suite> suites_;
};

}  // namespace

std::unique_ptr<Report> junit_report(std::FILE* out) { return std::make_unique<Junit>(out); }

}  // namespace conformance
