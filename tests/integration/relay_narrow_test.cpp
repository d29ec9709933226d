// A relay that is narrowed: `ports` in, `to-host` out. Each is tried in both directions, since pasta of
// before 2023-11 confuses them, and by both protocols, since it lets UDP through on the numbers of TCP unless
// it is told otherwise.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <set>

#include "support/relayed.hpp"

using namespace lodger::test;

namespace {

/// "tcp 8000"
using Ways = std::set<std::string>;
const Ways no_ways;
/// As without a list.
const Ways all_in{"tcp 8000", "tcp 8001", "udp 8000", "udp 8001"};
const Ways all_out{"tcp 9000", "tcp 9001", "udp 9000", "udp 9001"};

struct Row {
  const char* options;
  Ways in, out;
  /// Debian 12's pasta is not trusted with it.
  bool one_direction() const {
    const std::string_view text(options);
    return text.find("ports=") == text.npos || text.find("to-host=") == text.npos;
  }
};

const Row rows[] = {
    {"ports=8000", {"tcp 8000"}, all_out},
    {"ports=none", no_ways, all_out},
    {"ports=8000/udp", {"udp 8000"}, all_out},
    {"ports=8000,ports=8001/udp", {"tcp 8000", "udp 8001"}, all_out},
    {"to-host=9000", all_in, {"tcp 9000"}},
    {"to-host=none", all_in, no_ways},
    {"to-host=9000/udp", all_in, {"udp 9000"}},
    {"to-host=9000,to-host=9001/udp", all_in, {"tcp 9000", "udp 9001"}},
    {"ports=8000,to-host=9000", {"tcp 8000"}, {"tcp 9000"}},
    {"ports=8000,to-host=none", {"tcp 8000"}, no_ways},
    {"ports=none,to-host=9000", no_ways, {"tcp 9000"}},
    {"ports=none,to-host=none", no_ways, no_ways},
    {"ports=8001/udp,to-host=9001/udp", {"udp 8001"}, {"udp 9001"}},
    {"ports=7000-8000,ports=8001/udp,to-host=9000/udp,to-host=9001",
     {"tcp 8000", "udp 8001"},
     {"udp 9000", "tcp 9001"}},
};

/// "tcp4 8000", "tcp6 8000"
Ways by_both(const Ways& ways) {
  Ways out;
  for (const auto& way : ways)
    for (const char* family : {"4 ", "6 "}) out.insert(words(way)[0] + family + words(way)[1]);
  return out;
}

/// Everything that passes is waited for; then, when any pasta has looked who listens, everything is asked.
Ways what_passes(const Where& where, const Ways& candidates, const Ways& expected) {
  Ways passed;
  for (const auto& way : by_both(expected))
    if (answers(where, words(way)[0], words(way)[1])) passed.insert(way);
  const auto all = by_both(candidates);
  const std::vector<std::string> servers(all.begin(), all.end());
  const auto said = asked_of(where, servers);
  for (std::size_t i = 0; i < servers.size(); ++i)
    if (said[i] != "") passed.insert(servers[i]);
  return passed;
}

}  // namespace

TEST_CASE("relay narrowed: what is named passes, and nothing else, in either direction", "[relay_narrow]") {
  RELAY_HOST();
  const auto row = GENERATE(from_range(std::begin(rows), std::end(rows)));
  CAPTURE(row.options);
  if (row.one_direction() && host.old) return;  // the next test's
  const auto& in = row.in;
  const Running server = serving(stand(all_stacks, "9000", true) + stand(all_stacks, "9001", true));
  const Bundle bundle(stand(all_stacks, "8000") + stand(all_stacks, "8001") + "answer", without_raw_sockets);
  Container container(bundle);
  container.create(relay(row.options));
  container.start();
  container.wait_for_output("answering=8");
  const Bundle beside(stand(tcp_stacks, "8100") + "answer");
  Container other(beside);
  other.create(relay());
  other.start();
  REQUIRE(answers({}, "tcp4", "8100"));  // as soon as this one looked, the first has as well
  CHECK(what_passes({}, all_in, in) == by_both(in));
  CHECK(what_passes(inside_of(container), all_out, row.out) == by_both(row.out));
  const auto heard = Facts(container.output()).all("heard");
  const auto came = Facts(container.output()).all("came");
  for (const auto& lines : {heard, came})
    for (const auto& line : lines) {
      const auto said = words(line);
      CHECK(in.contains(said[0].substr(0, 3) + " " + said[2]));
    }
}

TEST_CASE("relay narrowed: pasta of before 2023-11 is refused one direction alone", "[relay_narrow]") {
  RELAY_HOST();
  const auto row = GENERATE(from_range(std::begin(rows), std::end(rows)));
  CAPTURE(row.options);
  const Bundle bundle("echo ran", without_raw_sockets);
  Container container(bundle);
  const auto done = container.run(relay(row.options));
  INFO(done.summary());
  CHECK((done.status != 0) == (host.old && row.one_direction()));
  if (!host.old || !row.one_direction()) return;
  CHECK(
      done.err ==
      "lodger: --network relay: " + pasta +
          " (unknown version) confuses the directions where one is narrowed and the other is not: name both "
          "(ports= and to-host=, each a list or none), or install a passt of 2023-11 or later\n");
  CHECK(done.out == "");
  CHECK(relays_here() == "");
  CHECK(container.leftovers() == std::vector<std::string>{});
  CHECK(relay_cgroups(bundle) == std::vector<std::string>{});
}

TEST_CASE("relay narrowed: pasta of before 2023-11 takes the free ones of a list, and none is refused",
          "[relay_narrow]") {
  RELAY_HOST();
  NEEDS(host.old, "later ones wait for the container to listen");
  const Running server = serving(stand(tcp_stacks, "8000"));
  const Bundle bundle("echo ran", without_raw_sockets);
  Container container(bundle);
  const auto none = container.run(relay("ports=8000,to-host=none"));
  CHECK_THAT(none.err,
             Catch::StartsWith("lodger: warning: ports that the relay lets in are taken on the host: ") &&
                 Catch::EndsWith("\nlodger: --network relay: " + pasta +
                                 " (unknown version): Failed to bind any port for '-t 8000', exiting\n"));
  CHECK(none.out == "");
  CHECK(relays_here() == "");
  CHECK(container.leftovers() == std::vector<std::string>{});
  CHECK(container.run(relay("ports=8000,ports=8001,to-host=none")).out == "echo=ran\n");
}

TEST_CASE("relay narrowed: an option that is none is refused", "[relay_narrow]") {
  RELAY_HOST();
  const auto [options, text] = GENERATE(table<const char*, const char*>(
      {{"port=80",
        "--network relay: unknown option \"port=80\"; expected ports=PORTS[/PROTOCOL], ports=none, "},
       {"ports=80/sctp", "a relay carries TCP and UDP, and no SCTP"},
       {"ports=", "--network relay,ports"},
       {"ports=80-", "--network relay,ports \"80-\": the port is empty; expected PORT[-LAST][/PROTOCOL]\n"},
       {"to-host=70000", "--network relay,to-host"},
       {"ports=80,ports=none", "--network relay,ports"}}));
  refused({}, {text}, relay(options));
}
