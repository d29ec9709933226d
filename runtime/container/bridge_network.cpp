#include "runtime/container/bridge_network.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/time.hpp"
#include "netmode/bridge/names.hpp"
#include "netmode/bridge/networks.hpp"
#include "netmode/host.hpp"
#include "netmode/policy/settle.hpp"
#include "runtime/container/port_check.hpp"
#include "runtime/plan/caller.hpp"

namespace lodger::container {
namespace {

struct Shown {
  const char* name;  // in the container's folder
  const char* destination;
};
constexpr Shown hosts{"hosts", "/etc/hosts"}, resolver{"resolv.conf", "/etc/resolv.conf"};

/// systemd-resolved's own list of the servers that its stub on 127.0.0.53 asks: systemd-resolved.service(8),
/// "/etc/resolv.conf".
constexpr const char* host_resolvers[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};

Outcome<> check_rights() {
  if (TRY(plan::look_at_caller()).privileged) return {};
  return refuse(
      "--network bridge: only root of the host can make devices and rules on it; an ordinary user has "
      "--network host, relay, none and container:ID",
      EPERM);
}

Outcome<> write_file(const Folder& folder, const char* name, std::string_view text) {
  const auto doing = [&] { return fmt::format("writing the container's /etc/{}", name); };
  const auto file = TRY(
      explained(kernel::openat(folder.fd(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644), doing()));
  TRY(explained(kernel::fchmod(file.get(), 0644), doing()));  // whatever the caller's umask
  return explained(kernel::write_all(file.get(), text), doing());
}

/// The first of the host's files that names a server which the container can reach, else the first one.
std::string resolver_text(const Notices& notices) {
  std::optional<std::string> first;
  for (const auto* path : host_resolvers) {
    const auto text = read_file(path);
    if (!text) continue;
    auto adapted = netmode::bridge::resolver_text(*text);
    if (adapted.has_server) return std::move(adapted.text);
    if (!first) first = std::move(adapted.text);
  }
  notices(
      "--network bridge: the host's name servers are on its loopback alone, out of the container's reach: "
      "its "
      "/etc/resolv.conf names none");
  return first.value_or("");
}

/// What no rule can do: a packet to ::1 that leaves the loopback is dropped by the kernel, and has no
/// route_localnet.
Outcome<> check_translatable(const std::vector<netmode::Publication>& published) {
  for (const auto& one : published) {
    if (one.protocol == netmode::Protocol::sctp && leaves_choice(one))
      return refuse(
          fmt::format("--publish {}: for SCTP the host's port has to be named", netmode::to_text(one)),
          EINVAL);
    if (one.host_ip == "::1")
      return refuse(fmt::format("--publish {}: [::1] leaves no host, so that NAT cannot lead on from it; use "
                                "--userland-proxy, or another address",
                                netmode::to_text(one)),
                    EADDRNOTAVAIL);
  }
  return {};
}

std::unexpected<Failure> no_ipv6(const netmode::Publication& published, const std::string& network) {
  return refuse(
      fmt::format("--publish {}: the network \"{}\" has no IPv6", netmode::to_text(published), network),
      EAFNOSUPPORT);
}

void tell(const Notices& notices, const std::string& change) {
  notices(fmt::format("--network bridge: {}", change));
}

/// Half a second for what goes by itself: a proxy that has seen NAT's ports, the socket with which somebody
/// else tries which port is free.
Outcome<> await_free(const BridgeRequest& request, const std::vector<netmode::Publication>& published) {
  constexpr int looks = 20;
  constexpr long pause_us = 25'000;
  netmode::Decision taken;
  taken.bridge = request.network.bridge;
  taken.publications = published;
  for (int left = looks;; --left) {
    auto free = check_sockets(request.store, taken);
    if (free || free.error().code != EADDRINUSE || left == 1) return free;
    kernel::sleep_us(pause_us);
  }
}

netmode::proxy::Target target_of(const netmode::bridge::Record& record) {
  netmode::proxy::Target target{in_addr{htonl(record.address)}, std::nullopt};
  if (const auto six = record.network.v6_of(record.address)) {
    in6_addr address;
    std::memcpy(&address, six->data(), sizeof address);
    target.v6 = address;
  }
  return target;
}

}  // namespace

Outcome<BridgeNetwork> BridgeNetwork::plan(const BridgeRequest& request) {
  BridgeNetwork out;
  if (request.network.bridge.empty()) return out;
  TRY(check_rights());
  auto published = TRY(out.settle(request));
  if (request.network.userland_proxy)
    TRY(out.take(request, std::move(published), &BridgeNetwork::open_proxy));
  else
    out.place_.translate(std::move(published));
  return out;
}

/// No socket tells of a port that NAT leads to another container: what was chosen and is such a one is chosen
/// again. Only where one of all is taken each is asked for by itself.
Outcome<BridgeNetwork::Publications> BridgeNetwork::settle(const BridgeRequest& request) {
  const auto& network = request.network;
  std::vector<netmode::Ports> avoided;
  for (;;) {
    remarks_.clear();
    auto published = TRY(netmode::policy::settle(network, remarks_, "--publish", avoided));
    if (!network.userland_proxy) TRY(check_translatable(published));
    const auto tables =
        network.userland_proxy ? netmode::bridge::Tables::spared : netmode::bridge::Tables::needed;
    if (!place_) place_ = TRY(netmode::bridge::Place::plan(network.bridge, tables, request.interrupt));
    auto free = place_.check_free(published);
    if (free) return published;
    const auto before = avoided.size();
    if (free.error().code == EADDRINUSE) TRY(avoid_taken(network, published, avoided));
    if (avoided.size() == before) return std::unexpected(std::move(free.error()));
  }
}

/// Adds those that were chosen and are not free.
Outcome<> BridgeNetwork::avoid_taken(const netmode::Decision& network, const Publications& published,
                                     std::vector<netmode::Ports>& avoided) {
  for (const auto& one : published) {
    if (netmode::policy::is_named(network.publications, one.protocol, one.host.first)) continue;
    const auto free = place_.check_free({one});
    if (!free && free.error().code != EADDRINUSE) return free;
    if (!free) avoided.push_back({one.host, one.protocol});
  }
  return {};
}

/// What was free when it was chosen may be somebody's by now: it is chosen again, and who has one that was
/// named is named. Each time at least one of all who try gets through.
Outcome<> BridgeNetwork::take(const BridgeRequest& request, Publications published, Taking taking) {
  constexpr int tries = 64;
  for (int left = tries;; --left) {
    const auto taken = (this->*taking)(request, published);
    if (taken)
      for (const auto& remark : remarks_) request.notices(remark);
    if (taken || taken.error().code != EADDRINUSE) return taken;
    if (left == 1)
      return refuse(fmt::format("--publish: others were quicker each of {} times, at last: {}", tries,
                                taken.error().text),
                    EADDRINUSE);
    TRY(check_sockets(request.store, request.network));
    published = TRY(settle(request));
  }
}

Outcome<> BridgeNetwork::open_proxy(const BridgeRequest&, const Publications& published) {
  if (published.empty()) return {};
  auto proxy = TRY(netmode::proxy::Proxy::open(published));
  TRY(place_.check_free(proxy.publications()));
  proxy_ = std::move(proxy);
  return {};
}

Outcome<> BridgeNetwork::translate(const BridgeRequest& request, const Publications& published) {
  place_.translate(published);
  for (const auto& change : TRY(place_.open_doors()))
    if (told_.insert(change).second) tell(request.notices, change);
  auto free = await_free(request, published);
  if (!free && free.error().code == EADDRINUSE) TRY(place_.close_doors());
  return free;
}

Outcome<> BridgeNetwork::reserve(const BridgeRequest& request, const Folder& folder,
                                 const spec::Config& config) {
  const auto published = place_.record().published;
  const auto six = std::ranges::find_if(published, [](const auto& one) { return one.host_ip.contains(':'); });
  const bool wants_ipv6 = six != published.end();
  const auto& name = request.network.bridge;
  if (wants_ipv6 && !TRY(netmode::bridge::Networks(folder.root()).speaks_ipv6(name)))
    return no_ipv6(*six, name);
  std::vector<std::string> changes;
  const auto reserved = place_.reserve(folder.root(), folder.id(), changes);
  for (const auto& change : changes) tell(request.notices, change);
  TRY(reserved);
  // Nobody has held the network still meanwhile.
  if (wants_ipv6 && !place_.record().network.prefix6) return no_ipv6(*six, name);
  if (!published.empty()) TRY(take(request, published, &BridgeNetwork::translate));
  const auto& record = place_.record();
  TRY(write_file(folder, hosts.name,
                 netmode::bridge::hosts_text(record.network, record.address, config.hostname)));
  return write_file(folder, resolver.name, resolver_text(request.notices));
}

netmode::bridge::Record BridgeNetwork::record() const {
  auto record = place_.record();
  if (proxy_) record.proxied = proxy_->publications();
  if (proxy_) record.proxy = proxy_->record();
  return record;
}

Outcome<> BridgeNetwork::connect(pid_t pid, const Notices& notices) {
  for (const auto& change : TRY(place_.connect(pid))) tell(notices, change);
  if (!proxy_) return {};
  const auto process = TRY(explained(kernel::pidfd_open(pid), "watching the container's process"));
  return proxy_->serve(target_of(place_.record()), process);
}

Outcome<> BridgeNetwork::release_proxy() { return proxy_ ? proxy_->commit() : Outcome<>{}; }

void offer_names(const Store& store, const std::string& id, Source& source) {
  if (source.network.bridge.empty()) return;
  for (const auto& [name, destination] : {hosts, resolver}) {
    if (netmode::brings_own(source.config, destination)) continue;
    source.config.mounts.push_back({.destination = destination,
                                    .type = "bind",
                                    .source = fmt::format("{}/{}/{}", store.root(), id, name),
                                    .options = {"bind", "rw", "nosuid", "nodev", "noexec"}});
  }
}

Outcome<> leave_bridge(const Folder& folder, const Record& record) {
  if (record.bridge.proxy.pid != 0) TRY(netmode::proxy::end(record.bridge.proxy));
  return netmode::bridge::leave(folder.root(), record.bridge, record.id);
}

}  // namespace lodger::container
