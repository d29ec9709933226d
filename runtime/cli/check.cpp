#include "runtime/check/check.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "runtime/cli/creation.hpp"
#include "spec/json_writer.hpp"

namespace lodger::cli {
namespace {

using check::Finding;
using check::Verdict;

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::good: return "ok";
    case Verdict::limited: return "limited";
    case Verdict::bad: return "bad";
  }
  return "";
}

std::string table(const std::vector<Finding>& findings) {
  std::string out, topic;
  for (const auto& finding : findings) {
    if (finding.topic != topic) out += fmt::format("{}{}\n", topic.empty() ? "" : "\n", finding.topic);
    topic = finding.topic;
    out += fmt::format("  {:<8} {:<21} {}{}{}\n", word(finding.verdict), finding.subject, finding.found,
                       finding.consequence.empty() ? "" : ": ", finding.consequence);
  }
  return out;
}

std::string document(const std::vector<Finding>& findings) {
  spec::JsonWriter out(2);
  out.open('[');
  for (const auto& finding : findings) {
    out.open('{').key("topic").text(finding.topic).key("subject").text(finding.subject);
    out.key("verdict").text(word(finding.verdict)).key("found").text(finding.found);
    out.key("consequence").text(finding.consequence).close('}');
  }
  out.close(']');
  return out.str() + '\n';
}

}  // namespace

Outcome<int> check_machine(const Context& context, Words words) {
  container::CreateRequest request;
  request.bundle.clear();
  std::string format = "table", draft;
  std::vector<Flag> flags{
      {"bundle", 'b', "DIR", "tell also whether this bundle can run here", &request.bundle},
      {"policy", 0, "FILE", "tell whether this policy is understood, and judge the bundle by it too",
       Filled{&draft}},
      {"format", 'f', "table|json", "how to print the findings", &format}};
  add_network_flags(flags, request);
  const Usage usage{
      "check", "",
      "Tells what this machine's kernel, cgroups and security modules allow, line by line with what "
      "follows\nfrom it. Nothing is made or changed. Fails when no container, or not this bundle, can run.",
      0, 0};
  if (!TRY(arguments(context, words, usage, flags))) return 0;
  TRY(one_of("format", format, {"table", "json"}));
  take_globals(context.globals, request);
  if (!draft.empty()) request.policy = TRY(absolute("policy", draft));
  auto findings = check::machine();
  check::look_at_policy(context.globals.policy, findings);
  if (!draft.empty()) check::look_at_draft(request.policy, findings);
  if (!request.bundle.empty()) {
    const auto more = check::bundle(context.store, request);
    findings.insert(findings.end(), more.begin(), more.end());
  }
  TRY(print(format == "json" ? document(findings) : table(findings)));
  return std::ranges::count(findings, Verdict::bad, &Finding::verdict) ? 1 : 0;
}

}  // namespace lodger::cli
