#include "runtime/shim/bootstrap.hpp"

#include <fmt/core.h>
#include <sys/types.h>
// Behind it: the header has no includes of its own.
#include <sha256.h>

#include <array>

#include "runtime/container/query.hpp"

namespace lodger::shim {
namespace {

constexpr const char* group_annotations[] = {"io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id"};

std::string sha256(std::string_view text) {
  std::array<char, SHA256_DIGEST_STRING_LENGTH> digest{};
  ::SHA256Data(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digest.data());
  return digest.data();
}

}  // namespace

Outcome<Bootstrap> read_bootstrap(std::string_view input, const Invocation& invocation) {
  Bootstrap out;
  out.ttrpc_address = invocation.ttrpc_address;
  out.grpc_address = invocation.grpc_address;
  const auto params = wire::decode<wire::BootstrapParams>(input);
  out.modern = params && params->instance_id == invocation.id && params->name_space == invocation.name_space;
  if (!out.modern) {
    out.options = TRY(wire::decode<wire::Any>(input));
    return out;
  }
  for (const auto& extension : params->extensions)
    if (extension.value && extension.value->type_url.ends_with(".Options")) out.options = *extension.value;
  if (!params->ttrpc_address.empty()) out.ttrpc_address = params->ttrpc_address;
  if (!params->grpc_address.empty()) out.grpc_address = params->grpc_address;
  if (!params->socket_dir.empty()) out.socket_folder = params->socket_dir;
  return out;
}

Outcome<std::string> group_of(std::string_view config, const std::string& id) {
  const auto annotations = TRY(container::annotations_of(config));
  for (const auto* name : group_annotations)
    if (const auto found = annotations.find(name); found != annotations.end() && !found->second.empty())
      return found->second;
  return id;
}

std::string socket_path(const Bootstrap& bootstrap, const std::string& name_space, const std::string& group) {
  return fmt::format("{}/{}", bootstrap.socket_folder,
                     sha256(fmt::format("{}/{}/{}", bootstrap.grpc_address, name_space, group)));
}

std::string bootstrap_answer(const Bootstrap& bootstrap, const std::string& socket) {
  auto address = "unix://" + socket;
  if (!bootstrap.modern) return address;
  return wire::encode(wire::BootstrapResult{3, std::move(address), "ttrpc"});
}

}  // namespace lodger::shim
