#include "netmode/ports/address.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace lodger::netmode::ports {
namespace {

constexpr std::size_t prefix_size = 12;
constexpr std::array<std::uint8_t, prefix_size> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_wildcard(const Address& address) {
  return std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::optional<Address> parse_address(const std::string& text) {
  Address address;
  if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string bare_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return text;
}

std::string to_text(const Address& address) {
  return address.v6 ? fmt::format("[{}]", bare_text(address)) : bare_text(address);
}

Address unmapped(const Address& address) {
  if (!address.v6 || !std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin()))
    return address;
  Address plain;
  std::copy(address.bytes.begin() + prefix_size, address.bytes.end(), plain.bytes.begin());
  return plain;
}

bool excludes(const Address& held, const std::optional<Address>& wanted) {
  if (!wanted) return true;
  const auto theirs = unmapped(held), ours = unmapped(*wanted);
  if (theirs.v6 == ours.v6) return is_wildcard(theirs) || is_wildcard(ours) || theirs.bytes == ours.bytes;
  return theirs.v6 && is_wildcard(theirs) && !theirs.v6only;
}

}  // namespace lodger::netmode::ports
