#include "netmode/mode.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "netmode/bridge/network.hpp"
#include "netmode/host.hpp"
#include "netmode/stack.hpp"

namespace lodger::netmode {

namespace {

using spec::NamespaceType;

constexpr const char* discarded = "WARNING: Published ports are discarded when using host network mode";
constexpr const char* exposed_annotation = "org.opencontainers.image.exposedPorts";

/// What is said twice is said once, as Docker has it.
void leave_out_repeated(std::vector<Publication>& all) {
  std::set<Publication> seen;
  std::erase_if(all, [&](const Publication& one) { return !seen.insert(one).second; });
}

// In every mode, so that a slip of the pen shows where it is made and not when the mode changes.
Outcome<> take_published(const Request& request, const Annotated& annotated, Decision& decision) {
  for (const auto& value : request.publish) decision.publications.push_back(TRY(parse_publish(value)));
  decision.publications.insert(decision.publications.end(), annotated.publish.begin(),
                               annotated.publish.end());
  leave_out_repeated(decision.publications);
  decision.publish_all = request.publish_all || annotated.publish_all;
  return {};
}

// What an image declares. Wrong, it is an error only where somebody relies on it.
Outcome<> take_exposed(const spec::Config& config, Decision& decision) {
  const auto found = config.annotations.find(exposed_annotation);
  const bool asked = decision.host || decision.relay || decision.publish_all;
  if (found == config.annotations.end() || !asked) return {};
  auto exposed = parse_ports(found->second, fmt::format("annotation {}", exposed_annotation));
  if (exposed) {
    decision.exposed = std::move(*exposed);
    return {};
  }
  if (decision.publish_all) return std::unexpected(std::move(exposed.error()));
  decision.warnings.push_back(fmt::format("{}: these ports are not looked at", exposed.error().text));
  return {};
}

Outcome<> take_proxy(const Request& request, const Annotated& annotated, Decision& decision) {
  decision.userland_proxy = request.userland_proxy || annotated.userland_proxy;
  if (!decision.userland_proxy || !decision.bridge.empty()) return {};
  const auto where = request.userland_proxy ? std::string("--userland-proxy")
                                            : fmt::format("annotation {}userland-proxy", annotation_prefix);
  return refuse(fmt::format("{}: there is none but for the published ports of --network bridge", where));
}

// With a network of its own nobody can have taken a container's ports.
Outcome<> take_environment(const spec::Config& config, Decision& decision) {
  if (!config.process) return {};
  const auto ports = TRY(parse_environment(config.process->env));
  if (ports.empty() || !decision.host) return {};
  decision.exposed.insert(decision.exposed.end(), ports.begin(), ports.end());
  decision.options.require_ports = true;
  return {};
}

Outcome<> take_options(const Request& request, const Annotated& annotated, Decision& decision) {
  if (!decision.host && !annotated.first.empty())
    return refuse(
        fmt::format("annotation {}: only a container on the host's network can have it, and this one's "
                    "network is another",
                    annotated.first));
  decision.options = TRY(united(request.mode.options, annotated));
  return {};
}

bool is_network(const spec::Namespace& entry) { return entry.type == NamespaceType::network; }

void leave_network_out(spec::Config& config) {
  if (config.linux) std::erase_if(config.linux->namespaces, is_network);
}

// In the old entry's place, since the order of entries is the order of joining.
void set_network(spec::Config& config, std::string path) {
  auto& entries = (config.linux ? *config.linux : config.linux.emplace()).namespaces;
  const auto found = std::ranges::find_if(entries, is_network);
  if (found == entries.end())
    entries.push_back({NamespaceType::network, std::move(path)});
  else
    found->path = std::move(path);
}

Place place_of(const Stack& stack) { return stack.own ? Place{true} : Place{false, stack.identity}; }

// Joins the stack at `path`, which may turn out to be this process's own: then there is nothing to join.
Outcome<Place> join(spec::Config& config, std::string_view where, std::string path, const HostFiles& files) {
  const auto stack = TRY(check_stack(where, path, files.own_stack));
  if (stack.own)
    leave_network_out(config);
  else
    set_network(config, std::move(path));
  return place_of(stack);
}

Outcome<Place> follow_bundle(spec::Config& config, const HostFiles& files) {
  const auto* entry = config.linux ? config.linux->find(NamespaceType::network) : nullptr;
  if (!entry) return Place{true};
  if (!entry->path.starts_with('/')) return Place{};  // a new one, or a path that spec::check() refuses
  const auto stack = TRY(look_at_stack("linux.namespaces: network", entry->path, files.own_stack));
  if (stack.own) leave_network_out(config);
  return place_of(stack);
}

Outcome<Place> join_container(const Request& request, spec::Config& config, const HostFiles& files) {
  const auto where = fmt::format("--network container:{}", request.mode.argument);
  if (!request.namespace_of) return refuse(where + ": this command knows no other containers");
  return join(config, where, TRY(request.namespace_of(request.mode.argument)), files);
}

Outcome<Place> set_mode(const Request& request, spec::Config& config, const HostFiles& files) {
  const auto& argument = request.mode.argument;
  switch (request.mode.kind) {
    case Kind::bundle: return follow_bundle(config, files);
    case Kind::host: leave_network_out(config); return Place{true};
    case Kind::none: set_network(config, ""); return Place{};
    case Kind::path: return join(config, fmt::format("--network ns:{}", argument), argument, files);
    case Kind::container: return join_container(request, config, files);
    case Kind::bridge:
    case Kind::relay: set_network(config, ""); return Place{};
  }
  __builtin_unreachable();
}

Outcome<> take_mode(Request& request, const std::string& annotated, const spec::Config& config,
                    const HostFiles& files) {
  if (annotated.empty()) return {};
  const auto where = fmt::format("annotation {}mode", annotation_prefix);
  auto mode = parse_mode(annotated);
  if (!mode) return refuse(fmt::format("{}: {}", where, mode.error().text), mode.error().code);
  if (request.mode.kind != Kind::bundle)
    return refuse(fmt::format("{}: --network chooses a mode as well; leave out one of them", where));
  auto bundle = config;
  const auto place = TRY(follow_bundle(bundle, files));
  TRY(request.may_annotate(annotated, *mode, place));
  request.mode = std::move(*mode);
  return {};
}

}  // namespace

Outcome<Mode> parse_mode(std::string_view text) {
  if (text.empty()) return Mode{};
  if (text == "host") return Mode{Kind::host};
  if (text.starts_with("host,")) return Mode{Kind::host, {}, TRY(parse_host_options(text.substr(5)))};
  if (text == "none") return Mode{Kind::none};
  if (text == "bridge") return Mode{Kind::bridge, "bridge"};
  if (text == "relay") return Mode{Kind::relay};
  if (text.starts_with("relay,")) return Mode{Kind::relay, {}, {}, TRY(relay::parse_options(text.substr(6)))};
  if (text.starts_with("bridge:")) {
    auto mode = Mode{Kind::bridge, std::string(text.substr(7))};
    if (const auto named = bridge::check_name(mode.argument); !named)
      return refuse(fmt::format("--network \"{}\": {}", text, named.error().text), EINVAL);
    return mode;
  }
  if (text.starts_with("ns:")) {
    const auto path = text.substr(3);
    if (path.starts_with('/')) return Mode{Kind::path, std::string(path)};
    return refuse(fmt::format("--network \"{}\": expected an absolute path behind \"ns:\"", text));
  }
  if (text.starts_with("container:")) {
    const auto id = text.substr(10);
    if (!id.empty()) return Mode{Kind::container, std::string(id)};
    return refuse(
        fmt::format("--network \"{}\": expected the id of a container behind \"container:\"", text));
  }
  return refuse(
      fmt::format("--network \"{}\": unknown mode; expected host[,OPTION...], none, bridge[:NAME], "
                  "relay[,OPTION...], ns:PATH or container:ID",
                  text));
}

Outcome<Decision> apply(Request request, spec::Config& config, const HostFiles& files) {
  const auto annotated = TRY(parse_annotations(config.annotations));
  Decision decision;
  TRY(take_mode(request, annotated.mode, config, files));
  decision.by_annotation = !annotated.mode.empty();
  TRY(take_published(request, annotated, decision));
  const auto place = TRY(set_mode(request, config, files));
  decision.host = place.host;
  decision.joined = place.joined;
  if (request.mode.kind == Kind::bridge) decision.bridge = request.mode.argument;
  if (request.mode.kind == Kind::relay) decision.relay = request.mode.relay;
  TRY(take_proxy(request, annotated, decision));
  TRY(take_options(request, annotated, decision));
  TRY(take_exposed(config, decision));
  TRY(take_environment(config, decision));
  const bool ports = !decision.publications.empty() || decision.publish_all;
  if (decision.relay) {
    if (ports) decision.warnings.emplace_back(discarded);
    add_resolver_files(config, files);
    return decision;
  }
  if (!decision.host) {
    if (!ports || !decision.bridge.empty()) return decision;
    return refuse(
        "published ports need a network with port mapping; this container's has none: leave --publish and "
        "--publish-all out, or use --network bridge, or host, where the container's ports are the host's");
  }
  if (ports && !decision.options.map) decision.warnings.emplace_back(discarded);
  TRY(settle_sysctls(config, files));
  if (request.mode.kind == Kind::host) TRY(add_name_resolution(config, files));
  return decision;
}

}  // namespace lodger::netmode
