// What the specification has and this version of lodger has not: refused by name, never skipped. A row goes
// when the feature comes. An object that is present but empty asks for nothing and passes; intelRdt alone
// means something even when empty (config-linux.md, "IntelRdt").
#include <fmt/core.h>

#include "spec/clauses.hpp"

namespace lodger::spec {

namespace {

template <class T>
struct Row {
  const char* property;
  bool (*used)(const T&);
};

constexpr Row<Linux> of_linux[] = {
    {"linux.intelRdt", [](const Linux& l) { return l.intel_rdt.has_value(); }},
};

template <class T, std::size_t N>
Outcome<> refuse_rows(const Row<T> (&rows)[N], const T& object) {
  for (const auto& row : rows)
    if (row.used(object))
      return refuse(fmt::format("{}: not supported by this version of lodger", row.property));
  return {};
}

}  // namespace

Outcome<> refuse_not_yet(const Config& config) {
  return config.linux ? refuse_rows(of_linux, *config.linux) : Outcome<>{};
}

}  // namespace lodger::spec
