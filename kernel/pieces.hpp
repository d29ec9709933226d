// A text in datagrams, over a socket that keeps them whole (SOCK_SEQPACKET, unix(7)): one that is too long
// for one goes in several. Each but the last has one byte more behind its part, `goes_on`. The last one ends
// as the text does: with a zero byte, as all do that words make (words.hpp).
#pragma once
#include <string>
#include <string_view>

#include "kernel/result.hpp"

namespace lodger::kernel {

/// What a socket's buffer takes at once by default: net.core.wmem_default, less the kernel's own part.
inline constexpr std::size_t longest_message = std::size_t{128} << 10;
/// Of all of them together: every port of TCP and UDP by itself, on an address of IPv6, is half of it.
inline constexpr std::size_t longest_text = std::size_t{16} << 20;

/// The next datagram of `text`, which loses what that carries.
std::string next_piece(std::string_view& text);

/// The other side: what came, put together.
class Pieces {
 public:
  /// Whether this was the last one. EPROTO: it says neither; EMSGSIZE: it is more than the longest text.
  Result<bool> add(std::string_view piece);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace lodger::kernel
