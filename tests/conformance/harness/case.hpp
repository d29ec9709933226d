// What a case is: a name, the sentence of the specification that it judges by, what it needs of the machine,
// and a function. Cases are constant tables, one per file of cases/, joined by cases/all.cpp.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace conformance {

class Trial;
struct Machine;

/// RFC 2119: how much a runtime loses by not doing so.
enum class Level : std::uint8_t { must, should, may };
std::string_view to_string(Level level);

/// Where it is written. `text` is the sentence as it stands there, without its links.
struct Clause {
  std::string_view document;  // "runtime.md"
  std::string_view section;   // the heading: "Kill"
  Level level;
  std::string_view text;
};

/// What a machine has to have, or the case is skipped with "needs <what>".
struct Need {
  std::string_view what;
  bool (*met)(const Machine&);
};

struct Case {
  std::string_view name;  // "runtime/kill-stopped-is-error"
  Clause clause;
  void (*run)(Trial&);
  std::array<const Need*, 4> needs{};
  std::string_view variant{};  // of a table: the row's name
  std::size_t row = 0;         // of a table: Trial::row()

  /// "runtime/kill-stopped-is-error", or "config-process/rlimit=RLIMIT_CPU" for a row.
  std::string full_name() const;
};

/// A case for each row of a table, all with the same function, which finds its row by Trial::row(). A row has
/// a `name`; where it has a `level`, `section`, `text` or `need` of its own, that is taken.
template <class Row, std::size_t N>
consteval std::array<Case, N> each(const std::array<Row, N>& rows, Case base) {
  std::array<Case, N> cases{};
  for (std::size_t i = 0; i < N; ++i) {
    cases[i] = base;
    cases[i].variant = rows[i].name;
    cases[i].row = i;
    if constexpr (requires { rows[i].level; }) cases[i].clause.level = rows[i].level;
    if constexpr (requires { rows[i].section; })
      if (!rows[i].section.empty()) cases[i].clause.section = rows[i].section;
    if constexpr (requires { rows[i].text; })
      if (!rows[i].text.empty()) cases[i].clause.text = rows[i].text;
    if constexpr (requires { rows[i].need; }) cases[i].needs.back() = rows[i].need;
  }
  return cases;
}

/// Several tables as one.
template <std::size_t... N>
consteval auto joined(const std::array<Case, N>&... tables) {
  std::array<Case, (N + ...)> all{};
  std::size_t at = 0;
  const auto append = [&](const auto& table) {
    for (const Case& one : table) all[at++] = one;
  };
  (append(tables), ...);
  return all;
}

}  // namespace conformance
