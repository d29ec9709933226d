#include "kernel/pieces.hpp"

#include <cerrno>

namespace lodger::kernel {
namespace {

constexpr char goes_on = '\1';

}  // namespace

std::string next_piece(std::string_view& text) {
  const bool last = text.size() <= longest_message;
  std::string piece(text.substr(0, last ? text.size() : longest_message - 1));
  text.remove_prefix(piece.size());
  if (!last) piece += goes_on;
  return piece;
}

Result<bool> Pieces::add(std::string_view piece) {
  const bool last = piece.ends_with('\0');
  if (!last && !piece.ends_with(goes_on)) return fail("recvmsg", EPROTO);
  if (!last) piece.remove_suffix(1);
  if (piece.size() > longest_text - text_.size()) return fail("recvmsg", EMSGSIZE);
  text_ += piece;
  return last;
}

}  // namespace lodger::kernel
