#include "netmode/record.hpp"

#include <fmt/core.h>

namespace lodger::netmode {
namespace {

std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp: return "tcp";
    case Protocol::udp: return "udp";
    case Protocol::sctp: return "sctp";
  }
  __builtin_unreachable();
}

std::string to_text(PortRange range) {
  return range.first == range.last ? std::to_string(range.first)
                                   : fmt::format("{}-{}", range.first, range.last);
}

}  // namespace

std::string to_text(const Ports& ports) {
  return fmt::format("{}/{}", to_text(ports.range), name_of(ports.protocol));
}

}  // namespace lodger::netmode
