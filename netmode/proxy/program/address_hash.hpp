// A number of an address, for tables: with a seed that nobody knows nobody can choose addresses of one hash.
#pragma once
#include <netinet/in.h>

#include <cstdint>
#include <cstring>

namespace lodger::netmode::proxy {

/// The product's two halves, mixed: every bit of the result depends on every bit of both.
inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15U) * (b ^ 0xbf58476d1ce4e5b9U);
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

inline std::uint64_t mixed(std::uint64_t hash, const in6_addr& address, std::uint64_t seed) {
  struct {
    std::uint64_t high, low;
  } halves;
  static_assert(sizeof halves == sizeof address);
  std::memcpy(&halves, &address, sizeof halves);
  return mixed(hash ^ halves.high, seed ^ halves.low);
}

}  // namespace lodger::netmode::proxy
