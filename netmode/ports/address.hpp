// Addresses that ports are bound to, and which of them exclude each other. ip(7), ipv6(7).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace lodger::netmode::ports {

struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // IPv4's in the first four
  bool v6only = false;                   // of a socket: it leaves IPv4 alone

  bool operator==(const Address&) const = default;
};

/// "192.0.2.1" or "2001:db8::1"; nothing for any other text.
std::optional<Address> parse_address(const std::string& text);
/// As parse_address() takes it.
std::string bare_text(const Address& address);
/// "192.0.2.1", "[2001:db8::1]": as it stands before a port.
std::string to_text(const Address& address);

/// An IPv6 socket may be bound to an IPv4 address, ::ffff:192.0.2.1: then that is the port it holds
/// (ipv6(7)). Any other address as it is.
Address unmapped(const Address& address);

/// Whether a socket that is to be bound to `wanted` finds the port taken by one that is bound to `held`.
/// Without an address it is to be bound to all of IPv4 or IPv6 or both, and anything is in its way. IPv6's
/// "::" is meant for IPv6 alone.
bool excludes(const Address& held, const std::optional<Address>& wanted);

}  // namespace lodger::netmode::ports
