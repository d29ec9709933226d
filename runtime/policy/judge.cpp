#include "runtime/policy/judge.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "netmode/record.hpp"
#include "runtime/policy/load.hpp"

namespace lodger::policy {
namespace {

using netmode::Ports;

/// Modes that lodger has under these names, those first that are closest to the host's network.
constexpr Mode offered[] = {Mode::relay, Mode::bridge, Mode::host, Mode::none};

/// Whether all of `wanted` is in the list, be it in several of its ranges.
bool covers(std::vector<Ports> list, const Ports& wanted) {
  std::erase_if(list, [&](const Ports& one) { return one.protocol != wanted.protocol; });
  std::ranges::sort(list, {}, &Ports::range);
  std::uint32_t next = wanted.range.first;
  for (const auto& one : list)
    if (one.range.first <= next && next <= one.range.last) next = one.range.last + 1U;
  return next > wanted.range.last;
}

/// The host's ports that it may come to. One of the host's choice can be any.
Ports host_side(const netmode::Publication& one) {
  return {one.host.first ? one.host : netmode::PortRange{1, 65535}, one.protocol};
}

std::string told(const std::vector<Ports>& ports) {
  std::vector<std::string> texts;
  for (const auto& one : ports) texts.push_back(netmode::to_text(one));
  return fmt::format("{}", fmt::join(texts, ", "));
}

bool may_publish(const Rules& rules, const std::vector<Ports>& ports) {
  return !rules.publish ||
         std::ranges::all_of(ports, [&](const Ports& one) { return covers(*rules.publish, one); });
}

bool holds(Condition condition, const Rules& rules, const Facts& facts) {
  switch (condition) {
    case Condition::bind: return facts.bind && may_publish(rules, *facts.bind);
    case Condition::ports: return facts.ports && may_publish(rules, *facts.ports);
    case Condition::to_host: return facts.to_host.has_value();
    case Condition::private_abstract: return facts.private_abstract;
    case Condition::user_namespace: return facts.user_namespace;
    case Condition::no_net_admin: return !facts.net_admin;
    case Condition::no_net_raw: return !facts.net_raw;
    case Condition::no_sys_admin: return !facts.sys_admin;
  }
  __builtin_unreachable();
}

bool allows(const Rules& rules, const Facts& facts) {
  const auto* rule = rules.about(facts.mode);
  if (!rule || !rule->denied) return true;
  return !rule->unless.empty() &&
         std::ranges::all_of(rule->unless, [&](Condition one) { return holds(one, rules, facts); });
}

/// Of a list that is not there, or has what may not be published.
std::string help_for(const std::optional<std::vector<Ports>>& list, const Rules& rules, std::string_view what,
                     std::string_view option) {
  if (!list) return fmt::format("it has no list of ports to {} (--network {}=PORTS)", what, option);
  return fmt::format("its list of ports to {} ({}) has some that \"network.publish\" has not ({})", what,
                     told(*list), told(*rules.publish));
}

/// What is missing, and how it is had.
std::string help(Condition condition, const Rules& rules, const Facts& facts) {
  constexpr const char* capability = "{} is among its process.capabilities, and must not be";
  switch (condition) {
    case Condition::bind: return help_for(facts.bind, rules, "bind", "host,bind");
    case Condition::ports: return help_for(facts.ports, rules, "let in", "relay,ports");
    case Condition::to_host:
      return "it has no list of the host's ports to let out to (--network relay,to-host=PORTS)";
    case Condition::private_abstract:
      return "the host's abstract sockets are within its reach (--network host,private-abstract)";
    case Condition::user_namespace: return "it has no user namespace (linux.namespaces)";
    case Condition::no_net_admin: return fmt::format(capability, "CAP_NET_ADMIN");
    case Condition::no_net_raw: return fmt::format(capability, "CAP_NET_RAW");
    case Condition::no_sys_admin: return fmt::format(capability, "CAP_SYS_ADMIN");
  }
  __builtin_unreachable();
}

/// The modes that this container may have as it is.
std::string instead(std::span<const Policy> policies, const Facts& facts) {
  std::vector<std::string> modes;
  for (const auto mode : offered) {
    auto other = facts;
    other.mode = mode;
    const bool allowed =
        std::ranges::all_of(policies, [&](const auto& one) { return allows(one.rules, other); });
    if (mode != facts.mode && allowed) modes.push_back(fmt::format("--network {}", name_of(mode)));
  }
  return fmt::format("{}", fmt::join(modes, ", "));
}

Outcome<> judge_mode(const Policy& policy, std::span<const Policy> policies, const Facts& facts) {
  if (allows(policy.rules, facts)) return {};
  std::vector<std::string> missing;
  for (const auto condition : policy.rules.about(facts.mode)->unless)
    if (!holds(condition, policy.rules, facts)) missing.push_back(help(condition, policy.rules, facts));
  return refuse(
      fmt::format(
          "network mode {} (by {}) is denied by the rule \"network.{}\" of {}{}{}; allowed instead: {}",
          name_of(facts.mode), facts.by, name_of(facts.mode), policy.file, missing.empty() ? "" : ": ",
          fmt::join(missing, "; "), instead(policies, facts)),
      EPERM);
}

Outcome<> judge_ports(const Policy& policy, const Facts& facts) {
  const auto& allowed = policy.rules.publish;
  if (!allowed) return {};
  const auto refused = [&](std::string_view what) {
    return refuse(fmt::format("{} against the rule \"network.publish\" of {}; allowed instead: {}", what,
                              policy.file, allowed->empty() ? "no published port at all" : told(*allowed)),
                  EPERM);
  };
  if (facts.mode == Mode::relay && !holds(Condition::ports, policy.rules, facts))
    return refused(fmt::format("network mode relay (by {}): {},", facts.by,
                               help(Condition::ports, policy.rules, facts)));
  for (const auto& one : facts.published) {
    if (covers(*allowed, host_side(one))) continue;
    return refused(fmt::format("{}: published{}", netmode::to_text(one),
                               one.host.first ? "" : " on a port of the host's choice"));
  }
  return {};
}

/// Off the host's stack, to where less is shared; or where the container would be anyway. Two stacks that are
/// joined are not the same one for that.
bool narrows(Mode without, Mode mode) {
  return mode != Mode::joined && (without == mode || without == Mode::host);
}

}  // namespace

Outcome<> judge(std::span<const Policy> policies, const Facts& facts) {
  for (const auto& policy : policies) {
    TRY(judge_mode(policy, policies, facts));
    TRY(judge_ports(policy, facts));
  }
  return {};
}

Outcome<> judge_annotation(std::span<const Policy> policies, std::string_view value, Mode without,
                           Mode mode) {
  const Policy nobodys;
  for (const auto& [file, rules] : policies.empty() ? std::span(&nobodys, 1) : policies) {
    const bool narrow = rules.annotations == Annotations::narrow;
    if (rules.annotations == Annotations::allow || (narrow && narrows(without, mode))) continue;
    const auto source =
        file.empty() ? "without a policy" : fmt::format("by the rule \"network.annotations\" of {}", file);
    return refuse(
        fmt::format(
            "annotation {}mode \"{}\": {} an annotation {}, since images can bring one; allowed instead: the "
            "flag --network {}{}",
            netmode::annotation_prefix, value, source,
            narrow ? "may take a container off the host's network, and choose no other mode"
                   : "may not choose the mode",
            value,
            file.empty() ? fmt::format(", or \"annotations\": \"allow\" in {}", administrators_file) : ""),
        EPERM);
  }
  return {};
}

}  // namespace lodger::policy
