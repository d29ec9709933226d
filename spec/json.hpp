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

#include "kernel/failure.hpp"

namespace lodger::spec {

/// What a value is. Integers beyond 64 bits and numbers with a fraction or exponent are `fraction`.
enum class Kind : std::uint8_t { null, boolean, natural, negative, fraction, string, array, object };

template <class Key, class Mapped, class... More>
class Members;
/// nlohmann::json with members as they are written, doubles included: their order decides, and its maps
/// forget it.
using Tree = nlohmann::basic_json<Members>;

struct Member;

/// A borrowed value of a Document, or none. Accessors want the kind they name, size() an array or an object.
class Value {
 public:
  Value() = default;
  explicit Value(Tree* node) : node_(node) {}
  explicit operator bool() const { return node_ != nullptr; }

  Kind kind() const;
  bool boolean() const;
  std::uint64_t natural() const;
  std::int64_t negative() const;
  std::string take_string() const;  // moves the text out: a second call finds it empty
  std::size_t size() const;
  Value at(std::size_t index) const;
  Member member(std::size_t index) const;  // of an object, as written
  /// The last member of this name, whatever the case of its ASCII letters, as with Go's
  /// encoding/json; but nothing of the earlier ones is merged into it. `written` is its name as it stands
  /// there. No value where it is absent or null.
  Value find(std::string_view name, std::string_view& written) const;
  Value find(std::string_view name) const;

 private:
  Tree* node_ = nullptr;
};

struct Member {
  std::string_view name;
  Value value;
};

/// A parsed text.
class Document {
 public:
  /// `name` stands before an error: "config.json: line 4, column 7: ...".
  static Outcome<Document> parse(std::string_view text, std::string_view name);
  Value root() const { return Value(tree_.get()); }

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

 private:
  explicit Document(std::unique_ptr<Tree> tree);
  std::unique_ptr<Tree> tree_;
};

/// False where no object in the text has a member of this name, however written. True is to be looked into.
bool may_have_member(std::string_view text, std::string_view name);

/// The text as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
std::string quoted(std::string_view text);

}  // namespace lodger::spec
