// What an event belongs to: the 64 bits that epoll gives back.
#pragma once
#include <cstdint>

namespace lodger::netmode::proxy {

enum class Source : std::uint8_t { lodger, container, doors, door, client, server, peer };

struct Tag {
  Source source;
  std::uint32_t number;  // of the door, flow or peer
};

constexpr std::uint64_t packed(Source source, std::uint32_t number = 0) {
  return std::uint64_t{static_cast<std::uint8_t>(source)} << 32 | number;
}
constexpr Tag unpacked(std::uint64_t bits) {
  return {static_cast<Source>(bits >> 32), static_cast<std::uint32_t>(bits)};
}

}  // namespace lodger::netmode::proxy
