#include "netmode/proxy/rows.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>

namespace lodger::netmode::proxy {
namespace {

std::string_view name(Protocol protocol) { return protocol == Protocol::tcp ? "tcp" : "udp"; }

/// host_ip was checked by parse_publish(); an engine's may come by another way.
Outcome<Reach> read_reach(const std::string& host_ip, std::uint8_t* address) {
  if (host_ip.empty()) return Reach::both;
  if (::inet_pton(AF_INET, host_ip.c_str(), address) == 1) return Reach::v4;
  if (::inet_pton(AF_INET6, host_ip.c_str(), address) == 1) return Reach::v6;
  return refuse(fmt::format("--publish: \"{}\" is not an address", host_ip), EINVAL);
}

bool meet(const Row& a, const Row& b, std::uint32_t port) {
  const bool same_place = a.reach == Reach::both || b.reach == Reach::both ||
                          (a.reach == b.reach && std::ranges::equal(a.address, b.address));
  return a.protocol == b.protocol && same_place && a.host.first <= port && port <= a.host.last;
}

}  // namespace

Outcome<std::vector<Row>> rows_of(std::span<const Publication> publications) {
  std::vector<Row> rows;
  for (const auto& publication : publications) {
    if (publication.protocol == Protocol::sctp)
      return refuse("--userland-proxy: carries TCP and UDP, and a published port is of SCTP",
                    EPROTONOSUPPORT);
    Row row{publication.protocol, Reach::both, publication.host, publication.container, {}};
    row.reach = TRY(read_reach(publication.host_ip, row.address));
    rows.push_back(row);
  }
  return rows;
}

Sockets count_sockets(std::span<const Row> rows) {
  Sockets out;
  for (const Row& row : rows) (row.protocol == Protocol::tcp ? out.tcp : out.udp) += length(row.container);
  return out;
}

std::vector<Publication> decided(std::span<const Publication> publications, std::span<const Row> rows,
                                 std::span<const std::uint16_t> chosen) {
  std::vector<Publication> out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!leaves_choice(rows[i])) {
      out.push_back(publications[i]);
      continue;
    }
    const auto mine = chosen.first(length(rows[i].container));
    chosen = chosen.subspan(mine.size());
    for (std::size_t port = 0; port < mine.size(); ++port) {
      if (port > 0 && mine[port] == mine[port - 1] + 1) {
        ++out.back().host.last;
        ++out.back().container.last;
        continue;
      }
      auto one = publications[i];
      one.host = {mine[port], mine[port]};
      one.container.first = one.container.last = static_cast<std::uint16_t>(rows[i].container.first + port);
      out.push_back(std::move(one));
    }
  }
  return out;
}

std::string place(const Row& row, const std::string& host_ip, std::uint32_t port) {
  const auto host = row.reach == Reach::both ? "*"
                    : row.reach == Reach::v6 ? fmt::format("[{}]", host_ip)
                                             : host_ip;
  return fmt::format("{} {}:{}", name(row.protocol), host, port);
}

Failure explain_opening(std::span<const Publication> publications, std::span<const Row> rows,
                        std::uint32_t number, std::uint32_t port, kernel::Error error) {
  const Row& row = rows[number];
  const auto where = fmt::format("--publish: {}", place(row, publications[number].host_ip, port));
  if (error.code == EADDRINUSE && row.host.first != 0 && leaves_choice(row))
    return {fmt::format("{} and all before it from {} on are taken on the host", where, row.host.first),
            error.code};
  if (error.code == EADDRINUSE) {
    const bool twice =
        std::ranges::any_of(rows.first(number), [&](const Row& a) { return meet(a, row, port); });
    return {fmt::format("{} is {}", where,
                        twice ? "published twice"
                              : "taken on the host: publish another port, or end who has it (ss -anp)"),
            error.code};
  }
  if (error.code == EADDRNOTAVAIL)
    return {fmt::format("{} is not on an address of this host", where), error.code};
  return explain(where, error);
}

}  // namespace lodger::netmode::proxy
