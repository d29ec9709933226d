#include "netmode/bridge/client/forwarding.hpp"

#include <fmt/core.h>

#include "kernel/file.hpp"
#include "netmode/bridge/client/links.hpp"
#include "netmode/bridge/client/sets.hpp"

namespace lodger::netmode::bridge {
namespace {

/// A setting's value; nothing where there is no such setting.
std::optional<std::string> value_of(const std::string& setting) {
  const auto file = kernel::openat(kernel::cwd, ("/proc/sys/net/" + setting).c_str(), O_RDONLY);
  char text[64];
  const auto size = file ? kernel::read(file->get(), text) : std::unexpected(file.error());
  if (!size) return std::nullopt;
  std::string value(text, *size);
  while (value.ends_with('\n')) value.pop_back();
  return value;
}

Outcome<> set(const std::string& setting, std::string_view value) {
  const auto doing = fmt::format("setting /proc/sys/net/{} to {}", setting, value);
  const auto file =
      TRY(explained(kernel::openat(kernel::cwd, ("/proc/sys/net/" + setting).c_str(), O_WRONLY), doing));
  return explained(kernel::write_once(file.get(), value), doing);
}

std::string forwarding_of(const std::string& device, bool v6) {
  return v6 ? fmt::format("ipv6/conf/{}/force_forwarding", device)
            : fmt::format("ipv4/conf/{}/forwarding", device);
}

/// Whether somebody has decided that the host forwards.
bool forwards(bool v6) { return value_of(v6 ? "ipv6/conf/all/forwarding" : "ipv4/ip_forward") == "1"; }

/// Linux 6.17: else for all devices or for none.
bool opens_v6_by_device() { return value_of(forwarding_of("lo", true)).has_value(); }

/// Names a device to the rules that guard what it forwards.
void guard(Batch& transaction, bool v6, const std::string& device, const std::set<std::string>& bridges) {
  put_opened(transaction, v6, device, Elements::added);
  if (bridges.contains(device)) put_inside(transaction, device, Elements::added);
}

bool is_ours(const std::string& device, const std::set<std::string>& bridges) {
  return is_bridge_name(device) && bridges.contains(device);
}

Outcome<> open_devices(Netlink& route, Batch& transaction, bool v6, Changes& changes) {
  const auto there = TRY(bridges(route));
  for (const auto& device : TRY(addressed_devices(route, v6))) {
    auto setting = forwarding_of(device, v6);
    if (is_ours(device, there) || value_of(setting) != "0") continue;
    guard(transaction, v6, device, there);
    changes.settings.push_back({std::move(setting), "1", "0"});
    changes.words.push_back(
        fmt::format("{} forwarding is switched on for device {}, for bridge networks alone",
                    v6 ? "IPv6" : "IPv4", device));
  }
  return {};
}

/// Before Linux 6.17: for all devices or for none. A device that forwards ignores router advertisements
/// unless accept_ra is 2, and would lose its routes.
Outcome<> open_all6(Netlink& route, Batch& transaction, Changes& changes) {
  const auto there = TRY(bridges(route));
  for (const auto& device : TRY(addressed_devices(route, true))) {
    if (is_ours(device, there)) continue;
    guard(transaction, true, device, there);
    auto setting = fmt::format("ipv6/conf/{}/accept_ra", device);
    if (value_of(setting) != "1") continue;
    changes.settings.push_back({std::move(setting), "2", "1"});
    changes.words.push_back(
        fmt::format("accept_ra is 2 for device {}, so that it keeps its IPv6 routes", device));
  }
  changes.settings.push_back({"ipv6/conf/all/forwarding", "1", "0"});
  changes.words.emplace_back("IPv6 forwarding is switched on for all devices");
  return {};
}

}  // namespace

namespace {

/// No router but ours (CVE-2020-10749), and no waiting: nobody else can have the addresses, the link-local
/// one among them, and without one that is not tentative a neighbour is not asked for (RFC 4862, 5.4).
/// Without IPv6 in the network the device has none, or a neighbour could give it some.
Outcome<> settle_ipv6(const std::string& device, const Network& network) {
  const auto setting = [&](const char* name) { return fmt::format("ipv6/conf/{}/{}", device, name); };
  if (!value_of(setting("disable_ipv6"))) return {};  // a kernel without IPv6
  if (!network.prefix6) return set(setting("disable_ipv6"), "1");
  TRY(set(setting("disable_ipv6"), "0"));
  TRY(set(setting("accept_dad"), "0"));
  return set(setting("accept_ra"), "0");
}

}  // namespace

Outcome<> settle_bridge(const Network& network) { return settle_ipv6(network.device, network); }

namespace {

std::string route_localnet(const Network& network) {
  return fmt::format("ipv4/conf/{}/route_localnet", network.device);
}

}  // namespace

bool routes_loopback(const Network& network) { return value_of(route_localnet(network)) == "1"; }

Outcome<> route_loopback(const Network& network, bool on) {
  return set(route_localnet(network), on ? "1" : "0");
}

Outcome<> check_sources(const Network& network) {
  return set(fmt::format("ipv4/conf/{}/rp_filter", network.device), "1");
}

Outcome<> forward_from(const Network& network, bool on) {
  return set(forwarding_of(network.device, false), on && forwards(false) ? "1" : "0");
}

Outcome<Changes> open_forwarding(Netlink& route, Batch& transaction, const Network& network) {
  Changes changes;
  const auto open = [&](bool v6) {
    if (value_of(forwarding_of(network.device, v6)) == "0")
      changes.settings.push_back({forwarding_of(network.device, v6), "1", "0"});
    return open_devices(route, transaction, v6, changes);
  };
  if (!forwards(false)) TRY(open(false));
  if (!network.prefix6 || forwards(true)) return changes;
  if (value_of(forwarding_of(network.device, true)))
    TRY(open(true));
  else
    TRY(open_all6(route, transaction, changes));
  return changes;
}

namespace {

/// What open_all6() did: the set names devices only where it was ours to do.
void close_all6(const std::set<std::string>& devices, Changes& changes) {
  if (devices.empty()) return;
  changes.settings.push_back({"ipv6/conf/all/forwarding", "0", "1"});
  changes.words.emplace_back("IPv6 forwarding is switched off again for all devices");
  for (const auto& device : devices)
    if (auto setting = fmt::format("ipv6/conf/{}/accept_ra", device); value_of(setting) == "2")
      changes.settings.push_back({std::move(setting), "1", "2"});
}

}  // namespace

Changes close_forwarding(const Opened& opened) {
  Changes changes;
  const bool by_device = opens_v6_by_device();
  if (!by_device) close_all6(opened.v6, changes);
  for (const bool v6 : {false, true}) {
    if (v6 && !by_device) continue;
    // Somebody has decided meanwhile that the host forwards.
    if (forwards(v6)) continue;
    for (const auto& device : opened.of(v6)) {
      auto setting = forwarding_of(device, v6);
      if (value_of(setting) != "1") continue;
      changes.settings.push_back({std::move(setting), "0", "1"});
      changes.words.push_back(
          fmt::format("{} forwarding is switched off again for device {}", v6 ? "IPv6" : "IPv4", device));
    }
  }
  return changes;
}

Outcome<> forget_opened(Netlink& netfilter, Batch& transaction) {
  const auto opened = TRY(opened_in(netfilter));
  const bool forgotten[] = {forwards(false), forwards(true) && opens_v6_by_device()};
  std::set<std::string> gone;
  for (const bool v6 : {false, true})
    if (forgotten[v6])
      for (const auto& device : opened.of(v6)) {
        put_opened(transaction, v6, device, Elements::removed);
        if (forgotten[!v6] || !opened.of(!v6).contains(device)) gone.insert(device);
      }
  // By what the set says: a device may have become a bridge since, or have been one.
  for (const auto& device : TRY(devices_in(netfilter, "inside")))
    if (gone.contains(device)) put_inside(transaction, device, Elements::removed);
  return {};
}

Outcome<> guard_again(Netlink& route, Batch& transaction, const Opened& opened) {
  const bool by_device = opens_v6_by_device();
  const auto there = TRY(bridges(route));
  for (const bool v6 : {false, true})
    for (const auto& device : opened.of(v6)) {
      // Before Linux 6.17 all of IPv6 forwards, and for our sake, or none of it.
      const bool still =
          v6 && !by_device ? forwards(true) : !forwards(v6) && value_of(forwarding_of(device, v6)) == "1";
      if (still) guard(transaction, v6, device, there);
    }
  return {};
}

Outcome<> apply(const Changes& changes) {
  for (const auto& setting : changes.settings) TRY(set(setting.name, setting.value));
  return {};
}

Outcome<> undo(const Changes& changes) {
  for (const auto& setting : changes.settings) TRY(set(setting.name, setting.former));
  return {};
}

Outcome<> settle_inside(const Network& network) { return settle_ipv6("eth0", network); }

}  // namespace lodger::netmode::bridge
