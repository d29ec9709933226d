#include "netmode/powers.hpp"

#include <algorithm>

namespace lodger::netmode {

bool is_granted(const spec::Config& config, std::string_view capability) {
  if (!config.process || !config.process->capabilities) return false;
  const auto& sets = *config.process->capabilities;
  return std::ranges::any_of(
      std::initializer_list<const std::vector<std::string>*>{
          &sets.bounding, &sets.effective, &sets.inheritable, &sets.permitted, &sets.ambient},
      [&](const auto* set) { return std::ranges::count(*set, capability) > 0; });
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
