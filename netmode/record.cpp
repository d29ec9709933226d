#include "netmode/record.hpp"

#include <fmt/core.h>

namespace lodger::netmode {
namespace {

std::string to_text(PortRange range) {
  return range.first == range.last ? std::to_string(range.first)
                                   : fmt::format("{}-{}", range.first, range.last);
}

}  // namespace

std::string to_text(const Ports& ports) {
  return fmt::format("{}/{}", to_text(ports.range), name_of(ports.protocol));
}

std::string to_text(const Publication& publication) {
  const auto& ip = publication.host_ip;
  const bool v6 = ip.find(':') != ip.npos;
  const bool any = publication.host.first == 0;
  const auto host = any ? "" : to_text(publication.host);
  const auto address = ip.empty() ? "" : v6 ? fmt::format("[{}]:", ip) : ip + ':';
  return fmt::format("{}{}{}{}/{}", address, host, any && ip.empty() ? "" : ":",
                     to_text(publication.container), name_of(publication.protocol));
}

}  // namespace lodger::netmode
