#include <nlohmann/json.hpp>

#include "report.hpp"

namespace conformance {
namespace {

/// A JSON string is a YAML string.
std::string scalar(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class Tap final : public Report {
 public:
  explicit Tap(std::FILE* out) : out_(out) {}

  void begin(std::size_t cases) override { std::fprintf(out_, "TAP version 13\n1..%zu\n", cases); }

  void add(const Case& test, const Verdict& verdict) override {
    const bool known = verdict.kind == Verdict::Kind::known;
    const bool failed = known || verdict.kind == Verdict::Kind::failed;
    std::fprintf(out_, "%s %zu - %s", failed ? "not ok" : "ok", ++number_, test.full_name().c_str());
    if (verdict.kind == Verdict::Kind::skipped) std::fprintf(out_, " # SKIP %s", verdict.reason.c_str());
    if (known) std::fprintf(out_, " # TODO known to fail");
    std::fputc('\n', out_);
    if (failed) diagnose(test.clause, verdict);
    std::fflush(out_);
  }

  void end(const Totals& t) override { std::fprintf(out_, "# %s\n", summary(t).c_str()); }

 private:
  void diagnose(const Clause& clause, const Verdict& verdict) {
    std::fprintf(out_, "  ---\n  clause: %s\n  text: %s\n  failures:\n", scalar(cited(clause)).c_str(),
                 scalar(clause.text).c_str());
    for (const Failure& f : verdict.failures)
      std::fprintf(out_, "    - what: %s\n      expected: %s\n      saw: %s\n", scalar(f.what).c_str(),
                   scalar(f.expected).c_str(), scalar(f.saw).c_str());
    if (!verdict.commands.empty()) std::fprintf(out_, "  commands:\n");
    for (const auto& command : verdict.commands) std::fprintf(out_, "    - %s\n", scalar(command).c_str());
    std::fprintf(out_, "  ...\n");
  }

  std::FILE* out_;
  std::size_t number_ = 0;
};

}  // namespace

std::unique_ptr<Report> tap_report(std::FILE* out) { return std::make_unique<Tap>(out); }

}  // namespace conformance
