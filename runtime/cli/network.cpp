#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "runtime/cli/command.hpp"
#include "runtime/container/columns.hpp"
#include "runtime/container/networks.hpp"
#include "runtime/container/relay_network.hpp"
#include "spec/json_writer.hpp"

namespace lodger::cli {
namespace {

using container::BridgeState;
using container::Guest;

std::string subnets(const netmode::bridge::Network& network) {
  return network.prefix6 ? fmt::format("{} {}", network.subnet.text(), network.prefix6_text())
                         : network.subnet.text();
}

/// How many, and how many of them are none any more.
std::string counted(const std::vector<Guest>& guests) {
  const auto gone =
      std::ranges::count_if(guests, [](const Guest& guest) { return guest.stale || guest.ended; });
  return gone == 0 ? std::to_string(guests.size()) : fmt::format("{} ({} ended)", guests.size(), gone);
}

Outcome<int> show_all(const Context& context) {
  std::vector<container::Columns> rows{{"NAME", "DEVICE", "SUBNETS", "CONTAINERS"}};
  for (const auto& state : TRY(container::bridge_networks(context.store, context.notices)))
    rows.push_back({state.name, state.network.device, subnets(state.network), counted(state.guests)});
  TRY(print(container::aligned(rows)));
  return 0;
}

void write(spec::JsonWriter& out, const char* key, const std::vector<netmode::Publication>& publications) {
  if (publications.empty()) return;
  out.key(key).open('[');
  for (const auto& publication : publications) out.text(netmode::to_text(publication));
  out.close(']');
}

void write(spec::JsonWriter& out, const netmode::bridge::Network& network, const Guest& guest) {
  out.open('{').key("id").text(guest.id).key("address").text(netmode::bridge::to_text(guest.address));
  if (const auto six = network.v6_of(guest.address)) out.key("address6").text(netmode::bridge::to_text(*six));
  if (guest.stale) out.key("stale").flag(true);
  if (guest.ended) out.key("ended").flag(true);
  write(out, "published", guest.published);
  write(out, "proxied", guest.proxied);
  out.close('}');
}

std::string document(const BridgeState& state) {
  const auto& network = state.network;
  spec::JsonWriter out(2);
  out.open('{').key("name").text(state.name).key("device").text(network.device);
  out.key("subnet")
      .text(network.subnet.text())
      .key("gateway")
      .text(netmode::bridge::to_text(network.gateway()));
  if (network.prefix6) {
    out.key("subnet6").text(network.prefix6_text());
    out.key("gateway6").text(netmode::bridge::to_text(*network.gateway6()));
  }
  out.key("containers").open('[');
  for (const auto& guest : state.guests) write(out, network, guest);
  out.close(']').close('}');
  return out.str() + '\n';
}

Outcome<int> inspect(const Context& context, const std::string& name) {
  const auto state = TRY(container::bridge_network(context.store, name));
  TRY(print(document(state)));
  return 0;
}

Outcome<int> prune(const Context& context) {
  std::vector<std::string> done;
  const auto mended = container::mend_relays(context.store, context.globals.policy, done, context.notices);
  auto pruned = container::prune_networks(context.store, context.notices);
  if (pruned) std::ranges::move(*pruned, std::back_inserter(done));
  for (const auto& line : done) TRY(print(line + '\n'));
  TRY(mended);
  TRY(std::move(pruned));
  return 0;
}

}  // namespace

Outcome<int> network(const Context& context, Words words) {
  const Usage usage{
      "network", "ls | inspect <name> | prune",
      "Shows the bridge networks, or one of them with its containers as JSON; prune takes back "
      "the addresses of\n"
      "containers that are gone, removes networks that have nobody in them, and gives containers that have\n"
      "lost their relay another.",
      1, 2};
  const auto parsed = TRY(arguments(context, words, usage, {}));
  if (!parsed) return 0;
  const auto& verb = parsed->words.front();
  const bool named = parsed->words.size() == 2;
  if (verb == "ls" && !named) return show_all(context);
  if (verb == "inspect" && named) return inspect(context, std::string(parsed->words[1]));
  if (verb == "prune" && !named) return prune(context);
  return refuse(fmt::format("network: \"{}{}{}\": expected ls, inspect <name> or prune", verb,
                            named ? " " : "", named ? parsed->words[1] : ""),
                EINVAL);
}

}  // namespace lodger::cli
