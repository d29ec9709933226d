#include "spec/state.hpp"

#include "spec/defaults.hpp"
#include "spec/json_writer.hpp"

namespace lodger::spec {

namespace {

void write(JsonWriter& out, const State& state) {
  out.open('{').key("ociVersion").text(oci_version).key("id").text(state.id).key("status").text(state.status);
  if (state.pid != 0) out.key("pid").number(state.pid);
  out.key("bundle").text(state.bundle);
  if (!state.annotations.empty()) {
    out.key("annotations").open('{');
    for (const auto& [key, value] : state.annotations) out.key(key).text(value);
    out.close('}');
  }
  out.close('}');
}

}  // namespace

std::string to_json(const State& state) {
  JsonWriter out;
  write(out, state);
  return out.str();
}

std::string to_json(const ProcessState& state) {
  constexpr std::string_view names[] = {"seccompFd"};
  JsonWriter out;
  out.open('{').key("ociVersion").text(oci_version).key("fds").texts(names).key("pid").number(state.pid);
  if (!state.metadata.empty()) out.key("metadata").text(state.metadata);
  write(out.key("state"), state.state);
  return out.close('}').str();
}

}  // namespace lodger::spec
