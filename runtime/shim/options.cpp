#include "runtime/shim/options.hpp"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "runtime/container/source.hpp"

namespace lodger::shim {
namespace {

using wire::RuncOptions;

Outcome<Options> from(const RuncOptions& given) {
  const auto program = std::string_view(given.binary_name).substr(given.binary_name.rfind('/') + 1);
  if (!program.empty() && program != "lodger")
    return refuse(
        fmt::format("option BinaryName \"{}\": this shim starts containers itself, as lodger does; for "
                    "another runtime use that one's shim",
                    given.binary_name),
        EINVAL);
  Options out;
  out.no_pivot = given.no_pivot_root;
  out.no_new_keyring = given.no_new_keyring;
  out.io_uid = given.io_uid;
  out.io_gid = given.io_gid;
  out.root = given.root;
  out.shim_cgroup = given.shim_cgroup;
  return out;
}

/// The names are those of runc's options, as they stand in containerd's and Docker's configuration.
struct Named {
  std::string_view name;
  std::variant<bool RuncOptions::*, std::string RuncOptions::*, std::uint32_t RuncOptions::*> target;
};
constexpr Named names[] = {
    {"NoPivotRoot", &RuncOptions::no_pivot_root},
    {"NoNewKeyring", &RuncOptions::no_new_keyring},
    {"ShimCgroup", &RuncOptions::shim_cgroup},
    {"IoUid", &RuncOptions::io_uid},
    {"IoGid", &RuncOptions::io_gid},
    {"BinaryName", &RuncOptions::binary_name},
    {"Root", &RuncOptions::root},
    {"SystemdCgroup", &RuncOptions::systemd_cgroup},
    {"CriuImagePath", &RuncOptions::criu_image_path},
    {"CriuWorkPath", &RuncOptions::criu_work_path},
};

bool take(RuncOptions& into, bool RuncOptions::*target, const toml::node& value) {
  const auto found = value.value_exact<bool>();
  if (found) into.*target = *found;
  return found.has_value();
}
bool take(RuncOptions& into, std::string RuncOptions::*target, const toml::node& value) {
  const auto found = value.value_exact<std::string>();
  if (found) into.*target = *found;
  return found.has_value();
}
bool take(RuncOptions& into, std::uint32_t RuncOptions::*target, const toml::node& value) {
  const auto found = value.value_exact<std::int64_t>();
  if (!found || !std::in_range<std::uint32_t>(*found)) return false;
  into.*target = static_cast<std::uint32_t>(*found);
  return true;
}

Outcome<Options> from_toml(std::string_view text, const std::string& where) {
  const auto parsed = toml::parse(text);
  if (!parsed)
    return refuse(fmt::format("{}: line {}: {}", where, parsed.error().source().begin.line,
                              parsed.error().description()),
                  EINVAL);
  RuncOptions given;
  bool systemd_said = false;
  for (const auto& [key, value] : parsed.table()) {
    const auto known = std::ranges::find(names, key.str(), &Named::name);
    if (known == std::end(names))
      return refuse(fmt::format("{}: unknown option \"{}\"", where, key.str()), EINVAL);
    if (!std::visit([&](auto target) { return take(given, target, value); }, known->target))
      return refuse(fmt::format("{}: option \"{}\" has a value of another kind", where, key.str()), EINVAL);
    systemd_said |= known->name == "SystemdCgroup";
  }
  auto out = TRY(from(given));
  if (systemd_said) out.systemd_cgroup = given.systemd_cgroup;
  return out;
}

}  // namespace

Outcome<Options> decode_options(const wire::Any& any) {
  if (any.type_url.empty() && any.value.empty()) return Options{};
  const auto type = any.type_url.substr(any.type_url.rfind('/') + 1);  // npos + 1 is 0
  if (type == "containerd.runc.v1.Options") {
    const auto given = TRY(wire::decode<RuncOptions>(any.value));
    auto out = TRY(from(given));
    if (given.systemd_cgroup) out.systemd_cgroup = true;  // "false" is not sent: it cannot be told from none
    return out;
  }
  if (type == "containerd.linux.runc.CreateOptions") {
    const auto given = TRY(wire::decode<wire::RuncCreateOptions>(any.value));
    return from({given.no_pivot_root, given.no_new_keyring, given.shim_cgroup, given.io_uid, given.io_gid});
  }
  if (type == "runtimeoptions.v1.Options") {
    const auto given = TRY(wire::decode<wire::RuntimeOptions>(any.value));
    if (!given.config_body.empty()) return from_toml(given.config_body, "the runtime's options");
    if (given.config_path.empty()) return Options{};
    return from_toml(TRY(container::read_file(given.config_path)), given.config_path);
  }
  return refuse(fmt::format("options of the unknown type \"{}\"", any.type_url), EINVAL);
}

std::string state_root(const Options& options, const std::string& name_space) {
  return (options.root.empty() ? "/run/containerd/lodger" : options.root) + "/" + name_space;
}

}  // namespace lodger::shim
