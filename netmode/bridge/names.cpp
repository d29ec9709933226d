#include "netmode/bridge/names.hpp"

#include <fmt/core.h>

#include "spec/text.hpp"

namespace lodger::netmode::bridge {

namespace {

constexpr std::string_view blanks = " \t";

/// The server's address in a line that names one.
std::string_view server_of(std::string_view line) {
  constexpr std::string_view keyword = "nameserver";
  if (!line.starts_with(keyword) || line.size() == keyword.size() || !blanks.contains(line[keyword.size()]))
    return {};
  line.remove_prefix(keyword.size());
  const auto begin = line.find_first_not_of(blanks);
  if (begin == line.npos) return {};
  line.remove_prefix(begin);
  return line.substr(0, line.find_first_of(" \t#;"));
}

bool is_loopback(std::string_view server) { return server.starts_with("127.") || server == "::1"; }

}  // namespace

std::string hosts_text(const Network& network, V4 address, std::string_view hostname) {
  std::string text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
  if (hostname.empty()) return text;
  text += fmt::format("{}\t{}\n", to_text(address), hostname);
  if (const auto six = network.v6_of(address)) text += fmt::format("{}\t{}\n", to_text(*six), hostname);
  return text;
}

Resolver resolver_text(std::string_view host_file) {
  Resolver out;
  while (!host_file.empty()) {
    const auto line = spec::cut(host_file, '\n');
    const auto server = server_of(line);
    if (is_loopback(server)) continue;
    out.has_server |= !server.empty();
    out.text.append(line).append("\n");
  }
  return out;
}

}  // namespace lodger::netmode::bridge
