#include "runtime/policy/rules.hpp"

#include <fmt/ranges.h>

#include "netmode/record.hpp"

namespace lodger::policy {
namespace {

std::string told(const Rule& rule) {
  if (!rule.denied) return "allowed";
  if (rule.unless.empty()) return "denied";
  std::vector<std::string_view> names;
  for (const auto condition : rule.unless) names.push_back(name_of(condition));
  return fmt::format("denied unless it has all of: {}", fmt::join(names, ", "));
}

std::string told(const std::optional<std::vector<netmode::Ports>>& ports) {
  if (!ports) return "all ports";
  if (ports->empty()) return "no port";
  std::vector<std::string> texts;
  for (const auto& one : *ports) texts.push_back(netmode::to_text(one));
  return fmt::format("{} alone", fmt::join(texts, ", "));
}

std::string told(Annotations annotations) {
  switch (annotations) {
    case Annotations::deny: return "may not choose a mode";
    case Annotations::narrow: return "may take a container off the host's network, and choose no other mode";
    case Annotations::allow: return "may choose any mode that is allowed";
  }
  __builtin_unreachable();
}

}  // namespace

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::host: return "host";
    case Mode::bridge: return "bridge";
    case Mode::relay: return "relay";
    case Mode::none: return "none";
    case Mode::joined: return "joined";
  }
  __builtin_unreachable();
}

std::string_view name_of(Condition condition) {
  switch (condition) {
    case Condition::bind: return "bind";
    case Condition::private_abstract: return "private-abstract";
    case Condition::ports: return "ports";
    case Condition::to_host: return "to-host";
    case Condition::user_namespace: return "user-namespace";
    case Condition::no_net_admin: return "no-CAP_NET_ADMIN";
    case Condition::no_net_raw: return "no-CAP_NET_RAW";
    case Condition::no_sys_admin: return "no-CAP_SYS_ADMIN";
  }
  __builtin_unreachable();
}

bool concerns(Condition condition, Mode mode) {
  switch (condition) {
    case Condition::bind:
    case Condition::private_abstract: return mode == Mode::host;
    case Condition::ports:
    case Condition::to_host: return mode == Mode::relay;
    default: return true;
  }
}

const Rule* Rules::about(Mode mode) const {
  switch (mode) {
    case Mode::host: return &host;
    case Mode::bridge: return &bridge;
    case Mode::relay: return &relay;
    case Mode::none:
    case Mode::joined: return nullptr;
  }
  __builtin_unreachable();
}

std::vector<Said> told(const Rules& rules) {
  return {{"host", told(rules.host), rules.host.denied},
          {"bridge", told(rules.bridge), rules.bridge.denied},
          {"relay", told(rules.relay), rules.relay.denied},
          {"publish", told(rules.publish), rules.publish.has_value()},
          {"annotations", told(rules.annotations), rules.annotations == Annotations::deny}};
}

}  // namespace lodger::policy
