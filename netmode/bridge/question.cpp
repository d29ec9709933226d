#include "netmode/bridge/question.hpp"

#include <fmt/core.h>

#include "spec/text.hpp"

namespace lodger::netmode::bridge {
namespace {

constexpr std::size_t words_of_a_door = 6;

std::optional<Protocol> protocol_from(std::string_view text) {
  for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp})
    if (text == name_of(protocol)) return protocol;
  return std::nullopt;
}

std::optional<Door> door_from(std::span<const std::string> words) {
  const auto protocol = protocol_from(words[0]);
  const auto first = spec::whole_number<std::uint16_t>(words[3]);
  const auto last = spec::whole_number<std::uint16_t>(words[4]);
  const auto container = spec::whole_number<std::uint16_t>(words[5]);
  if (!protocol || !first || !last || !container || *last < *first) return std::nullopt;
  if (*container + (*last - *first) > 65535) return std::nullopt;
  const bool v6 = words[1] == "6";
  const bool address =
      words[2].empty() || (v6 ? v6_from(words[2]).has_value() : v4_from(words[2]).has_value());
  if (!address) return std::nullopt;
  return Door{*protocol, v6, words[2], {*first, *last}, *container};
}

}  // namespace

std::string Door::text() const {
  const std::string_view any = v6 ? "::" : "0.0.0.0";
  const std::string_view address = host_ip.empty() ? any : std::string_view(host_ip);
  const auto ports =
      host.first == host.last ? fmt::format("{}", host.first) : fmt::format("{}-{}", host.first, host.last);
  return v6 ? fmt::format("[{}]:{}/{}", address, ports, name_of(protocol))
            : fmt::format("{}:{}/{}", address, ports, name_of(protocol));
}

std::vector<Door> doors_of(const std::vector<Publication>& publications, bool v6) {
  std::vector<Door> doors;
  for (const auto& one : publications) {
    const bool six = one.host_ip.find(':') != one.host_ip.npos;
    const bool any = one.host_ip.empty() || one.host_ip == "0.0.0.0" || one.host_ip == "::";
    const Door door{one.protocol, six, any ? "" : one.host_ip, one.host, one.container.first};
    doors.push_back(door);
    if (!one.host_ip.empty() || !v6) continue;
    doors.push_back(door);
    doors.back().v6 = true;
  }
  return doors;
}

void append(kernel::Words& words, const std::vector<Door>& doors) {
  for (const auto& door : doors)
    words.insert(words.end(), {std::string(name_of(door.protocol)), door.v6 ? "6" : "4", door.host_ip,
                               std::to_string(door.host.first), std::to_string(door.host.last),
                               std::to_string(door.container)});
}

std::optional<std::vector<Door>> take_doors(const kernel::Words& words) {
  std::vector<Door> doors;
  if (words.size() % words_of_a_door != 0) return std::nullopt;
  for (std::size_t at = 0; at < words.size(); at += words_of_a_door) {
    const auto door = door_from(std::span(words).subspan(at, words_of_a_door));
    if (!door) return std::nullopt;
    doors.push_back(*door);
  }
  return doors;
}

}  // namespace lodger::netmode::bridge
