#include "runtime/container/columns.hpp"

#include <algorithm>
#include <string_view>

namespace lodger::container {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string aligned(const std::vector<Columns>& rows) {
  std::vector<std::size_t> width(rows.empty() ? 0 : rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      width[i] = std::max({width[i], characters(row[i]) + 3, std::size_t{12}});
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      out.append(row[i]).append(width[i] - characters(row[i]), ' ');
    out.append(row.back()).push_back('\n');
  }
  return out;
}

}  // namespace lodger::container
