// Whether a bundle can run here: as far as create goes before it makes anything.
#include <algorithm>

#include "cgroups/cgroup.hpp"
#include "runtime/check/check.hpp"
#include "runtime/container/bridge_network.hpp"
#include "runtime/container/port_check.hpp"
#include "runtime/container/prepare.hpp"
#include "runtime/container/relay_network.hpp"
#include "spec/check.hpp"

namespace lodger::check {
namespace {

Finding bad(const char* subject, const Failure& failure) {
  return {"bundle", subject, Verdict::bad, failure.text, ""};
}

/// What the host has to have for it: files, namespaces, cgroup controllers. Gives the warnings, or what hides
/// all that comes behind it; what hides nothing is noted.
Outcome<std::vector<std::string>> try_on_host(const container::CreateRequest& request,
                                              const container::Source& source, std::vector<Failure>& noted) {
  auto layout = TRY(cgroups::detect());
  auto prepared = TRY(container::prepare(request, source, layout, Failures(noted)));
  TRY(cgroups::Cgroup::check(layout, prepared.place, prepared.limits()));
  return std::move(prepared.built.warnings);
}

}  // namespace

std::vector<Finding> bundle(const container::Store& store, const container::CreateRequest& request) {
  std::vector<Finding> findings;
  const auto warn = [&](std::string_view text) {
    findings.push_back({"bundle", "warning", Verdict::limited, std::string(text), ""});
  };
  const auto source = container::read_bundle(store, request, warn);
  if (!source) {
    findings.push_back(bad("config.json", source.error()));
    return findings;
  }
  look_at_host_network(*source, findings);
  look_at_relay_network(*source, findings);
  const auto problems = spec::problems(source->config);
  for (const auto& problem : problems) findings.push_back(bad("config.json", problem));
  if (!source->config.linux) return findings;
  if (const auto secured = container::check_security(source->config); !secured)
    findings.push_back(bad("security", secured.error()));
  const bool sound = std::ranges::none_of(findings, [](const auto& f) { return f.verdict == Verdict::bad; });
  if (!sound) return findings;  // a plan is made of what is sound alone
  std::vector<Failure> failures;
  if (const auto free = container::check_ports(store, source->network, warn); !free)
    failures.push_back(free.error());
  // Starts lodger-network, and makes nothing.
  if (const auto bridged = container::BridgeNetwork::plan({store, source->network, warn}); !bridged)
    failures.push_back(bridged.error());
  if (const auto relayed = container::RelayNetwork::check(*source, warn); !relayed)
    failures.push_back(relayed.error());
  const auto tried = try_on_host(request, *source, failures);
  if (!tried) failures.push_back(tried.error());
  for (const auto& failure : failures) findings.push_back(bad("host", failure));
  if (tried)
    for (const auto& warning : *tried) warn(warning);
  if (failures.empty()) findings.push_back({"bundle", source->bundle, Verdict::good, "can run here", ""});
  return findings;
}

}  // namespace lodger::check
