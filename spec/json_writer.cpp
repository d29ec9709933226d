#include "spec/json_writer.hpp"

#include <fmt/core.h>

#include "spec/json.hpp"

namespace lodger::spec {

void JsonWriter::line() {
  if (indent_ == 0) return;
  out_ += '\n';
  out_.append(std::size_t{depth_} * indent_, ' ');
}

/// What stands between the last value and the next: nothing after a key or at the very start.
void JsonWriter::begin() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) out_ += ',';
  if (depth_ > 0) line();
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  begin();
  out_ += bracket;
  ++depth_;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  --depth_;
  if (!first_) line();
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  text(name);
  out_ += indent_ == 0 ? ":" : ": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  begin();
  out_ += quoted(value);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  begin();
  out_ += fmt::format("{}", value);
  return *this;
}

JsonWriter& JsonWriter::count(std::uint64_t value) {
  begin();
  out_ += fmt::format("{}", value);
  return *this;
}

JsonWriter& JsonWriter::fraction(double value) {
  begin();
  out_ += fmt::format("{}", value);
  return *this;
}

JsonWriter& JsonWriter::flag(bool value) {
  begin();
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  begin();
  out_ += "null";
  return *this;
}

}  // namespace lodger::spec
