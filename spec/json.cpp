// The one file that includes nlohmann_json: it takes seconds to compile. Its exceptions end here.
#include "spec/json.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <utility>
#include <vector>

#include "spec/text.hpp"

namespace lodger::spec {

using nlohmann::json;

/// What basic_json wants of an object's type to parse into it.
template <class Key, class Mapped, class... More>
class Members : public std::vector<std::pair<Key, Mapped>> {
 public:
  using key_type = Key;
  using mapped_type = Mapped;
  using key_compare = std::less<>;
  Mapped& operator[](Key name) { return this->emplace_back(std::move(name), Mapped()).second; }
};

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

}  // namespace

Kind Value::kind() const {
  switch (node_->type()) {
    case Tree::value_t::boolean: return Kind::boolean;
    case Tree::value_t::number_unsigned: return Kind::natural;
    case Tree::value_t::number_integer: return Kind::negative;
    case Tree::value_t::number_float: return Kind::fraction;
    case Tree::value_t::string: return Kind::string;
    case Tree::value_t::array: return Kind::array;
    case Tree::value_t::object: return Kind::object;
    default: return Kind::null;
  }
}

bool Value::boolean() const { return *node_->get_ptr<const Tree::boolean_t*>(); }
std::uint64_t Value::natural() const { return *node_->get_ptr<const Tree::number_unsigned_t*>(); }
std::int64_t Value::negative() const { return *node_->get_ptr<const Tree::number_integer_t*>(); }
std::string Value::take_string() const { return std::move(*node_->get_ptr<Tree::string_t*>()); }
std::size_t Value::size() const { return node_->size(); }
Value Value::at(std::size_t index) const { return Value(&(*node_)[index]); }

Member Value::member(std::size_t index) const {
  auto& [name, value] = node_->get_ptr<Tree::object_t*>()->at(index);
  return {name, Value(&value)};
}

Value Value::find(std::string_view name, std::string_view& written) const {
  for (auto i = size(); i-- > 0;) {
    const auto [found, value] = member(i);
    if (!same_but_for_case(found, name)) continue;
    written = found;
    return value.kind() == Kind::null ? Value() : value;
  }
  return {};
}

Value Value::find(std::string_view name) const {
  std::string_view written;
  return find(name, written);
}

Outcome<Document> Document::parse(std::string_view text, std::string_view name) {
  try {
    return Document(std::make_unique<Tree>(Tree::parse(text)));
  } catch (const json::exception& error) {
    return refuse(fmt::format("{}: {}", name, complaint(error.what())));
  }
}

Document::Document(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

bool may_have_member(std::string_view text, std::string_view name) {
  if (text.find("\\u") != text.npos) return true;  // any letter may be written so: RFC 8259, section 7
  for (auto at = text.find('"'); at != text.npos; at = text.find('"', at + 1))
    if (same_but_for_case(text.substr(at + 1, name.size()), name)) return true;
  return false;
}

std::string quoted(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace lodger::spec
