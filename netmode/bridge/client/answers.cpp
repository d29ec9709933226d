#include "netmode/bridge/client/answers.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "kernel/file.hpp"
#include "kernel/namespace.hpp"
#include "netmode/bridge/client/beside.hpp"
#include "netmode/bridge/client/fence.hpp"
#include "netmode/bridge/client/forwarding.hpp"
#include "netmode/bridge/client/links.hpp"
#include "netmode/bridge/client/removal.hpp"
#include "netmode/bridge/client/table.hpp"
#include "netmode/bridge/client/tracked.hpp"
#include "netmode/bridge/client/transaction.hpp"
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

Outcome<Standing> read(Session& session) {
  return asked(session, [](Netlink& netfilter) { return persist([&] { return read_standing(netfilter); }); });
}

/// Reading them once does for both questions, where nobody changes anything between the two.
Outcome<Words> look(Session& session, const Words& words) {
  const auto doors = take_doors(words);
  if (!doors) return nonsense();
  session.seen = TRY(read(session));
  TRY(check_free(*session.seen, *doors));
  return Words{};
}

Outcome<Standing> standing(Session& session) {
  if (!session.seen) return read_standing(*session.netfilter);
  auto seen = std::move(*session.seen);
  session.seen.reset();
  return seen;
}

struct Opening {
  const Target& target;
  const std::string& owner;
  const std::vector<Door>& doors;
};

/// Networks from before there were nf_tables: the table keeps them apart from here on.
Outcome<> take_fences(Netlink& route, const std::vector<Network>& fenced) {
  for (const auto& network : fenced) {
    TRY(forward_from(network, true));
    TRY(take_fence(route, network));
    TRY(set_alias(route, network.device, ""));
  }
  return {};
}

Outcome<Words> change_table(Session& session, const Opening& what) {
  const auto there = TRY(standing(session));
  TRY(check_free(there, what.doors, what.target));
  auto transaction = begin_transaction(there.generation);
  auto& netfilter = *session.netfilter;
  const bool made = TRY(has_table(netfilter));
  if (made) TRY(forget_opened(netfilter, transaction));
  const auto before = TRY(noted(session.route));  // also with a table: its maker may have been killed here
  if (!made) {
    make_table(transaction);
    TRY(guard_again(session.route, transaction, before.opened));
  }
  for (const auto& network : before.fenced) put_network(transaction, network, Elements::added);
  sweep(transaction, there, what.target);
  put_network(transaction, what.target.network, Elements::added);
  auto changes = TRY(open_forwarding(session.route, transaction, what.target.network));
  put_doors(transaction, what.doors, what.target, what.owner);
  TRY(commit(netfilter, std::move(transaction)));
  TRY(take_fences(session.route, before.fenced));
  if (!made || !changes.words.empty()) {
    const auto opened = TRY(opened_in(netfilter));
    TRY(note(session.route, what.target.network.device, opened));
  }
  TRY(apply(changes));
  return std::move(changes.words);
}

/// Behind the rules that guard it. Whoever takes it off (close_loopback()) looks at the doors once more.
Outcome<> open_loopback(const Network& network, const std::vector<Door>& doors) {
  return std::ranges::any_of(doors, is_open_on_loopback) ? route_loopback(network, true) : Outcome<>{};
}

/// A door that has come meanwhile is seen the second time, or its maker, who sets it when the door is there,
/// has yet to do so.
Outcome<> close_loopback(Session& session, const Network& network) {
  if (!routes_loopback(network)) return {};
  const auto leads = [&]() -> Outcome<bool> { return leads_from_loopback(TRY(read(session)), network); };
  if (TRY(leads())) return {};
  TRY(route_loopback(network, false));
  return TRY(leads()) ? route_loopback(network, true) : Outcome<>{};
}

/// Before anything is made. Networks of NAT are under rules of nf_tables: these are hidden from us, then, or
/// somebody has removed them.
Outcome<> check_not_hidden(Session& session) {
  if (session.netfilter) return {};
  const auto there = TRY(noted(session.route));
  if (there.opened.empty() && !there.translated) return {};
  return refuse(
      "bridge networks of this host forward under rules of nf_tables, which cannot be reached here: load "
      "them (modprobe nf_tables) or let lodger speak to them; or delete those networks' containers and run "
      "\"lodger network prune\" first",
      EPROTONOSUPPORT);
}

/// Without nf_tables: a network that leads nowhere else.
Outcome<Words> open_without(Session& session, const Network& network) {
  session.seen.reset();
  auto words = TRY(put_fence(session.route, network));
  TRY(set_up(session.route, network.device));
  return words;
}

/// Behind the table's rules. A fence may stand here still: of a bridge of this name that was made without
/// nf_tables, and that somebody has removed by hand. It would cut this one off. Asked of a device that is
/// down, whoever made it: that one may have been killed before it took the fence away.
Outcome<> bring_up(Netlink& route, const Network& network) {
  if (TRY(is_up(network.device))) return {};
  TRY(take_fence(route, network));
  return set_up(route, network.device);
}

Outcome<Words> open(Session& session, Words words) {
  const auto place = take_place(words);
  if (!place || words.empty()) return nonsense();
  const auto owner = take(words);
  const auto doors = take_doors(words);
  if (!doors) return nonsense();
  if (!session.seen) session.seen = TRY(read(session));
  if (!session.netfilter && !doors->empty()) return no_tables();
  TRY(check_not_hidden(session));
  // All of it each time: who began it may have been killed half-way.
  TRY(make_bridge(session.route, place->network));
  TRY(settle_bridge(place->network));
  TRY(give_addresses(session.route, place->network));
  if (!session.netfilter) return open_without(session, place->network);
  const Target target{place->network, place->address};
  auto changes = TRY(persist([&] { return change_table(session, {target, owner, *doors}); }));
  TRY(bring_up(session.route, place->network));
  TRY(open_loopback(place->network, *doors));
  TRY(forget_passing(*session.netfilter, *doors));
  // A remark, and no reason to fail.
  auto remarks = in_the_way(*session.netfilter, place->network);
  if (!remarks) remarks = std::vector{std::move(remarks.error().text)};
  std::ranges::move(*remarks, std::back_inserter(changes));
  return changes;
}

Outcome<Words> claim(Session& session, Words words) {
  const auto network = take_network(words);
  if (!network || !words.empty()) return nonsense();
  TRY(asked(session, generation));  // whether there are nf_tables
  TRY(check_not_hidden(session));
  TRY(make_bridge(session.route, *network));
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

Outcome<Words> attach(Session& session, Words words) {
  const auto place = take_place(words);
  if (!place || words.size() != 1 || !spec::whole_number<pid_t>(words[0])) return nonsense();
  const auto path = fmt::format("/proc/{}/ns/net", words[0]);
  const auto there =
      TRY(explained(kernel::openat<kernel::Namespace>(kernel::cwd, path.c_str(), O_RDONLY), path));
  TRY(make_pair(session.route, place->network, place->address, there));
  TRY(settle(there, place->network, place->address));
  return Words{};
}

/// By looking for them, not by the ports that its record has: those may lead to another container by now.
Outcome<Words> close(Session& session, Words words) {
  const auto place = take_place(words);
  if (!place || words.size() != 2) return nonsense();
  Target target{place->network, place->address};
  const auto whose = TRY(whose_device(place->network));
  if (whose == Whose::others) target.owner = words[0];
  bool udp = words[1] == "udp";  // where the doors went with an earlier question, and its asker was killed
  const auto swept = persist([&]() -> Outcome<> {
    const auto there = TRY(read(session));
    if (!session.netfilter) return {};
    auto transaction = begin_transaction(there.generation);
    sweep(transaction, there, target);
    udp |= leads_udp(there, target);
    return is_empty(transaction) ? Outcome<>{} : commit(*session.netfilter, std::move(transaction));
  });
  TRY(swept);
  // The kernel goes through all that it tracks, which takes many milliseconds; a new connection of TCP is not
  // taken for an old one.
  if (udp && session.netfilter) TRY(forget_tracked(*session.netfilter, target));
  if (whose == Whose::ours) TRY(close_loopback(session, place->network));
  return Words{};
}

Outcome<Words> remove(Session& session, Words words) {
  const auto network = take_network(words);
  if (!network || !words.empty()) return nonsense();
  return remove_network(session, *network);
}

Outcome<Words> replace(Session& session, Words words) {
  TRY(asked(session, generation));
  TRY(check_not_hidden(session));
  return remove(session, std::move(words));
}

}  // namespace

Outcome<Words> answer(Session& session, Words question) {
  if (question.empty()) return nonsense();
  const auto what = take(question);
  if (what == ask_look) return look(session, question);
  if (what == ask_claim) return claim(session, std::move(question));
  if (what == ask_open) return open(session, std::move(question));
  if (what == ask_attach) return attach(session, std::move(question));
  if (what == ask_close) return close(session, std::move(question));
  if (what == ask_remove) return remove(session, std::move(question));
  if (what == ask_replace) return replace(session, std::move(question));
  return nonsense();
}

}  // namespace lodger::netmode::bridge
