// JSON text to a tree and back, behind a header that costs nothing to include: json.cpp alone sees the
// library. Internal to spec/ and to whoever else reads or writes JSON.
// Source: RFC 8259.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"

namespace lodger::spec {

/// What a value is. Integers beyond 64 bits and numbers with a fraction or exponent are `fraction`.
enum class Kind : std::uint8_t { null, boolean, natural, negative, fraction, string, array, object };

/// A borrowed value of a Document, or none. Accessors want the kind they name, and size() an array.
class Value {
 public:
  Value() = default;
  explicit Value(nlohmann::json* node) : node_(node) {}
  explicit operator bool() const { return node_ != nullptr; }

  Kind kind() const;
  bool boolean() const;
  std::uint64_t natural() const;
  std::int64_t negative() const;
  std::string take_string() const;  // moves the text out: a second call finds it empty
  std::size_t size() const;
  Value at(std::size_t index) const;
  Value find(std::string_view name) const;  // no value where the member is absent or null
  /// A member whose name is this but for the case of ASCII letters; `found` is what stands there.
  Value find_in_other_case(std::string_view name, std::string_view& found) const;
  std::vector<std::string> names() const;  // of an object's members, sorted; null ones included

 private:
  nlohmann::json* node_ = nullptr;
};

/// A parsed text. Of members that occur twice the last one counts, as in Go's encoding/json.
class Document {
 public:
  /// `name` stands before an error: "config.json: line 4, column 7: ...".
  static Outcome<Document> parse(std::string_view text, std::string_view name);
  Value root() const { return Value(tree_.get()); }

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

 private:
  explicit Document(std::unique_ptr<nlohmann::json> tree);
  std::unique_ptr<nlohmann::json> tree_;
};

/// The text as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
std::string quoted(std::string_view text);

}  // namespace lodger::spec
