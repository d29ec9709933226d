// JSON text, written in order: no tree is built.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace lodger::spec {

/// Values go into the innermost open object (each after its key) or array. Empty ones print as {} and [].
class JsonWriter {
 public:
  /// With no indent the text is one line without blanks.
  explicit JsonWriter(unsigned indent = 0) : indent_(indent) {}

  JsonWriter& open(char bracket);   // '{' or '['
  JsonWriter& close(char bracket);  // '}' or ']'
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& number(std::int64_t value);
  JsonWriter& count(std::uint64_t value);
  JsonWriter& fraction(double value);  // finite
  JsonWriter& flag(bool value);
  JsonWriter& null();

  /// A whole array of strings.
  template <class Range>
  JsonWriter& texts(const Range& values) {
    open('[');
    for (const auto& value : values) text(value);
    return close(']');
  }

  const std::string& str() const { return out_; }

 private:
  void begin();
  void line();

  std::string out_;
  unsigned indent_, depth_ = 0;
  bool first_ = true;  // nothing yet in the innermost object or array
  bool after_key_ = false;
};

}  // namespace lodger::spec
