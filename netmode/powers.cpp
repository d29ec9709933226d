#include "netmode/powers.hpp"

#include <algorithm>

namespace lodger::netmode {

bool is_granted(const spec::Config& config, std::string_view capability) {
  if (!config.process || !config.process->capabilities) return false;
  const auto& sets = *config.process->capabilities;
  return std::ranges::count(sets.permitted, capability) || std::ranges::count(sets.bounding, capability);
}

std::vector<const Power*> powers_of(const spec::Config& config) {
  const auto has = [&](spec::NamespaceType type) { return config.linux && config.linux->find(type); };
  std::vector<const Power*> out;
  if (has(spec::NamespaceType::user)) return out;
  for (const auto& power : powers)
    if (is_granted(config, power.capability) && !(power.by_processes && has(spec::NamespaceType::pid)))
      out.push_back(&power);
  return out;
}

}  // namespace lodger::netmode
