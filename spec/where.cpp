#include "spec/where.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace lodger::spec {

namespace {

bool plain(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::null: return "null";
    case Kind::boolean: return "a boolean";
    case Kind::natural:
    case Kind::negative: return "a number";
    case Kind::fraction: return "a number with a fraction, an exponent or more than 64 bits";
    case Kind::string: return "a string";
    case Kind::array: return "an array";
    case Kind::object: return "an object";
  }
  __builtin_unreachable();
}

}  // namespace

const Where& Where::root() const {
  const Where* root = this;
  while (root->parent_) root = root->parent_;
  return *root;
}

std::string Where::path() const {
  if (!parent_) return std::string(key_);
  std::string above = parent_->path();
  if (key_.data() == nullptr) return fmt::format("{}[{}]", above, index_);
  if (!plain(key_)) return fmt::format("{}[{}]", above, quoted(key_));
  return above.empty() ? std::string(key_) : fmt::format("{}.{}", above, key_);
}

std::string Where::line(std::string_view text) const {
  const std::string at = path();
  return fmt::format("{}: {}", at.empty() ? root().document_ : std::string_view(at), text);
}

bool Where::refuse(std::string_view why) const {
  root().told_->failure.text = line(why);
  return false;
}

void Where::remark(std::string_view what) const { root().told_->remarks.push_back(line(what)); }

bool Where::expected(std::string_view what, Value found) const {
  return refuse(fmt::format("expected {}, found {}", what, name_of(found.kind())));
}

}  // namespace lodger::spec
