#include "netmode/relay/options.hpp"

#include <fmt/core.h>

#include "spec/text.hpp"

namespace lodger::netmode::relay {
namespace {

constexpr std::string_view no_sctp = "a relay carries TCP and UDP, and no SCTP";

Outcome<> take_option(Options& options, std::string_view word) {
  constexpr std::string_view ports = "ports=", to_host = "to-host=";
  if (word.starts_with(ports))
    return add_ports(options.ports, "--network relay,ports", word.substr(ports.size()), no_sctp);
  if (word.starts_with(to_host))
    return add_ports(options.to_host, "--network relay,to-host", word.substr(to_host.size()), no_sctp);
  return refuse(
      fmt::format("--network relay: unknown option \"{}\"; expected ports=PORTS[/PROTOCOL], ports=none, "
                  "to-host=PORTS[/PROTOCOL] or to-host=none",
                  word));
}

}  // namespace

Outcome<Options> parse_options(std::string_view text) {
  Options options;
  for (;;) {
    const bool last = text.find(',') == text.npos;
    TRY(take_option(options, spec::cut(text, ',')));
    if (last) return options;
  }
}

}  // namespace lodger::netmode::relay
