#include "netmode/options.hpp"

#include <fmt/core.h>

#include "spec/text.hpp"

namespace lodger::netmode {

namespace {

constexpr std::string_view known_options =
    "bind=PORTS[/PROTOCOL], bind=none, map, private-abstract or require-ports";

// sctp(7) has a bind of its own that no hook of the kernel sees.
Outcome<> add_bind(HostOptions& options, std::string_view where, std::string_view ports) {
  return add_ports(options.bind, where, ports,
                   "SCTP cannot be allowed by port; under a list of ports to bind there is none of it");
}

Outcome<bool> parse_switch(std::string_view where, std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return refuse(fmt::format("{}: \"{}\" is neither \"true\" nor \"false\"", where, text));
}

Outcome<> take_option(HostOptions& options, std::string_view word) {
  if (word == "require-ports")
    options.require_ports = true;
  else if (word == "map")
    options.map = true;
  else if (word == "private-abstract")
    options.private_abstract = true;
  else if (word.starts_with("bind="))
    return add_bind(options, "--network host,bind", word.substr(5));
  else
    return refuse(fmt::format("--network host: unknown option \"{}\"; expected {}", word, known_options));
  return {};
}

/// What is said by flags of their own, beside --network. Whether `name` is one of them.
Outcome<bool> take_flag(Annotated& into, std::string_view name, std::string_view where,
                        std::string_view value) {
  if (name == "publish")
    while (!value.empty()) into.publish.push_back(TRY(parse_publish(spec::cut(value, ','), where)));
  else if (name == "publish-all")
    into.publish_all = TRY(parse_switch(where, value));
  else if (name == "userland-proxy")
    into.userland_proxy = TRY(parse_switch(where, value));
  else
    return false;
  return true;
}

Outcome<> take_annotation(Annotated& into, const std::string& key, std::string_view value) {
  const auto where = fmt::format("annotation {}", key);
  const auto name = std::string_view(key).substr(annotation_prefix.size());
  auto& options = into.options;
  const bool taken = TRY(take_flag(into, name, where, value));
  if (taken) return {};
  if (name == "mode") {
    if (value.empty()) return refuse(fmt::format("{}: no mode is named; a --network value is", where));
    into.mode = value;
    return {};
  }
  if (into.first.empty()) into.first = key;
  if (name == "bind") return add_bind(options, where, value);
  if (name == "map")
    options.map = TRY(parse_switch(where, value));
  else if (name == "require-ports")
    options.require_ports = TRY(parse_switch(where, value));
  else if (name == "private-abstract")
    options.private_abstract = TRY(parse_switch(where, value));
  else
    return refuse(
        fmt::format("{}: unknown; expected {}bind, map, mode, private-abstract, publish, "
                    "publish-all, require-ports or userland-proxy",
                    where, annotation_prefix));
  return {};
}

}  // namespace

Outcome<HostOptions> parse_host_options(std::string_view text) {
  HostOptions options;
  for (;;) {
    const bool last = text.find(',') == text.npos;
    TRY(take_option(options, spec::cut(text, ',')));
    if (last) return options;
  }
}

Outcome<Annotated> parse_annotations(const std::map<std::string, std::string>& annotations) {
  Annotated out;
  for (auto at = annotations.lower_bound(std::string(annotation_prefix));
       at != annotations.end() && at->first.starts_with(annotation_prefix); ++at)
    TRY(take_annotation(out, at->first, at->second));
  return out;
}

Outcome<std::vector<Ports>> parse_environment(const std::vector<std::string>& environment) {
  std::vector<Ports> out;
  for (std::string_view entry : environment) {
    if (!entry.starts_with(require_ports_variable)) continue;
    if (spec::cut(entry, '=') != require_ports_variable) continue;
    const auto where = fmt::format("variable {}", require_ports_variable);
    if (entry.empty()) return refuse(fmt::format("{}: no port is named", where));
    for (const auto& ports : TRY(parse_ports(entry, where))) out.push_back(ports);
  }
  return out;
}

Outcome<HostOptions> united(HostOptions flags, const Annotated& annotated) {
  const auto& added = annotated.options;
  flags.require_ports |= added.require_ports;
  flags.map |= added.map;
  flags.private_abstract |= added.private_abstract;
  if (flags.bind && added.bind)
    return refuse(
        fmt::format("annotation {}bind: the ports to bind are given by --network host,bind= as well; "
                    "leave out one of them",
                    annotation_prefix));
  if (added.bind) flags.bind = added.bind;
  return flags;
}

}  // namespace lodger::netmode
