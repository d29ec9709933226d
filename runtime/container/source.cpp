#include "runtime/container/source.hpp"

#include <fmt/core.h>
#include <stdlib.h>

#include <memory>

#include "kernel/file.hpp"
#include "runtime/container/bridge_network.hpp"
#include "runtime/container/deliver.hpp"
#include "runtime/container/notify.hpp"
#include "runtime/container/policy_facts.hpp"
#include "runtime/container/port_check.hpp"
#include "runtime/container/status.hpp"
#include "runtime/plan/own_namespaces.hpp"
#include "runtime/policy/load.hpp"
#include "runtime/security/labels.hpp"
#include "runtime/security/seccomp.hpp"
#include "spec/check.hpp"
#include "spec/parse.hpp"

namespace lodger::container {
namespace {

Outcome<std::string> canonical_bundle(const std::string& bundle) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(bundle.c_str(), nullptr), ::free);
  if (!real) return std::unexpected(explain(fmt::format("bundle {}", bundle), {"realpath", errno}));
  return std::string(real.get());
}

/// The network namespace of a container that runs, for --network container:ID.
Outcome<std::string> network_of(const Store& store, const std::string& id) {
  const auto named = [&](Failure why) {
    return refuse(fmt::format("--network container:{}: {}", id, why.text), why.code);
  };
  const auto folder = store.look(id);
  if (!folder) return named(folder.error());
  const auto record = folder->read();
  if (!record) return named(record.error());
  const bool lives = TRY(alive(*record));
  return lives ? fmt::format("/proc/{}/ns/net", record->pid)
               : Outcome<std::string>(named({"container not running", ESRCH}));
}

Outcome<netmode::Decision> apply_network(const Store& store, const CreateRequest& request,
                                         const std::vector<policy::Policy>& policies, spec::Config& config,
                                         const Notices& notices) {
  netmode::Request wishes;
  wishes.mode = TRY(netmode::parse_mode(request.network));
  wishes.publish = request.publish;
  wishes.publish_all = request.publish_all;
  wishes.userland_proxy = request.userland_proxy;
  wishes.may_annotate = annotations_judge(policies);
  wishes.namespace_of = [&](const std::string& id) { return network_of(store, id); };
  auto decision = TRY(netmode::apply(wishes, config));
  for (const auto& warning : decision.warnings) notices(warning);
  return decision;
}

/// In runc's words, which its callers know.
Failure no_bundle(const std::string& folder) {
  return {
      fmt::format("{}: JSON specification file config.json not found: no such file or directory; --bundle "
                  "names the folder that has it",
                  folder),
      ENOENT};
}

}  // namespace

Outcome<std::string> read_file(const std::string& path, Pipe pipe) {
  constexpr std::size_t most = 16U << 20;
  const auto file = TRY(explained(kernel::openat(kernel::cwd, path.c_str(), O_RDONLY | O_NONBLOCK), path));
  const auto what = TRY(explained(kernel::status(file.get()), path));
  const bool waits = pipe == Pipe::allowed && S_ISFIFO(what.st_mode);
  if (!S_ISREG(what.st_mode) && !waits) return refuse(fmt::format("{}: not a regular file", path), EINVAL);
  if (waits) TRY(explained(kernel::block(file.get(), true), path));
  // Files of procfs have no size, and some give nothing but their begin to a reader that comes back for more
  // (do_proc_dointvec()).
  constexpr std::size_t of_unknown_size = 4096;
  const auto size = what.st_size > 0 ? static_cast<std::size_t>(what.st_size) : of_unknown_size;
  std::string text(std::min(size, most) + 1, '\0');
  std::size_t used = 0;
  for (;;) {
    const auto n = TRY(explained(kernel::read(file.get(), std::span(text).subspan(used)), path));
    used += n;
    if (n == 0) break;
    if (used > most) return refuse(fmt::format("{}: larger than 16 MiB", path), EFBIG);
    if (used == text.size()) text.resize(2 * text.size());
  }
  text.resize(used);
  return text;
}

Outcome<Source> read_bundle(const Store& store, const CreateRequest& request, const Notices& notices) {
  Source source;
  source.bundle = TRY(canonical_bundle(request.bundle));
  auto text = read_file((source.bundle == "/" ? "" : source.bundle) + "/config.json");
  if (!text && text.error().code == ENOENT) return std::unexpected(no_bundle(source.bundle));
  source.text = TRY(std::move(text));
  std::vector<std::string> remarks;
  source.config = TRY(spec::parse(source.text, &remarks));
  for (const auto& remark : remarks) notices(remark);
  const auto policies = TRY(policy::in_force(request.policy));
  source.network = TRY(apply_network(store, request, policies, source.config, notices));
  plan::drop_own_namespaces(source.config);
  if (!policies.empty()) {
    const auto facts = TRY(policy_facts(request, source));
    TRY(policy::judge(policies, facts));
  }
  return source;
}

Outcome<> check_security(const spec::Config& config) {
  if (config.linux->seccomp) TRY(security::check_listener(*config.linux->seccomp));
  const auto& process = config.process;
  return security::check_labels(process ? process->apparmor_profile : "",
                                process ? process->selinux_label : "", config.linux->mount_label);
}

Outcome<Source> load(const Store& store, const CreateRequest& request, bool detached,
                     const Notices& notices) {
  TRY(check_id(request.id));
  auto source = TRY(read_bundle(store, request, notices));
  TRY(spec::check(source.config));
  auto& process = source.config.process;
  source.preserved = TRY(preserve(request.preserve_fds, process ? &*process : nullptr));
  TRY(check_terminal(request, source.config.process && source.config.process->terminal, detached));
  TRY(check_security(source.config));
  TRY(check_ports(store, source.network, notices));
  offer_names(store, request.id, source);
  TRY(offer_notify(store, request.id, source));
  return source;
}

}  // namespace lodger::container
