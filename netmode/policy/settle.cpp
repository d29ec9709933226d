#include "netmode/policy/settle.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/fd.hpp"
#include "netmode/policy/rules.hpp"
#include "netmode/ports/bound.hpp"
#include "netmode/record.hpp"

namespace lodger::netmode::policy {
namespace {

/// Sockets that hold the ports found so far, so that none is found twice.
class Trials {
 public:
  /// The port that a socket got; 0 asks for any.
  kernel::Result<std::uint16_t> take(const Publication& publication, std::uint16_t port) {
    auto bound = TRY(ports::bind(publication.protocol, publication.host_ip, port));
    sockets_.push_back(std::move(bound.socket));
    return bound.port;
  }

 private:
  std::vector<kernel::Fd<kernel::Socket>> sockets_;
};

bool is_among(const std::vector<Ports>& all, Protocol protocol, std::uint16_t port) {
  return std::ranges::any_of(all, [&](const Ports& one) {
    return one.protocol == protocol && one.range.first <= port && port <= one.range.last;
  });
}

Outcome<std::uint16_t> choose(const Publication& one, const std::vector<Publication>& all, Trials& trials,
                              std::string_view where, const std::vector<Ports>& avoided) {
  const auto text = to_text(one);
  const bool any = one.host.first == 0;
  for (unsigned at = any ? 1 : one.host.first; at <= (any ? 64U : one.host.last); ++at) {
    const auto taken = trials.take(one, any ? std::uint16_t{0} : static_cast<std::uint16_t>(at));
    const bool free =
        taken && !is_named(all, one.protocol, *taken) && !is_among(avoided, one.protocol, *taken);
    if (free) return *taken;
    if (!taken && taken.error().code != EADDRINUSE)
      return std::unexpected(
          explain(fmt::format("{}: {}: looking for a free port", where, text), taken.error()));
  }
  return refuse(fmt::format("{}: {}: no port of the host is free for it", where, text), EADDRINUSE);
}

std::vector<Publication> published(const Decision& decision) {
  auto all = decision.publications;
  if (!decision.publish_all) return all;
  for (const auto& [range, protocol] : decision.exposed) {
    const bool named = std::ranges::any_of(all, [&](const Publication& p) {
      return p.protocol == protocol && p.container.first <= range.last && range.first <= p.container.last;
    });
    if (!named) all.push_back({"", {0, 0}, range, protocol});
  }
  return all;
}

}  // namespace

bool is_named(const std::vector<Publication>& all, Protocol protocol, std::uint16_t port) {
  return std::ranges::any_of(all, [&](const Publication& p) {
    return !leaves_choice(p) && p.protocol == protocol && p.host.first <= port && port <= p.host.last;
  });
}

Outcome<std::vector<Publication>> settle(const Decision& decision, std::vector<std::string>& remarks,
                                         std::string_view where, const std::vector<Ports>& avoided) {
  const auto all = published(decision);
  Trials trials;
  std::vector<Publication> out;
  for (const auto& publication : all) {
    if (!leaves_choice(publication) || publication.protocol == Protocol::sctp) {
      out.push_back(publication);
      continue;
    }
    if (length(publication.container) > most_mappings)
      return refuse(fmt::format("{}: {}: at most {} ports can be chosen: name the host's", where,
                                to_text(publication), most_mappings),
                    E2BIG);
    for (unsigned port = publication.container.first; port <= publication.container.last; ++port) {
      Publication one = publication;
      one.container = {static_cast<std::uint16_t>(port), static_cast<std::uint16_t>(port)};
      const auto chosen = TRY(choose(one, all, trials, where, avoided));
      one.host = {chosen, chosen};
      remarks.push_back(fmt::format("{}: chosen for the container: {}", where, to_text(one)));
      out.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace lodger::netmode::policy
