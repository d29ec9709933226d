#include "netmode/ports/declared.hpp"

#include <catch2/catch.hpp>

using namespace lodger::netmode;
using namespace lodger::netmode::ports;

namespace {

Decision declaring(std::initializer_list<const char*> published, const char* exposed = "") {
  Decision decision;
  decision.host = true;
  for (const char* text : published) decision.publications.push_back(parse_publish(text).value());
  decision.exposed = parse_ports(exposed, "x").value();
  return decision;
}

/// "tcp 80-90 127.0.0.1 any", one line each.
std::string lines(const std::vector<Wanted>& all) {
  constexpr const char* names[] = {"tcp", "udp", "sctp"};
  std::string out;
  for (const auto& one : all) {
    out += std::string(names[static_cast<int>(one.protocol)]) + " " + std::to_string(one.range.first);
    if (one.range.last != one.range.first) out += "-" + std::to_string(one.range.last);
    if (one.address) out += " " + to_text(*one.address);
    out += one.any_of ? " any\n" : "\n";
  }
  return out;
}

Held held(const char* address, std::uint16_t port, Protocol protocol = Protocol::tcp) {
  Held one;
  one.protocol = protocol;
  one.address = parse_address(address).value();
  one.port = port;
  return one;
}

std::vector<int> ports_of(const std::vector<Held>& all) {
  std::vector<int> found;
  for (const auto& one : all) found.push_back(one.port);
  return found;
}

using Numbers = std::vector<int>;

}  // namespace

TEST_CASE("ports: without map the container binds its own side of a publication, anywhere") {
  const auto decision =
      declaring({"8080:80", "127.0.0.1:5300-5301:53-54/udp", "[::1]::90"}, "443/tcp,9/sctp");
  CHECK(declares_any(decision));
  CHECK(lines(wanted(decision)) == "tcp 80\nudp 53-54\ntcp 90\ntcp 443\nsctp 9\n");
  CHECK_FALSE(declares_any(declaring({})));
  CHECK(wanted(declaring({})).empty());
}

TEST_CASE("ports: of a relay with a list it is the list, of one without what is declared") {
  auto decision = declaring({"8080:80"}, "9/udp");
  decision.host = false;
  decision.relay.emplace();
  CHECK(declares_any(decision));
  CHECK(lines(wanted(decision)) == "tcp 80\nudp 9\n");
  decision.relay->ports = parse_ports("8000-8010,53/udp", "x").value();
  CHECK(lines(wanted(decision)) == "tcp 8000-8010\nudp 53\n");
  decision.relay->ports->clear();
  CHECK_FALSE(declares_any(decision));
  CHECK(wanted(decision).empty());
}

TEST_CASE("ports: with map it is the host's side, on its address") {
  auto decision = declaring({"8080:80", "127.0.0.1:5300-5301:53-54/udp", "[::1]::90", "7000-7009:70"},
                            "80,443,53-54/udp,53-55/udp");
  decision.options.map = true;
  const std::string published = "tcp 8080\nudp 5300-5301 127.0.0.1\ntcp 7000-7009 any\n";
  // What is published is not bound under its own number; what is exposed alone, is.
  CHECK(lines(wanted(decision)) == published + "tcp 443\nudp 53-55\n");
  decision.publish_all = true;
  CHECK(lines(wanted(decision)) == published);
}

TEST_CASE("ports: what is taken is found by protocol, port and address, each once") {
  const std::vector<Held> all = {held("0.0.0.0", 79),
                                 held("127.0.0.1", 80),
                                 held("::1", 80),
                                 held("::", 81),
                                 held("0.0.0.0", 80, Protocol::udp),
                                 held("0.0.0.0", 82, Protocol::sctp)};
  using W = std::vector<Wanted>;
  CHECK(clashes({}, all).empty());
  CHECK(ports_of(clashes(W{{Protocol::tcp, {80, 80}}}, all)) == Numbers{80, 80});
  CHECK(ports_of(clashes(W{{Protocol::tcp, {80, 81}}, {Protocol::tcp, {1, 65535}}}, all)) ==
        Numbers{79, 80, 80, 81});
  CHECK(ports_of(clashes(W{{Protocol::udp, {0, 65535}}}, all)) == Numbers{80});
  CHECK(ports_of(clashes(W{{Protocol::sctp, {82, 82}}}, all)) == Numbers{82});
  const auto only = [&](const char* address) {
    return ports_of(clashes(W{{Protocol::tcp, {79, 81}, parse_address(address)}}, all));
  };
  CHECK(only("127.0.0.1") == Numbers{79, 80, 81});
  CHECK(only("127.0.0.2") == Numbers{79, 81});
  CHECK(only("::2") == Numbers{81});
}

TEST_CASE("ports: a range of which one is enough clashes when its last port is taken") {
  std::vector<Held> all = {held("0.0.0.0", 80), held("::", 80), held("127.0.0.1", 82), held("0.0.0.0", 83)};
  const std::vector<Wanted> wanted = {{Protocol::tcp, {80, 82}, std::nullopt, true}};
  CHECK(clashes(wanted, all).empty());
  all.push_back(held("0.0.0.0", 81));
  CHECK(ports_of(clashes(wanted, all)) == Numbers{80, 80, 82, 81});
}

TEST_CASE("ports: tens of thousands on both sides") {
  std::vector<Wanted> wanted;
  std::vector<Held> all;
  for (int port = 1; port <= 60000; ++port) {
    const auto number = static_cast<std::uint16_t>(port);
    wanted.push_back({Protocol::tcp, {number, number}});
    all.push_back(held("0.0.0.0", number));
  }
  CHECK(clashes(wanted, all).size() == 60000);
}
