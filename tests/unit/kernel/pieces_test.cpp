#include "kernel/pieces.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <optional>

#include "kernel/words.hpp"

using namespace lodger::kernel;

namespace {

struct Arrived {
  std::size_t datagrams = 0;
  std::string text;
};

/// Cut, and put together again.
Arrived sent(std::string_view text) {
  Arrived out;
  Pieces all;
  for (bool last = false; !last; ++out.datagrams) {
    const auto piece = next_piece(text);
    CHECK(piece.size() <= longest_message);
    CHECK_FALSE(piece.empty());
    last = all.add(piece).value();
    CHECK(last == text.empty());
  }
  out.text = all.text();
  return out;
}

}  // namespace

TEST_CASE("pieces: what fits into a datagram goes in one, as it is", "[pieces]") {
  const auto text = packed({"one", "", "two"});
  std::string_view rest = text;
  CHECK(next_piece(rest) == text);
  CHECK(rest.empty());
  CHECK(sent(packed({std::string(longest_message - 1, 'x')})).datagrams == 1);
}

TEST_CASE("pieces: a long text arrives whole, wherever it is cut", "[pieces]") {
  const auto more = GENERATE(std::size_t{0}, std::size_t{1}, longest_message - 2, longest_message - 1,
                             longest_message, 5 * longest_message);
  for (const auto* cut_at : {"x", "\1", "more"}) {  // what ends a piece is no word
    Words words;
    for (std::size_t size = 0; size < longest_message + more; size += words.back().size() + 1)
      words.emplace_back(cut_at);
    const auto text = packed(words);
    const auto arrived = sent(text);
    CHECK(arrived.text == text);
    CHECK(unpacked(arrived.text) == words);
  }
  CHECK(sent(std::string(longest_message + 1, '\0')).datagrams == 2);  // words of nothing, at every cut
}

TEST_CASE("pieces: a datagram that does not say whether it goes on is refused", "[pieces]") {
  for (const auto* piece : {"", "one", "one\2"}) CHECK(Pieces().add(piece).error().code == EPROTO);
}

TEST_CASE("pieces: more than the longest text is refused, and not kept", "[pieces]") {
  const auto piece = std::string(longest_message - 1, 'x') + '\1';
  Pieces all;
  std::optional<int> code;
  for (std::size_t size = 0; !code && size < 2 * longest_text; size += piece.size())
    if (const auto last = all.add(piece); !last) code = last.error().code;
  CHECK(code == EMSGSIZE);
  CHECK(all.text().size() <= longest_text);
}
