// The document of a policy. All that its schema says, and what no schema can: that nothing is said twice,
// and that ranges of ports begin before they end.
#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>

#include "runtime/policy/rules.hpp"
#include "spec/read.hpp"

namespace lodger::policy {
namespace {

using spec::Value;
using spec::Where;
using spec::Word;
using spec::Words;

constexpr Condition all_conditions[] = {
    Condition::bind,           Condition::private_abstract, Condition::ports,      Condition::to_host,
    Condition::user_namespace, Condition::no_net_admin,     Condition::no_net_raw, Condition::no_sys_admin};
constexpr Word<Annotations> annotation_words[] = {
    {"deny", Annotations::deny}, {"narrow", Annotations::narrow}, {"allow", Annotations::allow}};

/// The members are these and no others, each once. spec::Object would pass over the rest.
bool only(Value value, const Where& where, std::initializer_list<std::string_view> known) {
  if (value.kind() != spec::Kind::object) return where.expected("an object", value);
  std::vector<std::string_view> seen;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto [name, member] = value.member(i);
    const Where at(where, name);
    if (std::ranges::find(known, name) == known.end()) {
      std::string list;
      for (const auto word : known) list += fmt::format("{}{}", list.empty() ? "" : ", ", word);
      return at.refuse(fmt::format("unknown; expected {}", list));
    }
    if (std::ranges::count(seen, name)) return at.refuse("said twice");
    if (member.kind() == spec::Kind::null) return at.refuse("null says nothing: leave it out");
    seen.push_back(name);
  }
  return true;
}

/// One that its mode knows no such thing for would never hold.
bool read_condition(Value value, Mode mode, Condition& out, const Where& where) {
  std::string text, known;
  if (!spec::read(value, text, where)) return false;
  for (const auto condition : all_conditions) {
    if (!concerns(condition, mode)) continue;
    if (name_of(condition) == text) return out = condition, true;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", name_of(condition));
  }
  return where.refuse(
      fmt::format("unknown condition {} for {}; expected {}", spec::quoted(text), name_of(mode), known));
}

bool read_conditions(Value value, Mode mode, std::vector<Condition>& out, const Where& where) {
  if (value.kind() != spec::Kind::array) return where.expected("an array", value);
  if (value.size() == 0) return where.refuse("names no condition: say \"deny\" or \"allow\"");
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Where at(where, i);
    Condition one{};
    if (!read_condition(value.at(i), mode, one, at)) return false;
    if (std::ranges::count(out, one)) return at.refuse("said twice");
    out.push_back(one);
  }
  return true;
}

/// "allow", "deny", {"deny-unless": [...]}
bool read_rule(Value value, Mode mode, Rule& out, const Where& where) {
  constexpr const char* unless = "deny-unless";
  out.denied = true;
  if (value.kind() == spec::Kind::object) {
    if (!only(value, where, {unless})) return false;
    const auto conditions = value.find(unless);
    return conditions ? read_conditions(conditions, mode, out.unless, Where(where, unless))
                      : where.refuse("expected \"deny-unless\" in it");
  }
  std::string text;
  if (value.kind() != spec::Kind::string)
    return where.expected("\"allow\", \"deny\" or an object with \"deny-unless\"", value);
  if (!spec::read(value, text, where)) return false;
  if (text == "deny") return true;
  out.denied = false;
  return text == "allow" ||
         where.refuse(fmt::format("unknown word {}; expected \"allow\", \"deny\" or an object with "
                                  "\"deny-unless\"",
                                  spec::quoted(text)));
}

/// Of the spellings that --publish takes for a port, one: no list, no leading zero, no capital letter.
bool plain(std::string_view text) {
  return text.find_first_not_of("0123456789-/tcpuds") == text.npos && !text.starts_with('0') &&
         !text.contains("-0");
}

bool read_ports(Value value, std::vector<netmode::Ports>& out, const Where& where) {
  std::vector<std::string> texts;
  if (!spec::read(value, texts, where)) return false;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Where at(where, i);
    constexpr const char* expected =
        "expected a port or a range, such as \"80\", \"8000-8099/tcp\" or \"53/udp\"";
    if (texts[i].empty() || !plain(texts[i])) return at.refuse(expected);
    const auto ports = netmode::parse_ports(texts[i], "ports");
    if (!ports) return at.refuse(ports.error().text);
    out.push_back(ports->front());
  }
  return true;
}

bool read_network(Value value, Rules& out, const Where& where) {
  if (!only(value, where, {"host", "bridge", "relay", "publish", "annotations"})) return false;
  for (const auto mode : {Mode::host, Mode::bridge, Mode::relay}) {
    const Where at(where, name_of(mode));
    auto& rule = mode == Mode::host ? out.host : mode == Mode::bridge ? out.bridge : out.relay;
    const auto member = value.find(name_of(mode));
    if (member && !read_rule(member, mode, rule, at)) return false;
  }
  if (const auto publish = value.find("publish"))
    if (!read_ports(publish, out.publish.emplace(), Where(where, "publish"))) return false;
  const auto annotations = value.find("annotations");
  return !annotations || spec::read(annotations, out.annotations, Where(where, "annotations"),
                                    Words<Annotations>{"word", annotation_words});
}

bool read_all(Value root, Rules& out, const Where& where) {
  if (!only(root, where, {"$schema", "version", "network"})) return false;
  const spec::Object object(root, where);
  std::string schema;
  std::uint64_t version = 0;
  if (!object.optional("$schema", schema) || !object.required("version", version)) return false;
  if (version != 1) return Where(where, "version").refuse("expected 1, the only one that there is so far");
  const auto network = root.find("network");
  return network ? read_network(network, out, Where(where, "network"))
                 : where.refuse("\"network\" is missing");
}

}  // namespace

Outcome<Rules> parse(std::string_view text, std::string_view file) {
  const auto document = TRY(spec::Document::parse(text, file));
  spec::Told told;
  Rules rules;
  if (read_all(document.root(), rules, Where(told, "the document"))) return rules;
  return refuse(fmt::format("{}: {}", file, told.failure.text), EINVAL);
}

}  // namespace lodger::policy
