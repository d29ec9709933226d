#include "spec/state.hpp"

#include "spec/defaults.hpp"
#include "spec/json_writer.hpp"

namespace lodger::spec {

std::string to_json(const State& state) {
  JsonWriter out;
  out.open('{').key("ociVersion").text(oci_version).key("id").text(state.id).key("status").text(state.status);
  if (state.pid != 0) out.key("pid").number(state.pid);
  out.key("bundle").text(state.bundle);
  if (!state.annotations.empty()) {
    out.key("annotations").open('{');
    for (const auto& [key, value] : state.annotations) out.key(key).text(value);
    out.close('}');
  }
  return out.close('}').str();
}

}  // namespace lodger::spec
