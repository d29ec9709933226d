#include "netmode/bridge/client/answers.hpp"

#include <fmt/core.h>
#include <linux/netlink.h>

#include <algorithm>
#include <iterator>

#include "kernel/file.hpp"
#include "kernel/namespace.hpp"
#include "netmode/bridge/client/beside.hpp"
#include "netmode/bridge/client/forwarding.hpp"
#include "netmode/bridge/client/links.hpp"
#include "netmode/bridge/client/sets.hpp"
#include "netmode/bridge/client/table.hpp"
#include "netmode/bridge/question.hpp"
#include "netmode/bridge/surroundings.hpp"
#include "spec/text.hpp"

namespace lodger::netmode::bridge {
namespace {

using kernel::Words;

std::unexpected<Failure> nonsense() { return refuse("lodger-network: not a question", EPROTO); }

std::string take(Words& words) {
  auto word = std::move(words.front());
  words.erase(words.begin());
  return word;
}

/// What every question about a container begins with.
struct Place {
  Network network;
  V4 address = 0;
};
std::optional<Place> take_place(Words& words) {
  auto network = take_network(words);
  if (!network || words.empty()) return std::nullopt;
  const auto address = v4_from(take(words));
  if (!address || !network->has(*address)) return std::nullopt;
  return Place{std::move(*network), *address};
}

Outcome<Words> taken(Sockets& sockets, const Words& words) {
  const auto doors = take_doors(words);
  if (!doors) return nonsense();
  const auto found = TRY(find_taken(sockets.netfilter, *doors));
  return found ? Words{std::to_string(found->door), found->owner} : Words{};
}

Outcome<Words> open(Sockets& sockets, Words words) {
  const auto place = take_place(words);
  if (!place || words.empty()) return nonsense();
  const auto owner = take(words);
  const auto doors = take_doors(words);
  if (!doors) return nonsense();
  // All of it each time: who began it may have been killed half-way.
  TRY(make_bridge(sockets.route, place->network));
  TRY(settle_bridge(place->network));
  TRY(give_addresses(sockets.route, place->network));
  TRY(set_up(sockets.route, place->network.device));
  auto transaction = begin_transaction();
  const bool there = TRY(has_table(sockets.netfilter));
  if (!there) make_table(transaction);
  if (there) TRY(sweep(sockets.netfilter, transaction, place->network, place->address));
  put_network(transaction, place->network, Elements::added);
  auto changes = TRY(open_forwarding(sockets.route, transaction, place->network));
  put_doors(transaction, *doors, place->network, place->address, owner, Elements::added);
  TRY(commit(sockets.netfilter, std::move(transaction)));
  TRY(apply(changes));
  // A remark, and no reason to fail.
  auto remarks = in_the_way(sockets.netfilter, place->network);
  if (!remarks) remarks = std::vector{std::move(remarks.error().text)};
  std::ranges::move(*remarks, std::back_inserter(changes.words));
  return std::move(changes.words);
}

Outcome<Words> claim(Sockets& sockets, Words words) {
  const auto network = take_network(words);
  if (!network || !words.empty()) return nonsense();
  TRY(make_bridge(sockets.route, *network));
  return Words{};
}

/// The thread goes to the container's network namespace, and comes back whatever happens there.
Outcome<> settle(const kernel::Fd<kernel::Namespace>& there, const Network& network, V4 address) {
  constexpr std::string_view doing = "entering the container's network namespace";
  const auto here = TRY(
      explained(kernel::openat<kernel::Namespace>(kernel::cwd, "/proc/thread-self/ns/net", O_RDONLY), doing));
  TRY(explained(kernel::setns(there.get(), CLONE_NEWNET), doing));
  auto inside = Netlink::open(NETLINK_ROUTE, doing);
  auto done = inside ? settle_inside(network) : std::unexpected(inside.error());
  if (done) done = set_up_inside(*inside, network, address);
  TRY(explained(kernel::setns(here.get(), CLONE_NEWNET),
                "coming back from the container's network namespace"));
  return done;
}

Outcome<Words> attach(Sockets& sockets, Words words) {
  const auto place = take_place(words);
  if (!place || words.size() != 1 || !spec::whole_number<pid_t>(words[0])) return nonsense();
  const auto path = fmt::format("/proc/{}/ns/net", words[0]);
  const auto there =
      TRY(explained(kernel::openat<kernel::Namespace>(kernel::cwd, path.c_str(), O_RDONLY), path));
  TRY(make_pair(sockets.route, place->network, place->address, there));
  TRY(settle(there, place->network, place->address));
  return Words{};
}

/// By looking for them, not by the ports that its record has: those may lead to another container by now.
Outcome<Words> close(Sockets& sockets, Words words) {
  const auto place = take_place(words);
  if (!place || !words.empty()) return nonsense();
  if (TRY(whose_device(place->network)) == Whose::others) return Words{};
  auto transaction = begin_transaction();
  TRY(sweep(sockets.netfilter, transaction, place->network, place->address));
  if (transaction.size() > 1) TRY(commit(sockets.netfilter, std::move(transaction)));
  return Words{};
}

Outcome<Words> remove(Sockets& sockets, Words words) {
  const auto network = take_network(words);
  if (!network || !words.empty()) return nonsense();
  const auto whose = TRY(whose_device(*network));
  if (whose == Whose::others) return Words{};
  if (whose == Whose::ours) TRY(remove_bridge(sockets.route, *network));
  auto devices = TRY(devices_in(sockets.netfilter, "bridges"));
  if (devices.erase(network->device) == 0) return Words{};
  Changes changes;
  auto transaction = begin_transaction();
  if (devices.empty()) {
    changes = TRY(close_forwarding(sockets.netfilter));
    remove_table(transaction);
  } else {
    put_network(transaction, *network, Elements::removed);
  }
  TRY(apply(changes));
  TRY(commit(sockets.netfilter, std::move(transaction)));
  return std::move(changes.words);
}

}  // namespace

Outcome<Sockets> Sockets::open() {
  auto route = TRY(Netlink::open(NETLINK_ROUTE, "speaking to the kernel about devices"));
  auto netfilter = TRY(Netlink::open(NETLINK_NETFILTER, "speaking to the kernel about nf_tables"));
  return Sockets{std::move(route), std::move(netfilter)};
}

Outcome<Words> answer(Sockets& sockets, Words question) {
  if (question.empty()) return nonsense();
  const auto what = take(question);
  if (what == ask_taken) return taken(sockets, question);
  if (what == ask_claim) return claim(sockets, std::move(question));
  if (what == ask_open) return open(sockets, std::move(question));
  if (what == ask_attach) return attach(sockets, std::move(question));
  if (what == ask_close) return close(sockets, std::move(question));
  if (what == ask_remove) return remove(sockets, std::move(question));
  return nonsense();
}

}  // namespace lodger::netmode::bridge
