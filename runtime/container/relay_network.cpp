#include "runtime/container/relay_network.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cgroups/manage.hpp"
#include "kernel/namespace.hpp"
#include "netmode/powers.hpp"
#include "netmode/relay/network.hpp"
#include "runtime/container/host_options.hpp"

namespace lodger::container {
namespace {

using netmode::Protocol;
using spec::NamespaceType;

/// What the container is going to serve by UDP, as far as anybody has said so.
std::vector<netmode::PortRange> declared_udp(const netmode::Decision& network) {
  std::vector<netmode::PortRange> ranges;
  for (const auto& one : network.publications)
    if (one.protocol == Protocol::udp) ranges.push_back(one.container);
  for (const auto& one : network.exposed)
    if (one.protocol == Protocol::udp) ranges.push_back(one.range);
  return ranges;
}

/// In place of the new one that the configuration asks for; by descriptor, whose name lives as long as we do.
Outcome<> name_network(Source& source, const kernel::Fd<kernel::Namespace>& network) {
  const auto status = TRY(explained(kernel::status(network.get()), "--network relay"));
  for (auto& entry : source.config.linux->namespaces)
    if (entry.type == NamespaceType::network) entry.path = fmt::format("/proc/self/fd/{}", network.get());
  source.network.joined = netmode::identity_of(status);
  return {};
}

/// A frame that the container writes itself may name the host's loopback, and pasta connects to what a frame
/// names: only who cannot write any is kept to a list.
Outcome<> check_narrowing(const netmode::relay::Options& options, const spec::Config& config) {
  if (!options.to_host) return {};
  for (const auto* capability : {"CAP_NET_RAW", "CAP_NET_ADMIN"})
    if (netmode::is_granted(config, capability))
      return refuse(
          fmt::format("--network relay,to-host: with {} the container could reach the host's loopback past "
                      "this list, by packets of its own making: leave the capability out "
                      "(process.capabilities; --cap-drop of engines), or the list",
                      capability),
          EPERM);
  return {};
}

/// The relay's process is root of the container's user namespace.
Outcome<> check_root(const spec::Linux& linux) {
  const auto* user = linux.find(NamespaceType::user);
  if (!user || !user->path.empty()) return {};
  for (const auto* map : {&linux.uid_mappings, &linux.gid_mappings})
    if (!map->empty() &&
        std::ranges::none_of(*map, [](const auto& one) { return one.container_id == 0 && one.size > 0; }))
      return refuse(
          "--network relay: the container's user namespace has no user and group 0 (linux.uidMappings, "
          "linux.gidMappings), which the relay runs as",
          EINVAL);
  return {};
}

/// Its remarks are notices.
Outcome<netmode::relay::Relay> planned(const Source& source, const Notices& notices, int interrupt) {
  const auto& network = source.network;
  TRY(check_narrowing(*network.relay, source.config));
  TRY(check_root(*source.config.linux));
  auto relay = TRY(netmode::relay::Relay::plan({*network.relay, declared_udp(network)}, interrupt));
  if (const auto remark = relay.remark(); !remark.empty()) notices(remark);
  return relay;
}

}  // namespace

cgroups::Place relay_place(const cgroups::Place& container, const std::string& id) {
  constexpr std::string_view mark = ":relay", scope = ".scope";
  auto place = container;
  if (place.path.empty()) return place;
  if (!place.unit) {
    place.path += mark;
    return place;
  }
  auto& unit = *place.unit;
  const auto name = unit.name.substr(0, unit.name.size() - scope.size());
  if (!unit.subgroup.empty()) place.path.resize(place.path.size() - unit.subgroup.size() - 1);
  place.path.resize(place.path.size() - unit.name.size());
  unit = {.name = fmt::format("{}{}{}", name, mark, scope),
          .slice = unit.slice,
          .description = fmt::format("relay of container {}", id),
          .user = unit.user};
  place.path += unit.name;
  return place;
}

Outcome<RelayNetwork> RelayNetwork::plan(Source& source, const Notices& notices, int interrupt) {
  RelayNetwork out;
  if (!source.network.relay) return out;
  out.interrupt_ = interrupt;
  out.notices_ = &notices;
  out.relay_ = TRY(planned(source, notices, interrupt));
  if (source.config.linux->find(NamespaceType::user)) return out;
  const auto maker =
      source.network.relay->to_host ? netmode::relay::Maker::apart : netmode::relay::Maker::anybody;
  out.network_ = TRY(netmode::relay::make_network(maker));
  TRY(name_network(source, out.network_));
  return out;
}

Outcome<> RelayNetwork::check(const Source& source, const Notices& notices) {
  if (source.network.relay) (void)TRY(planned(source, notices, -1));
  return {};
}

Outcome<RelayNetwork> RelayNetwork::again(const netmode::relay::Record& record, const Notices& notices) {
  RelayNetwork out;
  out.notices_ = &notices;
  out.relay_ = TRY(netmode::relay::Relay::plan({record.options, record.udp}));
  return out;
}

cgroups::Record RelayNetwork::intend(const cgroups::Layout& layout, cgroups::Place place) {
  if (!relay_) return {};
  place_ = std::move(place);
  return cgroups::Cgroup::intended(layout, place_);
}

Outcome<> RelayNetwork::look_at(pid_t pid) {
  if (!relay_ || network_) return {};
  const auto path = fmt::format("/proc/{}/ns/net", pid);
  network_ = TRY(explained(kernel::openat<kernel::Namespace>(kernel::cwd, path.c_str(), O_RDONLY), path));
  return {};
}

Outcome<> RelayNetwork::start(const cgroups::Layout& layout, pid_t pid) {
  if (!relay_) return {};
  TRY(look_at(pid));
  cgroup_ = TRY(cgroups::Cgroup::prepare(layout, place_, nullptr, interrupt_));
  TRY(relay_->start(network_, cgroup_->birthplace()));
  network_ = {};
  TRY(cgroup_->complete(relay_->record().process.pid));
  return rule_sockets();
}

/// Its sockets may have every port, those below 1024 without CAP_NET_BIND_SERVICE, and no packets of groups:
/// netmode/policy. Where that cannot be had (an ordinary user, no cgroup2, Linux before 5.12) it carries the
/// other ports, and what it is sent.
Outcome<> RelayNetwork::rule_sockets() {
  netmode::HostOptions every;
  every.bind = {{{1, 65535}, Protocol::tcp}, {{1, 65535}, Protocol::udp}};
  auto rules = TRY(netmode::policy::rules_of(every, {}));
  rules.unicast = true;
  auto policy = netmode::policy::Policy::load(rules);
  auto attached = policy ? enforce(*policy, *cgroup_) : std::unexpected(policy.error());
  if (attached)
    policy_ = std::move(*attached);
  else if (notices_)
    (*notices_)(
        fmt::format("--network relay: servers of the container on ports below 1024 cannot be let in, and "
                    "multicast cannot be kept out: {}",
                    attached.error().text));
  return {};
}

void RelayNetwork::write_to(Record& record) const {
  if (!relay_) return;
  record.relay = relay_->record();
  if (cgroup_) record.relay_cgroup = cgroup_->record();
}

void RelayNetwork::commit() {
  policy_.commit();
  if (cgroup_) cgroup_->commit();
  if (relay_) relay_->commit();
}

Outcome<> leave_relay(const Record& record) {
  TRY(netmode::relay::end(record.relay));
  return cgroups::remove(record.relay_cgroup);
}

}  // namespace lodger::container
