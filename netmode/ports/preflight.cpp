#include "netmode/ports/preflight.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "netmode/ports/declared.hpp"
#include "netmode/ports/holders.hpp"
#include "netmode/ports/phrase.hpp"

namespace lodger::netmode::ports {
namespace {

constexpr const char* nothing_declared =
    "require-ports: there is nothing to check: no port is declared, neither by --publish nor by the "
    "annotations org.lodger.network.publish and org.opencontainers.image.exposedPorts";

Outcome<std::vector<Held>> look(const std::vector<Wanted>& wanted) {
  auto stack = TRY(Stack::open());
  std::vector<Held> held;
  for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
    std::vector<PortRange> ranges;
    for (const auto& one : wanted)
      if (one.protocol == protocol) ranges.push_back(one.range);
    if (ranges.empty()) continue;
    for (const auto& one : TRY(stack.held(protocol, ranges))) held.push_back(one);
  }
  return clashes(wanted, held);
}

Outcome<std::vector<Clash>> explain_owners(const std::vector<Held>& taken, const Neighbours& neighbours) {
  Inodes inodes;
  for (const auto& held : taken)
    if (held.inode != 0) inodes.insert(held.inode);
  const auto processes = TRY(all_processes());
  const auto known = TRY(holders(processes, inodes));
  std::vector<Clash> clashes;
  for (const auto& held : taken) {
    const auto found = known.find(held.inode);
    const std::span<const pid_t> pids =
        found == known.end() ? std::span<const pid_t>() : std::span<const pid_t>(found->second);
    Owner owner;
    owner.container = neighbours.container_of(held, pids);
    if (!pids.empty()) {
      owner.pid = pids.front();
      owner.process = process_name(owner.pid);
      owner.more = pids.size() - 1;
      if (owner.container.empty()) owner.where = neighbours.where(owner.pid);
    } else {
      owner.user = neighbours.user_name(held.uid);
    }
    clashes.push_back({held, to_text(owner)});
  }
  return clashes;
}

/// The ports of a publication that lie within what is wanted, as if each had a socket.
std::vector<Held> as_held(const Publication& publication, const std::vector<Wanted>& wanted) {
  std::vector<Held> out;
  const auto address = parse_address(publication.host_ip.empty() ? "0.0.0.0" : publication.host_ip);
  for (const auto& one : wanted) {
    if (!address || one.protocol != publication.protocol) continue;
    const unsigned last = std::min(one.range.last, publication.host.last);
    for (unsigned port = std::max(one.range.first, publication.host.first); port <= last; ++port)
      out.push_back(
          {.protocol = one.protocol, .address = *address, .port = static_cast<std::uint16_t>(port)});
  }
  return out;
}

Outcome<std::vector<Clash>> clashes_with(const std::vector<Wanted>& wanted, const Neighbours& neighbours) {
  std::vector<Clash> out;
  const auto translated = neighbours.translated();
  for (const auto& [publication, container] : translated)
    for (const auto& held : clashes(wanted, as_held(publication, wanted)))
      out.push_back({held, fmt::format("container {} (by NAT)", container), true});
  const auto taken = TRY(look(wanted));
  if (taken.empty()) return out;
  for (auto& clash : TRY(explain_owners(taken, neighbours))) out.push_back(std::move(clash));
  return out;
}

/// A host whose kernel cannot tell is none where the application must fail.
Outcome<std::optional<std::string>> unknown(bool required, std::string_view where, const Failure& why) {
  if (required) return refuse(fmt::format("{}: {}", where, why.text), why.code);
  return fmt::format("the ports that the container declares are not looked at: {}", why.text);
}

}  // namespace

Outcome<std::optional<std::string>> preflight(const Decision& decision, const Neighbours& neighbours) {
  const bool bridged = !decision.bridge.empty();
  if (!decision.host && !bridged && !decision.relay) return std::nullopt;
  // A port of the host's that leads to a container must be free; one that an application may bind, may.
  const bool required = decision.options.require_ports || bridged;
  const std::string_view where = bridged ? "--publish" : "require-ports";
  if (!declares_any(decision))
    return required && !bridged ? std::optional<std::string>(nothing_declared) : std::nullopt;
  const auto all = wanted(decision);
  if (all.empty()) return std::nullopt;
  const auto taken = clashes_with(all, neighbours);
  if (!taken) return unknown(required, where, taken.error());
  if (taken->empty()) return std::nullopt;
  const auto* whose = bridged               ? "the container publishes"
                      : is_listed(decision) ? "the relay lets in"
                                            : "the container declares";
  const auto text = fmt::format("ports that {} are taken on the host: {}", whose, list(*taken));
  if (required)
    return refuse(fmt::format("{}: {}; end what holds them, or give the container others", where, text),
                  EADDRINUSE);
  if (decision.relay) return text + "; what the container has there is not let in meanwhile";
  const bool translated = std::ranges::any_of(*taken, &Clash::translated);
  return text + (translated ? "; what is bound there is not reached" : "; binding them will fail there");
}

}  // namespace lodger::netmode::ports
