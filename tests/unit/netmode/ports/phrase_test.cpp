#include "netmode/ports/phrase.hpp"

#include <catch2/catch.hpp>

using namespace lodger::netmode;
using namespace lodger::netmode::ports;

namespace {

Clash clash(Protocol protocol, const char* address, int port, const char* owner = "nginx (pid 7)") {
  Held held;
  held.protocol = protocol;
  held.address = parse_address(address).value();
  held.port = static_cast<std::uint16_t>(port);
  return {held, owner};
}

}  // namespace

TEST_CASE("ports: an owner in words, as far as it is known") {
  CHECK(to_text(Owner{"", "nginx", 7, 0, "", ""}) == "nginx (pid 7)");
  CHECK(to_text(Owner{"", "nginx", 7, 4, "", ""}) == "nginx (pid 7 and 4 more)");
  CHECK(to_text(Owner{"", "nginx", 7, 4, "", "in cgroup /a/b"}) ==
        "nginx (pid 7 and 4 more, in cgroup /a/b)");
  CHECK(to_text(Owner{"web", "nginx", 7, 0, "", ""}) == "container web (nginx, pid 7)");
  CHECK(to_text(Owner{"web", "nginx", 7, 1, "", ""}) == "container web (nginx, pid 7 and 1 more)");
  CHECK(to_text(Owner{"web", "", 0, 0, "root", ""}) == "container web");
  CHECK(to_text(Owner{"", "", 0, 0, "alice", ""}) ==
        "a process of user alice that is not to be seen from here");
}

TEST_CASE("ports: the list is in the order of ports, and those that follow each other stand together") {
  CHECK(list({}).empty());
  CHECK(list({clash(Protocol::udp, "127.0.0.53", 53), clash(Protocol::tcp, "::", 22, "sshd (pid 1)")}) ==
        "tcp [::]:22 by sshd (pid 1), udp 127.0.0.53:53 by nginx (pid 7)");
  std::vector<Clash> many;
  for (int port = 8000; port < 9000; ++port) {
    many.push_back(clash(Protocol::tcp, "0.0.0.0", port));
    many.push_back(clash(Protocol::tcp, "0.0.0.0", port));  // shared by SO_REUSEPORT
    many.push_back(clash(Protocol::tcp, "::", port));
  }
  many.push_back(clash(Protocol::tcp, "::", 9001));
  many.push_back(clash(Protocol::udp, "::", 9000));
  CHECK(list(many) ==
        "tcp 0.0.0.0:8000-8999 by nginx (pid 7), tcp [::]:8000-8999 by nginx (pid 7), udp [::]:9000 by nginx "
        "(pid 7), tcp [::]:9001 by nginx (pid 7)");
}

TEST_CASE("ports: a long list ends in a number of ports") {
  std::vector<Clash> many;
  for (int port = 1000; port < 1050; port += 2) many.push_back(clash(Protocol::tcp, "0.0.0.0", port));
  for (int port = 2000; port < 3000; ++port) many.push_back(clash(Protocol::tcp, "0.0.0.0", port));
  const auto text = list(many);
  CHECK_THAT(text, Catch::EndsWith("tcp 0.0.0.0:1038 by nginx (pid 7) and 1005 more"));
}
