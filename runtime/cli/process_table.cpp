#include "runtime/cli/process_table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "spec/text.hpp"

namespace lodger::cli {
namespace {

/// The word at this place, blank-separated; empty: the line has fewer.
std::string_view word_at(std::string_view line, std::size_t place) {
  for (;; --place) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const auto word = line.substr(0, line.find_first_of(" \t"));
    if (place == 0 || word.empty()) return word;
    line.remove_prefix(word.size());
  }
}

std::optional<std::size_t> pid_column(std::string_view headings) {
  for (std::size_t place = 0;; ++place) {
    const auto word = word_at(headings, place);
    if (word == "PID") return place;
    if (word.empty()) return std::nullopt;
  }
}

}  // namespace

Outcome<std::string> lines_of(std::string_view table, std::span<const pid_t> pids) {
  const auto headings = spec::cut(table, '\n');
  const auto column = pid_column(headings);
  if (!column)
    return refuse("ps: its options have to leave a column PID: couldn't find PID field in ps output");
  std::string out = fmt::format("{}\n", headings);
  while (!table.empty()) {
    const auto line = spec::cut(table, '\n');
    const auto word = word_at(line, *column);
    if (word.empty()) continue;
    // What is no number belongs to none: a thread's line ("-") or a message among the lines.
    const auto pid = spec::whole_number<pid_t>(word);
    if (pid && std::ranges::binary_search(pids, *pid)) out.append(line).push_back('\n');
  }
  return out;
}

}  // namespace lodger::cli
