#include "spec/number_list.hpp"

#include <fmt/core.h>

#include <optional>

#include "spec/json.hpp"
#include "spec/text.hpp"

namespace lodger::spec {
namespace {

struct Range {
  unsigned first, last;
};

/// "N" or "N-M"
std::optional<Range> range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = whole_number<unsigned>(text.substr(0, dash));
  const auto last = dash == text.npos ? first : whole_number<unsigned>(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return Range{*first, *last};
}

void add(Mask& mask, const Range& range) {
  if (mask.size() <= range.last / 64) mask.resize(range.last / 64 + 1);
  for (unsigned n = range.first; n <= range.last; ++n) mask[n / 64] |= std::uint64_t{1} << n % 64;
}

}  // namespace

Outcome<Mask> parse_number_list(std::string_view property, std::string_view text, unsigned limit) {
  Mask mask;
  if (text.empty()) return mask;
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    const auto part = range(rest.substr(0, comma));
    if (!part)
      return refuse(fmt::format("{}: expected a list such as \"0-3,7\", found {}", property, quoted(text)));
    if (part->last >= limit)
      return refuse(
          fmt::format("{}: expected numbers from 0 to {}, found {}", property, limit - 1, part->last));
    add(mask, *part);
    if (comma == rest.npos) return mask;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace lodger::spec
