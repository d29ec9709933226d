#include "runtime/shim/invocation.hpp"

#include <fmt/core.h>

#include "runtime/container/store.hpp"

namespace lodger::shim {
namespace {

using Action = Invocation::Action;

/// Addresses are written "unix:///run/..." or as the path alone.
std::string path_of(std::string address) {
  constexpr std::string_view scheme = "unix://";
  if (address.starts_with(scheme)) address.erase(0, scheme.size());
  return address;
}

Outcome<Action> action_named(std::span<const std::string_view> words) {
  if (words.size() == 1 && words[0] == "start") return Action::start;
  if (words.size() == 1 && words[0] == "delete") return Action::remove;
  return refuse(
      "wanted is \"start\" or \"delete\": containerd calls this program itself, once "
      "\"io.containerd.lodger.v2\" "
      "is the name of a runtime (docs/engines.md)",
      EINVAL);
}

/// It becomes a part of paths: one folder's name.
Outcome<> check_namespace(const std::string& name) {
  if (auto checked = container::check_id(name); !checked)
    return refuse(fmt::format("-namespace: {}", checked.error().text), EINVAL);
  return {};
}

}  // namespace

Outcome<Invocation> parse_invocation(cli::Words words, const char* (*environment)(const char*)) {
  Invocation out;
  bool version = false, info = false;
  std::string unused;
  const cli::Flag flags[] = {
      {"namespace", 0, "NAME", "", &out.name_space},
      {"id", 0, "ID", "", &out.id},
      {"bundle", 0, "DIR", "", &out.bundle},
      {"address", 0, "ADDRESS", "", &out.grpc_address},
      {"publish-binary", 0, "FILE", "", &unused},  // events go to containerd's socket
      {"socket", 0, "PATH", "", &unused},
      {"debug-socket", 0, "PATH", "", &unused},
      {"debug", 0, "", "", &out.debug},
      {"info", 0, "", "", &info},
      {"version", 'v', "", "", &version},
  };
  const auto given = TRY(cli::parse(words, flags, cli::Order::first));
  if (version || info) {
    out.action = version ? Action::version : Action::info;
    return out;
  }
  out.action = TRY(action_named(given.words));
  TRY(check_namespace(out.name_space));
  TRY(container::check_id(out.id));
  const auto variable = [&](const char* name) {
    const char* value = environment(name);
    return std::string(value ? value : "");
  };
  if (out.grpc_address.empty()) out.grpc_address = variable("GRPC_ADDRESS");
  out.ttrpc_address = path_of(variable("TTRPC_ADDRESS"));
  out.grpc_address = path_of(std::move(out.grpc_address));
  return out;
}

}  // namespace lodger::shim
