// The administrator's word, as it is in force here; and a document that is not yet in force.
#include <fmt/core.h>

#include "runtime/check/check.hpp"
#include "runtime/policy/load.hpp"

namespace lodger::check {
namespace {

constexpr const char* topic = "policy";

/// Nothing starts under a document that cannot be read, trusted or understood.
Finding bad(const std::string& file, const Failure& why) { return {topic, file, Verdict::bad, why.text, ""}; }

void tell(const std::string& file, const std::string& text, std::string found,
          std::vector<Finding>& findings) {
  const auto rules = policy::parse(text, file);
  if (!rules) return findings.push_back(bad(file, rules.error()));
  findings.push_back({topic, file, Verdict::good, std::move(found), ""});
  for (auto& rule : policy::told(*rules))
    findings.push_back(
        {topic, rule.name, rule.limits ? Verdict::limited : Verdict::good, std::move(rule.words), ""});
}

void look_at(const std::string& file, std::vector<Finding>& findings) {
  const auto text = policy::read_trusted(file);
  if (!text) return findings.push_back(bad(file, text.error()));
  if (*text) return tell(file, **text, "in force", findings);
  findings.push_back(
      {topic, file, Verdict::good, "not there",
       "all network modes and ports are allowed, and an annotation may take a container off the host's "
       "network"});
}

}  // namespace

void look_at_policy(const std::string& callers, std::vector<Finding>& findings) {
  look_at(policy::administrators_file, findings);
  if (!callers.empty()) look_at(callers, findings);
}

void look_at_draft(const std::string& file, std::vector<Finding>& findings) {
  const auto text = container::read_file(file, container::Pipe::allowed);
  if (!text) return findings.push_back(bad(file, text.error()));
  tell(file, *text, "understood", findings);
  if (const auto trusted = policy::read_trusted(file); !trusted)
    findings.push_back(
        {topic, file, Verdict::limited, "as it lies there it would not do", trusted.error().text});
}

}  // namespace lodger::check
