// The one file that includes nlohmann_json: it takes seconds to compile. Its exceptions end here.
#include "spec/json.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace lodger::spec {

using nlohmann::json;

namespace {

/// The library's words from "line ..." on. What it last read may be a whole file: it is cut, and never
/// splits a UTF-8 sequence, as what follows may be a JSON log.
std::string complaint(std::string_view what) {
  const auto place = what.find("line ");
  const auto prefix = what.find("] ");
  std::string text(what.substr(place != what.npos ? place : prefix != what.npos ? prefix + 2 : 0));
  if (const auto read = text.find("; last read: "); read != text.npos) text.resize(read);
  constexpr std::size_t enough = 200;
  if (text.size() > enough) {
    std::size_t end = enough;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  return text;
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

Kind Value::kind() const {
  switch (node_->type()) {
    case json::value_t::boolean: return Kind::boolean;
    case json::value_t::number_unsigned: return Kind::natural;
    case json::value_t::number_integer: return Kind::negative;
    case json::value_t::number_float: return Kind::fraction;
    case json::value_t::string: return Kind::string;
    case json::value_t::array: return Kind::array;
    case json::value_t::object: return Kind::object;
    default: return Kind::null;
  }
}

bool Value::boolean() const { return *node_->get_ptr<const json::boolean_t*>(); }
std::uint64_t Value::natural() const { return *node_->get_ptr<const json::number_unsigned_t*>(); }
std::int64_t Value::negative() const { return *node_->get_ptr<const json::number_integer_t*>(); }
std::string Value::take_string() const { return std::move(*node_->get_ptr<json::string_t*>()); }
std::size_t Value::size() const { return node_->size(); }
Value Value::at(std::size_t index) const { return Value(&(*node_)[index]); }

Value Value::find(std::string_view name) const {
  auto& members = *node_->get_ptr<json::object_t*>();
  const auto found = members.find(name);
  return found == members.end() || found->second.is_null() ? Value() : Value(&found->second);
}

Value Value::find_in_other_case(std::string_view name, std::string_view& found) const {
  for (auto& [key, value] : *node_->get_ptr<json::object_t*>()) {
    if (value.is_null() || key == name || !same_but_for_case(key, name)) continue;
    found = key;
    return Value(&value);
  }
  return {};
}

std::vector<std::string> Value::names() const {
  std::vector<std::string> out;
  out.reserve(node_->size());
  for (const auto& [name, value] : *node_->get_ptr<const json::object_t*>()) out.push_back(name);
  return out;
}

Outcome<Document> Document::parse(std::string_view text, std::string_view name) {
  try {
    return Document(std::make_unique<json>(json::parse(text)));
  } catch (const json::exception& error) {
    return refuse(fmt::format("{}: {}", name, complaint(error.what())));
  }
}

Document::Document(std::unique_ptr<json> tree) : tree_(std::move(tree)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

std::string quoted(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace lodger::spec
