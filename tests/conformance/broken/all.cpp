#include "mutation.hpp"

namespace conformance::broken {

std::span<const std::span<const Mutation>> all_mutations() {
  static const std::array tables = {
      operation_mutations(), process_mutations(), config_mutations(), mount_mutations(),
      device_mutations(),    linux_mutations(),   cgroup_mutations(), network_mutations(),
      features_mutations(),  seccomp_mutations(),
  };
  return tables;
}

}  // namespace conformance::broken
