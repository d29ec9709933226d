// Whether a container may have the network that it asks for. Pure: the facts come from where they are found
// (runtime/container/policy_facts.hpp).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "runtime/policy/rules.hpp"

namespace lodger::policy {

/// What a container asks for.
struct Facts {
  Mode mode = Mode::none;
  std::string by;  // who says so, for the words: "--network host"
  /// Its lists: of ports to bind, in host mode; of those that a relay lets in, and out to the host.
  std::optional<std::vector<netmode::Ports>> bind, ports, to_host;
  bool private_abstract = false, user_namespace = false;
  bool net_admin = false, net_raw = false, sys_admin = false;  // in any of its sets of capabilities
  std::vector<netmode::Publication> published;                 // those that lead to it from the host
};

/// Refuses what one of the policies does: by its rule and file, with what helps and the modes that all of
/// them would allow instead. A list of ports to bind, or to let in, counts as one where "publish" allows all
/// of these ports: that is how they are published there.
Outcome<> judge(std::span<const Policy> policies, const Facts& facts);

/// Whether the annotation with this value may make `mode` of what would be `without` it. Asked before it is
/// done; without any policy, too.
Outcome<> judge_annotation(std::span<const Policy> policies, std::string_view value, Mode without, Mode mode);

}  // namespace lodger::policy
