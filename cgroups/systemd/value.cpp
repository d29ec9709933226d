#include "cgroups/systemd/value.hpp"

#include <fmt/core.h>

#include <span>

#include "spec/text.hpp"

namespace lodger::cgroups::systemd {
namespace {

bool is_container(std::string_view type) { return type.starts_with('a') || type.starts_with('('); }

void append(Words& words, const Value& value) {
  words.push_back(value.type);
  if (!is_container(value.type)) {
    words.push_back(value.text);
    return;
  }
  words.push_back(std::to_string(value.items.size()));
  for (const auto& item : value.items) append(words, item);
}

/// Words that are read from the front.
class Reader {
 public:
  explicit Reader(std::span<std::string> words) : words_(words) {}
  std::size_t left() const { return words_.size(); }

  std::optional<std::string> word() {
    if (words_.empty()) return std::nullopt;
    auto front = std::move(words_.front());
    words_ = words_.subspan(1);
    return front;
  }
  /// A count that what is left could hold.
  std::optional<std::size_t> count() {
    const auto text = word();
    const auto number = text ? spec::whole_number<std::size_t>(*text) : std::nullopt;
    return number && *number <= left() ? number : std::nullopt;
  }
  std::optional<Value> value() {
    Value out;
    auto type = word();
    if (!type || type->empty()) return std::nullopt;
    out.type = std::move(*type);
    if (!is_container(out.type)) {
      auto text = word();
      if (!text) return std::nullopt;
      out.text = std::move(*text);
      return out;
    }
    const auto items = count();
    for (std::size_t i = 0; items && i < *items; ++i) {
      auto item = value();
      if (!item) return std::nullopt;
      out.items.push_back(std::move(*item));
    }
    return items ? std::optional(std::move(out)) : std::nullopt;
  }
  std::optional<Property> property() {
    auto name = word();
    const auto since = word();
    const auto number = since ? spec::whole_number<int>(*since) : std::nullopt;
    auto what = value();
    if (!name || !number || !what) return std::nullopt;
    return Property{std::move(*name), std::move(*what), *number};
  }

 private:
  std::span<std::string> words_;
};

}  // namespace

Value flag(bool on) { return {"b", on ? "true" : "false", {}}; }
Value number(std::uint64_t number) { return {"t", std::to_string(number), {}}; }
Value string(std::string text) { return {"s", std::move(text), {}}; }

Value bytes(const std::vector<std::uint8_t>& bytes) {
  Value out{"ay", {}, {}};
  for (const unsigned byte : bytes) out.items.push_back({"y", std::to_string(byte), {}});
  return out;
}

Value structure(std::vector<Value> members) {
  Value out{"(", {}, std::move(members)};
  for (const auto& member : out.items) out.type += member.type;
  out.type += ')';
  return out;
}

Value array(std::string_view type, std::vector<Value> items) {
  return {fmt::format("a{}", type), {}, std::move(items)};
}

void append(Words& words, const std::vector<Property>& properties) {
  words.push_back(std::to_string(properties.size()));
  for (const auto& property : properties) {
    words.push_back(property.name);
    words.push_back(std::to_string(property.since));
    append(words, property.value);
  }
}

std::optional<std::vector<Property>> take_properties(Words& words) {
  Reader reader(words);
  const auto count = reader.count();
  if (!count) return std::nullopt;
  std::vector<Property> properties;
  for (std::size_t i = 0; i < *count; ++i) {
    auto property = reader.property();
    if (!property) return std::nullopt;
    properties.push_back(std::move(*property));
  }
  words.erase(words.begin(), words.end() - static_cast<std::ptrdiff_t>(reader.left()));
  return properties;
}

}  // namespace lodger::cgroups::systemd
