// Internet addresses as values.
#pragma once
#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace lodger::netmode::bridge {

using V4 = std::uint32_t;                      // in the machine's byte order: it is counted with
using V6 = std::array<std::uint8_t, 16>;       // as it travels
using Hardware = std::array<std::uint8_t, 6>;  // of an Ethernet device

inline std::string to_text(V4 address) {
  const in_addr raw{htonl(address)};
  char text[INET_ADDRSTRLEN];
  return ::inet_ntop(AF_INET, &raw, text, sizeof text);
}
inline std::string to_text(const V6& address) {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(AF_INET6, address.data(), text, sizeof text);
}
inline std::optional<V4> v4_from(const std::string& text) {
  in_addr raw;
  if (::inet_pton(AF_INET, text.c_str(), &raw) != 1) return std::nullopt;
  return ntohl(raw.s_addr);
}
inline std::optional<V6> v6_from(const std::string& text) {
  V6 address;
  if (::inet_pton(AF_INET6, text.c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

/// A stretch of IPv4 addresses.
struct Subnet {
  V4 first = 0;  // the network's own address
  int length = 24;
  V4 last() const { return length >= 32 ? first : first | ~V4{0} >> length; }
  bool overlaps(const Subnet& other) const { return first <= other.last() && other.first <= last(); }
  std::string text() const { return to_text(first) + "/" + std::to_string(length); }
  friend bool operator==(const Subnet&, const Subnet&) = default;
};

}  // namespace lodger::netmode::bridge
