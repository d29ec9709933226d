// Typed readers: `read(value, into, where)` for every type of the model. One that returns false has told
// `where` why. Internal to spec/.
#pragma once
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/json.hpp"
#include "spec/where.hpp"

namespace lodger::spec {

/// Strings end up as C strings, so one with a NUL inside is refused rather than cut.
[[nodiscard]] bool read(Value value, std::string& out, const Where& where);
[[nodiscard]] bool read(Value value, bool& out, const Where& where);
[[nodiscard]] bool read_natural(Value value, std::uint64_t highest, std::uint64_t& out, const Where& where);
[[nodiscard]] bool read_signed(Value value, std::int64_t lowest, std::int64_t highest, std::int64_t& out,
                               const Where& where);

/// Integers, within the range of their type.
template <std::integral T>
[[nodiscard]] bool read(Value value, T& out, const Where& where) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::unsigned_integral<T>) {
    std::uint64_t wide = 0;
    if (!read_natural(value, Limits::max(), wide, where)) return false;
    out = static_cast<T>(wide);
  } else {
    std::int64_t wide = 0;
    if (!read_signed(value, Limits::min(), Limits::max(), wide, where)) return false;
    out = static_cast<T>(wide);
  }
  return true;
}

template <class T>
[[nodiscard]] bool read(Value value, std::optional<T>& out, const Where& where) {
  return read(value, out.emplace(), where);
}

/// A further argument (a list of Words) goes to each element's reader.
template <class T, class... Words>
[[nodiscard]] bool read(Value value, std::vector<T>& out, const Where& where, const Words&... words) {
  if (value.kind() != Kind::array) return where.expected("an array", value);
  out.resize(value.size());
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!read(value.at(i), out[i], Where(where, i), words...)) return false;
  return true;
}

/// An object of free keys, in which case counts. Of one that occurs twice the last counts; a null value is as
/// if the key were absent.
template <class T>
[[nodiscard]] bool read(Value value, std::map<std::string, T>& out, const Where& where) {
  if (value.kind() != Kind::object) return where.expected("an object", value);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto [name, member] = value.member(i);
    const auto at = out.insert_or_assign(std::string(name), T{}).first;
    if (member.kind() == Kind::null)
      out.erase(at);
    else if (!read(member, at->second, Where(where, name)))
      return false;
  }
  return true;
}

/// The strings that a property may have, and what each means.
template <class T>
struct Word {
  std::string_view name;
  T meaning;
};
template <class T>
struct Words {
  std::string_view kind;  // for the error: unknown <kind> "x"
  std::span<const Word<T>> list;
};
template <class T>
[[nodiscard]] bool read(Value value, T& out, const Where& where, const Words<T>& words) {
  std::string text;
  if (!read(value, text, where)) return false;
  for (const auto& word : words.list)
    if (word.name == text) return out = word.meaning, true;
  return where.refuse("unknown " + std::string(words.kind) + " " + quoted(text));
}

/// Strings that stay strings, but only these.
struct Names {
  std::string_view kind;
  std::span<const std::string_view> list;
};
[[nodiscard]] bool read(Value value, std::string& out, const Where& where, const Names& names);

/// The members of an object, by name. Absent and null are the same (Go's habit); unknown ones are ignored.
/// One whose name differs in case alone is taken, as by the runtimes in Go, and remarked on: to ignore it
/// would leave out what somebody meant ("readOnly"). Of those that are the same but for case, too, the last
/// counts, a null included.
class Object {
 public:
  Object(Value value, const Where& where)
      : value_(value),
        where_(where),
        good_(value.kind() == Kind::object || where.expected("an object", value)) {}
  explicit operator bool() const { return good_; }
  bool has(std::string_view name) const { return static_cast<bool>(value_.find(name)); }

  template <class T, class... Words>
  [[nodiscard]] bool required(std::string_view name, T& out, const Words&... words) const {
    const Value member = find(name);
    const Where at(where_, name);
    return member ? read(member, out, at, words...) : at.refuse("missing");
  }
  template <class T, class... Words>
  [[nodiscard]] bool optional(std::string_view name, T& out, const Words&... words) const {
    const Value member = find(name);
    return !member || read(member, out, Where(where_, name), words...);
  }

 private:
  Value find(std::string_view name) const {
    std::string_view written = name;
    const Value member = value_.find(name, written);
    if (member && written != name) remark(written, name);
    return member;
  }
  void remark(std::string_view written, std::string_view name) const;

  Value value_;
  const Where& where_;
  bool good_;
};

}  // namespace lodger::spec
