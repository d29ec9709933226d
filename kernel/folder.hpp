// Reading a folder's names. getdents64(2).
#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "kernel/file.hpp"

namespace lodger::kernel {

/// One getdents64(2): the number of bytes filled with entries, 0 at the end.
inline Result<std::size_t> getdents(int folder, std::span<char> into) {
  return static_cast<std::size_t>(TRY(call("getdents64", __NR_getdents64, folder, into.data(), into.size())));
}

/// Calls `visit(name, type)` with every entry but "." and "..", in the kernel's order; the view ends in a
/// zero byte and lives as long as the call; `type` is one of DT_* (<dirent.h>, DT_UNKNOWN where the
/// filesystem does not say). `folder` is open for reading and its position moves to the end.
template <class Visit>
inline Result<> each_entry(int folder, Visit visit) {
  constexpr std::size_t length_at = 16, name_at = 19;  // struct linux_dirent64: ino, off, reclen, type, name
  alignas(8) char buffer[8192];
  for (;;) {
    const std::size_t filled = TRY(getdents(folder, buffer));
    if (filled == 0) return {};
    for (std::size_t at = 0; at < filled;) {
      std::uint16_t length;
      std::memcpy(&length, buffer + at + length_at, sizeof length);
      const std::string_view name(buffer + at + name_at);
      const auto type = static_cast<unsigned char>(buffer[at + name_at - 1]);
      if (name != "." && name != "..") visit(name, type);
      at += length;
    }
  }
}

/// The same without the types.
template <class Visit>
inline Result<> each_name(int folder, Visit visit) {
  return each_entry(folder, [&](std::string_view name, unsigned char) { visit(name); });
}

}  // namespace lodger::kernel
