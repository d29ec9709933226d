#include "netmode/bridge/client/removal.hpp"

#include <algorithm>

#include "netmode/bridge/client/fence.hpp"
#include "netmode/bridge/client/forwarding.hpp"
#include "netmode/bridge/client/links.hpp"
#include "netmode/bridge/client/opened.hpp"
#include "netmode/bridge/client/table.hpp"
#include "netmode/bridge/client/transaction.hpp"
#include "netmode/bridge/surroundings.hpp"

namespace lodger::netmode::bridge {
namespace {

using kernel::Words;

/// Forwarding goes before the rules that guard it; and comes back where another network has come meanwhile,
/// which counts on it.
Outcome<> take_down(Netlink& netfilter, Batch transaction, const Changes& changes) {
  auto done = apply(changes);
  if (done && !is_empty(transaction)) done = commit(netfilter, std::move(transaction));
  if (!done) TRY(undo(changes));
  return done;
}

/// What the sets say of devices that are no bridges any more: this network's, and those that somebody has
/// removed, for which its network has got another one.
void drop_gone(Batch& transaction, const Network& network, std::set<std::string> listed,
               const std::set<std::string>& bridges) {
  for (const auto& device : bridges) listed.erase(device);
  if (listed.erase(network.device) != 0) put_network(transaction, network, Elements::removed);
  for (const auto& device : listed) put_bridge(transaction, device, Elements::removed);
}

/// On a kernel without nf_tables.
Outcome<Words> leave_host(Session& session, const Opened& opened) {
  if (!TRY(noted(session.route)).bridges.empty()) return Words{};
  auto changes = close_forwarding(opened);
  TRY(apply(changes));
  return std::move(changes.words);
}

/// `opened`: as the bridges had it noted, the network's own among them, before that was removed.
Outcome<Words> leave_table(Session& session, const Network& network, Opened opened) {
  const auto number = TRY(asked(session, generation));
  if (!session.netfilter) return leave_host(session, opened);
  auto& netfilter = *session.netfilter;
  auto transaction = begin_transaction(number);
  auto listed = TRY(devices_in(netfilter, "bridges"));
  // Behind that: who lists a device has made it before.
  const auto there = TRY(noted(session.route));
  const auto& left = there.bridges;
  opened.merge(TRY(opened_in(netfilter)));
  Changes changes;
  if (left.empty()) {
    changes = close_forwarding(opened);
    if (TRY(has_table(netfilter))) remove_table(transaction);
  } else {
    drop_gone(transaction, network, std::move(listed), left);
    TRY(forget_opened(netfilter, transaction));
    const auto whom = std::ranges::find_if_not(left, [&](const std::string& device) {
      return std::ranges::count(there.fenced, device, &Network::device);
    });
    if (whom != left.end()) TRY(note(session.route, *whom, opened));
  }
  TRY(take_down(netfilter, std::move(transaction), changes));
  return std::move(changes.words);
}

/// By holding its name: nobody makes a network of it meanwhile, whose rules would be like those that go.
Outcome<Whose> hold(Netlink& route, const Network& network) {
  const auto whose = TRY(whose_device(network));
  if (whose != Whose::nobody) return whose;
  const auto made = make_bridge(route, network);
  if (!made && made.error().code == EEXIST) return Whose::others;
  TRY(made);
  return Whose::ours;
}

}  // namespace

Outcome<Words> remove_network(Session& session, const Network& network) {
  const auto before = TRY(noted(session.route));
  const auto whose = TRY(hold(session.route, network));
  TRY(take_fence(session.route, network, whose == Whose::ours));
  if (whose == Whose::ours) TRY(remove_bridge(session.route, network));
  return persist([&] { return leave_table(session, network, before.opened); });
}

}  // namespace lodger::netmode::bridge
