// The hash that finds a system call by name: shared by the program that makes the table and by the look-up.
#pragma once
#include <cstdint>
#include <string_view>

namespace lodger::security {

/// Slots of the open-addressed table: a power of two, at least twice the number of names.
inline constexpr std::uint32_t syscall_hash_slots = 2048;

/// FNV-1a, 32 bits: short names, no hostile input (the table is fixed when lodger is built).
constexpr std::uint32_t syscall_hash(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return (hash ^ (hash >> 16)) & (syscall_hash_slots - 1);
}

}  // namespace lodger::security
