#include "runtime/cli/facts.hpp"
#include "runtime/shim/start.hpp"
#include "runtime/shim/wire/start.hpp"
#include "spec/defaults.hpp"

namespace lodger::shim {

std::string info() {
  const auto facts = cli::gather_facts();
  wire::RuntimeInfo out;
  out.name = "io.containerd.lodger.v2";
  out.version = wire::RuntimeVersion{facts.version, facts.commit};
  out.features = wire::Any{"types.containerd.io/opencontainers/runtime-spec/1/features/Features",
                           spec::features_document(facts)};
  return wire::encode(out);
}

}  // namespace lodger::shim
