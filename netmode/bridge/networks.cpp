#include "netmode/bridge/networks.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/folder.hpp"
#include "kernel/links.hpp"
#include "kernel/lock.hpp"
#include "netmode/bridge/surroundings.hpp"

namespace lodger::netmode::bridge {

namespace {

using kernel::Fd;
using kernel::Path;

constexpr const char* all = "@networks";
constexpr const char* definition = "network";
constexpr const char* leases_folder = "leases";
constexpr std::int64_t patience = 10'000;  // ms: who holds the lock makes a folder, or speaks to the kernel

std::string doing_of(const std::string& name) { return fmt::format("bridge network {}", name); }

kernel::Result<Fd<Path>> make_folder(int parent, const char* name) {
  const auto made = kernel::mkdirat(parent, name, 0700);
  if (!made && made.error().code != EEXIST) return std::unexpected(made.error());
  return kernel::openat<Path>(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Outcome<Network> read_definition(int folder, const std::string& name) {
  const auto file = TRY(explained(kernel::openat(folder, definition, O_RDONLY | O_NOFOLLOW), doing_of(name)));
  char text[512];
  const auto size = TRY(explained(kernel::read(file.get(), text), doing_of(name)));
  auto network = network_from_file({text, size});
  if (!network)
    return refuse(fmt::format("{}: {}", doing_of(name), network.error().text), network.error().code);
  return network;
}

kernel::Result<Leases> read_leases(int folder) {
  Leases out;
  const auto given = kernel::openat<Path>(folder, leases_folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!given && given.error().code == ENOENT) return out;
  if (!given) return std::unexpected(given.error());
  TRY(kernel::each_name(given->get(), [&](std::string_view name) {
    auto owner = kernel::read_link(given->get(), name.data());
    const auto address = v4_from(std::string(name));
    if (owner && address) out[*address] = std::move(*owner);
  }));
  return out;
}

Failure full(const std::string& name, const Network& network) {
  return {fmt::format("{}: all addresses of {} are given out; \"lodger network prune\" takes back those of "
                      "containers that are gone",
                      doing_of(name), network.subnet.text()),
          ENOSPC};
}

/// Nobody is in it, and its device is gone or somebody else's: it is made anew.
Outcome<bool> is_lost(const Network& network, const Leases& leases) {
  return leases.empty() && TRY(whose_device(network)) != Whose::ours;
}

}  // namespace

std::optional<V4> free_address(const Network& network, const Leases& given) {
  for (V4 address = network.gateway() + 1; address < network.subnet.last(); ++address)
    if (!given.contains(address)) return address;
  return std::nullopt;
}

Outcome<Fd<Path>> Networks::open(const std::string& path) const {
  auto folder = kernel::openat<Path>(root_, fmt::format("{}/{}", all, path).c_str(),
                                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!folder && folder.error().code == ENOENT)
    return refuse(fmt::format("there is no bridge network \"{}\"", path), ENOENT);
  return explained(std::move(folder), doing_of(path));
}

Outcome<std::vector<std::string>> Networks::names() const {
  std::vector<std::string> out;
  const auto folder = kernel::openat<Path>(root_, all, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!folder && folder.error().code == ENOENT) return out;
  if (!folder) return std::unexpected(explain("listing the bridge networks", folder.error()));
  TRY(explained(kernel::each_name(folder->get(), [&](std::string_view name) { out.emplace_back(name); }),
                "listing the bridge networks"));
  std::ranges::sort(out);
  return out;
}

Outcome<Network> Networks::find(const std::string& name) const {
  TRY(check_name(name));
  const auto folder = TRY(open(name));
  return read_definition(folder.get(), name);
}

Outcome<Leases> Networks::leases(const std::string& name) const {
  const auto folder = TRY(open(name));
  return explained(read_leases(folder.get()), doing_of(name));
}

Outcome<Fd<Path>> Networks::lock() const {
  constexpr std::string_view doing = "locking the bridge networks";
  auto folder = TRY(explained(make_folder(root_, all), doing));
  TRY(explained(kernel::lock_within(folder.get(), patience), doing));
  return folder;
}

Outcome<Network> Networks::draft(const std::string& name, const std::set<std::string>& refused) const {
  auto taken = TRY(routed_subnets());
  auto named = TRY(devices());
  named.insert(refused.begin(), refused.end());
  for (const auto& other : TRY(names())) {
    const auto network = other == name ? std::unexpected(Failure{}) : find(other);
    if (!network) continue;  // this one, or one that is damaged: its device and route tell, if it has them
    taken.push_back(network->subnet);
    named.insert(network->device);
  }
  const auto site = free_site(named, taken);
  if (!site)
    return refuse(
        fmt::format(
            "{}: no subnet is free: the host's routes and the other networks take up all that are tried",
            doing_of(name)),
        EADDRNOTAVAIL);
  Network network{site->device, TRY(random_hardware()), site->subnet, std::nullopt};
  if (has_ipv6()) network.prefix6 = TRY(random_prefix());
  return network;
}

/// On disk before the device is made: prune knows of both, whatever comes between.
Outcome<Network> Networks::define(int folder, const std::string& name, const Maker& maker) const {
  std::set<std::string> refused;
  for (;;) {
    auto network = TRY(draft(name, refused));
    // Whole or not at all, for those who look without the lock.
    TRY(explained(kernel::replace_file(folder, definition, to_file(network)), doing_of(name)));
    auto claimed = maker.claim(network);
    if (claimed) return network;
    if (claimed.error().code == EPROTONOSUPPORT) (void)remove(name);  // nothing was made
    if (claimed.error().code != EEXIST) return std::unexpected(std::move(claimed.error()));
    refused.insert(network.device);
  }
}

Outcome<Networks::Lease> Networks::lease(const std::string& name, const std::string& owner,
                                         const Maker& maker) const {
  TRY(check_name(name));
  const auto locked = TRY(lock());
  const auto folder = TRY(explained(make_folder(locked.get(), name.c_str()), doing_of(name)));
  auto leases = TRY(explained(read_leases(folder.get()), doing_of(name)));
  auto network = read_definition(folder.get(), name);
  const bool lost = network && TRY(is_lost(*network, leases));
  if (lost) TRY(maker.remove(*network));  // while its definition says what its rules look like
  if (lost || (!network && network.error().code == ENOENT)) network = define(folder.get(), name, maker);
  if (!network) return std::unexpected(std::move(network.error()));
  const auto given = TRY(explained(make_folder(folder.get(), leases_folder), doing_of(name)));
  // A pair of devices goes some time after its container, or stays with one that has joined its network.
  const auto there = TRY(devices());
  for (;;) {
    const auto address = free_address(*network, leases);
    if (!address) return std::unexpected(full(name, *network));
    if (!there.contains(pair_name(*address))) {
      TRY(explained(kernel::symlinkat(owner.c_str(), given.get(), to_text(*address).c_str()),
                    doing_of(name)));
      return Lease{*network, *address};
    }
    leases[*address] = "";
  }
}

Outcome<bool> Networks::speaks_ipv6(const std::string& name) const {
  const auto network = find(name);
  if (!network && network.error().code == ENOENT) return has_ipv6();
  if (!network) return std::unexpected(network.error());
  const auto given = TRY(leases(name));
  const bool lost = TRY(is_lost(*network, given));
  return lost ? has_ipv6() : network->prefix6.has_value();
}

Outcome<> Networks::release(const std::string& name, V4 address, const std::string& owner) const {
  const auto folder = open(name);
  if (!folder && folder.error().code == ENOENT) return {};
  if (!folder) return std::unexpected(folder.error());
  const auto given = TRY(explained(read_leases(folder->get()), doing_of(name)));
  const auto found = given.find(address);
  if (found == given.end() || found->second != owner) return {};
  return explained(
      kernel::unlinkat(folder->get(), fmt::format("{}/{}", leases_folder, to_text(address)).c_str()),
      doing_of(name));
}

Outcome<> Networks::remove(const std::string& name) const {
  const auto folder = TRY(open(name));
  for (const char* file : {definition, "network.new"}) {
    const auto gone = kernel::unlinkat(folder.get(), file);
    if (!gone && gone.error().code != ENOENT) return std::unexpected(explain(doing_of(name), gone.error()));
  }
  const auto leases = kernel::unlinkat(folder.get(), leases_folder, AT_REMOVEDIR);
  if (!leases && leases.error().code != ENOENT)
    return std::unexpected(explain(doing_of(name), leases.error()));
  return explained(kernel::unlinkat(root_, fmt::format("{}/{}", all, name).c_str(), AT_REMOVEDIR),
                   doing_of(name));
}

}  // namespace lodger::netmode::bridge
