#include "netmode/proxy/program/command_line.hpp"

#include <arpa/inet.h>

#include <cstring>

#include "spec/text.hpp"

namespace lodger::netmode::proxy {
namespace {

bool read_ports(std::string_view text, PortRange& out) {
  const auto first = spec::whole_number<std::uint16_t>(spec::cut(text, '-'));
  const auto last = text.empty() ? first : spec::whole_number<std::uint16_t>(text);
  if (!first || !last || *last < *first) return false;
  out = {*first, *last};
  return true;
}

/// inet_pton(3), which wants a NUL behind.
bool read_address(int family, std::string_view text, void* out) {
  char own[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof own) return false;
  text.copy(own, sizeof own);
  return ::inet_pton(family, own, out) == 1;
}

bool read_reach(std::string_view text, Row& row) {
  row.reach = Reach::both;
  if (text == "*") return true;
  row.reach = Reach::v4;
  if (read_address(AF_INET, text, row.address)) return true;
  row.reach = Reach::v6;
  return read_address(AF_INET6, text, row.address);
}

const char* read_row(std::string_view text, Rows& rows) {
  if (rows.count == rows_at_once) return "too many PORTS";
  Row& row = rows.rows[rows.count++];
  const auto protocol = spec::cut(text, ','), host = spec::cut(text, ',');
  if (protocol != "tcp" && protocol != "udp") return "a PROTOCOL is tcp or udp";
  row.protocol = protocol == "tcp" ? Protocol::tcp : Protocol::udp;
  if (!read_reach(host, row)) return "HOST is not an address";
  if (!read_ports(spec::cut(text, ','), row.host)) return "HOSTPORT is not a port, nor a range";
  if (!read_ports(text, row.container) || row.container.first == 0) return "PORT is not a port, nor a range";
  const auto ports = length(row.container);
  if (row.host.first == 0 ? row.host.last != 0 : ports > 1 && ports != length(row.host))
    return "the ranges must be of one length";
  (row.protocol == Protocol::tcp ? rows.all_tcp : rows.all_udp) += ports;
  return nullptr;
}

const char* read_target(std::string_view text, Target& target) {
  in_addr v4;
  in6_addr v6;
  if (read_address(AF_INET, text, &v4))
    target.v4 = v4;
  else if (read_address(AF_INET6, text, &v6))
    target.v6 = v6;
  else
    return "--to wants an address";
  return nullptr;
}

const char* read_option(std::string_view name, std::string_view value, CommandLine& out) {
  if (name == "--to") return read_target(value, out.serve.target);
  const auto number = spec::whole_number<int>(value);
  if (!number || *number <= 0) return "an option wants a number above 0";
  if (name == "--idle-ms")
    out.serve.idle_ms = static_cast<std::uint32_t>(*number);
  else if (name == "--until")
    out.until = *number;
  else
    return "unknown option";
  return nullptr;
}

}  // namespace

const char* read_command_line(std::span<const char* const> words, CommandLine& out) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool option = std::string_view(words[i]).starts_with("--");
    if (option && i + 1 == words.size()) return "an option wants a value";
    const char* wrong = option ? read_option(words[i], words[i + 1], out) : read_row(words[i], out.rows);
    if (wrong) return wrong;
    i += option;
  }
  if (out.rows.count == 0) return "no PORTS";
  if (!out.serve.target.v4 && !out.serve.target.v6) return "no --to";
  return nullptr;
}

}  // namespace lodger::netmode::proxy
