#include "cgroups/systemd/gvariant.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "spec/text.hpp"

namespace lodger::cgroups::systemd {
namespace {

constexpr std::size_t deepest = 16;  // of arrays in arrays; D-Bus has 32

struct Keyword {
  std::string_view word, type;
};
constexpr Keyword keywords[] = {
    {"boolean", "b"}, {"byte", "y"},   {"int16", "n"},      {"uint16", "q"},
    {"int32", "i"},   {"uint32", "u"}, {"int64", "x"},      {"uint64", "t"},
    {"double", "d"},  {"string", "s"}, {"objectpath", "o"}, {"signature", "g"},
};

template <class Integer>
bool holds(std::string_view text) {
  return spec::whole_number<Integer>(text).has_value();
}

bool is_fraction(const std::string& text) {
  if (text.empty() || text.find_first_not_of("+-.0123456789eE") != text.npos) return false;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return *end == '\0' && std::isfinite(number);
}

/// Whether a number's text is one of this type.
bool is_number_of(char type, const std::string& text) {
  switch (type) {
    case 'y': return holds<std::uint8_t>(text);
    case 'n': return holds<std::int16_t>(text);
    case 'q': return holds<std::uint16_t>(text);
    case 'i': return holds<std::int32_t>(text);
    case 'u': return holds<std::uint32_t>(text);
    case 'x': return holds<std::int64_t>(text);
    case 't': return holds<std::uint64_t>(text);
    case 'd': return is_fraction(text);
    default: return false;
  }
}

/// One type off the front of a signature; empty where none begins there.
std::string_view first_type(std::string_view signature, std::size_t depth = 0) {
  if (signature.empty() || depth > deepest) return {};
  if (std::string_view("bynqiuxtdsog").find(signature[0]) != std::string_view::npos)
    return signature.substr(0, 1);
  if (signature[0] == 'a') {
    const auto item = first_type(signature.substr(1), depth + 1);
    return item.empty() ? item : signature.substr(0, 1 + item.size());
  }
  if (signature[0] != '(') return {};
  for (std::size_t at = 1; at < signature.size();) {
    if (signature[at] == ')') return at > 1 ? signature.substr(0, at + 1) : std::string_view{};
    const auto member = first_type(signature.substr(at), depth + 1);
    if (member.empty()) return {};
    at += member.size();
  }
  return {};
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Value> whole() {
    auto value = parse("");
    skip_blanks();
    return rest_.empty() ? std::move(value) : std::nullopt;
  }

 private:
  /// `type`: what the value has to be; empty: what it looks like.
  std::optional<Value> parse(std::string type) {
    if (++depth_ > deepest) return std::nullopt;
    skip_blanks();
    const bool says_type = rest_.starts_with('@');
    auto own = declared();
    if (says_type && own.empty()) return std::nullopt;
    if (!own.empty() && !type.empty() && own != type) return std::nullopt;
    if (!own.empty()) type = std::move(own);
    skip_blanks();
    if (rest_.empty()) return std::nullopt;
    const char first = rest_.front();
    auto value = first == '[' ? array(type) : first == '(' ? tuple(type) : basic(type);
    --depth_;
    return value;
  }

  /// A type before the value: "@as" or a keyword.
  std::string declared() {
    if (take('@')) {
      const auto type = first_type(rest_);
      rest_.remove_prefix(type.size());
      return std::string(type);
    }
    for (const auto& [word, type] : keywords)
      if (rest_.starts_with(word) && rest_.size() > word.size() && rest_[word.size()] == ' ') {
        rest_.remove_prefix(word.size());
        return std::string(type);
      }
    return "";
  }

  std::optional<Value> basic(const std::string& type) {
    const char first = rest_.front();
    if (first == '\'' || first == '"') {
      if (!type.empty() && type != "s" && type != "o" && type != "g") return std::nullopt;
      auto text = quoted();
      if (!text) return std::nullopt;
      return Value{type.empty() ? "s" : type, std::move(*text), {}};
    }
    std::string word(rest_.substr(0, rest_.find_first_of(" ,])\t\n")));
    rest_.remove_prefix(word.size());
    if (word == "true" || word == "false") {
      if (!type.empty() && type != "b") return std::nullopt;
      return Value{"b", std::move(word), {}};
    }
    const char what = !type.empty() ? type[0] : word.find_first_of(".eE") == word.npos ? 'i' : 'd';
    if (type.size() > 1 || !is_number_of(what, word)) return std::nullopt;
    return Value{std::string(1, what), std::move(word), {}};
  }

  std::optional<std::string> quoted() {
    const char quote = rest_.front();
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty() && rest_.front() != quote) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\') {
        if (rest_.empty()) return std::nullopt;
        c = rest_.front() == 'n' ? '\n' : rest_.front() == 't' ? '\t' : rest_.front();
        rest_.remove_prefix(1);
      }
      if (c == '\0') return std::nullopt;
      text += c;
    }
    return take(quote) ? std::optional(std::move(text)) : std::nullopt;
  }

  std::optional<Value> array(const std::string& type) {
    if (!type.empty() && type[0] != 'a') return std::nullopt;
    std::string item = type.empty() ? "" : type.substr(1);
    auto items = list(
        '[', ']', [&](std::size_t) { return item; }, [&](const Value& first) { item = first.type; });
    if (!items || item.empty()) return std::nullopt;
    for (const auto& one : *items)
      if (one.type != item) return std::nullopt;
    return systemd::array(item, std::move(*items));
  }

  std::optional<Value> tuple(const std::string& type) {
    if (!type.empty() && type[0] != '(') return std::nullopt;
    std::vector<std::string> members;
    for (std::string_view left = type.empty() ? type : std::string_view(type).substr(1); left.size() > 1;) {
      members.emplace_back(first_type(left));
      left.remove_prefix(members.back().size());
    }
    auto items = list(
        '(', ')', [&](std::size_t i) { return i < members.size() ? members[i] : std::string(); },
        [](const Value&) {});
    if (!items || items->empty()) return std::nullopt;
    auto value = structure(std::move(*items));
    return type.empty() || value.type == type ? std::optional(std::move(value)) : std::nullopt;
  }

  template <class TypeOf, class Parsed>
  std::optional<std::vector<Value>> list(char open, char close, TypeOf type_of, Parsed parsed) {
    take(open);
    std::vector<Value> items;
    for (;;) {
      skip_blanks();
      if (take(close)) return items;
      if (!items.empty() && !take(',')) return std::nullopt;
      skip_blanks();
      if (!items.empty() && take(close)) return items;  // "(1,)"
      auto item = parse(type_of(items.size()));
      if (!item) return std::nullopt;
      parsed(*item);
      items.push_back(std::move(*item));
    }
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size())); }

  std::string_view rest_;
  std::size_t depth_ = 0;
};

}  // namespace

std::optional<Value> parse_gvariant(std::string_view text) { return Parser(text).whole(); }

}  // namespace lodger::cgroups::systemd
