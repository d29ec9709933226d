// What the tests of spec/ share.
#pragma once
#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "spec/check.hpp"
#include "spec/defaults.hpp"
#include "spec/parse.hpp"

namespace lodger::spec {

/// The text of a failure, or "accepted".
template <class T>
std::string verdict(const Outcome<T>& outcome) {
  return outcome ? "accepted" : outcome.error().text;
}

/// The verdict on a configuration of which only one top-level member is interesting.
inline std::string parse_with(std::string_view member) {
  return verdict(parse("{\"ociVersion\": \"1.0.0\", " + std::string(member) + "}"));
}

/// The same, parsed.
inline Config parsed_with(std::string_view member) {
  auto config = parse("{\"ociVersion\": \"1.0.0\", " + std::string(member) + "}");
  REQUIRE(verdict(config) == "accepted");
  return std::move(*config);
}

/// A configuration that passes every check, to be spoiled.
inline Config sound() {
  auto config = parse(default_config());
  REQUIRE(verdict(config) == "accepted");
  return std::move(*config);
}

/// The verdict of check() on sound(), changed by `spoil`.
template <class Spoil>
std::string check_after(Spoil spoil) {
  Config config = sound();
  spoil(config);
  return verdict(check(config));
}

}  // namespace lodger::spec
