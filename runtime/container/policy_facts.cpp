#include "runtime/container/policy_facts.hpp"

#include <fmt/core.h>

#include "kernel/file.hpp"
#include "kernel/procfs.hpp"
#include "netmode/powers.hpp"
#include "runtime/plan/caller.hpp"

namespace lodger::container {
namespace {

using policy::Mode;

constexpr const char* machines = "/proc/1/ns/net";

/// An engine in a network namespace of its own starts lodger there: a path to the machine's stack is then one
/// to another's. Fails where it cannot be seen: there is no /proc, or a security module is against it.
kernel::Result<bool> is_machines(const netmode::Identity& stack) {
  const auto first = TRY(kernel::status(kernel::cwd, machines, 0));
  return netmode::identity_of(first) == stack;
}

/// Where it cannot be seen: whether it can be the machine's, to be joined. That takes CAP_SYS_ADMIN in the
/// first user namespace (setns(2)), and no right over the first process where a path such as /run/netns/NAME
/// leads there.
Outcome<bool> may_join_machines() { return TRY(plan::look_at_caller()).privileged; }

/// Where an annotation leads to may be anywhere, the host's stack included: what came of it is judged as
/// well.
Mode mode_of(netmode::Kind kind) {
  switch (kind) {
    case netmode::Kind::host: return Mode::host;
    case netmode::Kind::bridge: return Mode::bridge;
    case netmode::Kind::relay: return Mode::relay;
    case netmode::Kind::none: return Mode::none;
    case netmode::Kind::bundle:
    case netmode::Kind::path:
    case netmode::Kind::container: return Mode::joined;
  }
  __builtin_unreachable();
}

/// The host's only where that is certain.
Mode mode_of(const netmode::Place& place) {
  if (place.host || (place.joined && is_machines(*place.joined).value_or(false))) return Mode::host;
  return place.joined ? Mode::joined : Mode::none;
}

std::string chosen_by(const CreateRequest& request, const Source& source) {
  if (!request.network.empty()) return fmt::format("--network {}", request.network);
  return source.network.by_annotation ? fmt::format("annotation {}mode", netmode::annotation_prefix)
                                      : "the bundle's linux.namespaces";
}

Mode mode_of(const Source& source) {
  const auto& network = source.network;
  if (!network.bridge.empty()) return Mode::bridge;
  return network.relay ? Mode::relay : mode_of(netmode::Place{network.host, network.joined});
}

/// A stack of which nobody can say that it is not the host's counts as the host's.
Outcome<> suspect(const netmode::Identity& stack, policy::Facts& facts) {
  const auto seen = explained(is_machines(stack), machines);
  const bool may_be = seen ? *seen : TRY(may_join_machines());
  if (!may_be) return {};
  facts.mode = Mode::host;
  if (!seen) facts.by += fmt::format(", which may be the host's: {}", seen.error().text);
  return {};
}

/// What is discarded leads nowhere.
std::vector<netmode::Publication> published(const netmode::Decision& network) {
  if (!network.maps_ports()) return {};
  auto all = network.publications;
  if (network.publish_all)
    for (const auto& ports : network.exposed) all.push_back({"", {}, ports.range, ports.protocol});
  return all;
}

}  // namespace

std::function<Outcome<>(std::string_view, const netmode::Mode&, const netmode::Place&)> annotations_judge(
    const std::vector<policy::Policy>& policies) {
  return [&](std::string_view value, const netmode::Mode& mode, const netmode::Place& bundle) {
    return policy::judge_annotation(policies, value, mode_of(bundle), mode_of(mode.kind));
  };
}

Outcome<policy::Facts> policy_facts(const CreateRequest& request, const Source& source) {
  const auto& config = source.config;
  policy::Facts facts;
  facts.mode = mode_of(source);
  facts.by = chosen_by(request, source);
  if (facts.mode == Mode::joined) TRY(suspect(*source.network.joined, facts));
  facts.bind = source.network.options.bind;
  if (const auto& relay = source.network.relay) {
    facts.ports = relay->ports;
    facts.to_host = relay->to_host;
  }
  facts.private_abstract = source.network.options.private_abstract;
  facts.user_namespace = (config.linux && config.linux->find(spec::NamespaceType::user)) ||
                         TRY(explained(kernel::in_user_namespace(), "looking for a user namespace"));
  facts.net_admin = netmode::is_granted(config, "CAP_NET_ADMIN");
  facts.net_raw = netmode::is_granted(config, "CAP_NET_RAW");
  facts.sys_admin = netmode::is_granted(config, "CAP_SYS_ADMIN");
  facts.published = published(source.network);
  return facts;
}

}  // namespace lodger::container
