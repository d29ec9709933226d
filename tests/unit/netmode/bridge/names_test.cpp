#include "netmode/bridge/names.hpp"

#include <catch2/catch.hpp>

using namespace lodger::netmode::bridge;

TEST_CASE("hosts names the container by its addresses") {
  const Network six{"lodger0", {}, {10U << 24 | 61U << 16, 16}, V6{0xfd}},
      four{"lodger0", {}, {10U << 24 | 61U << 16, 16}, {}};
  const auto text = hosts_text(six, six.gateway() + 1, "box");
  CHECK(text ==
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.61.0.2\tbox\nfd00::2\tbox\n");
  CHECK(hosts_text(four, four.gateway() + 1, "box").ends_with("10.61.0.2\tbox\n"));
  CHECK(hosts_text(four, four.gateway() + 1, "").ends_with("ip6-loopback\n"));
}

TEST_CASE("name servers of the host's loopback are left out of resolv.conf") {
  const auto mixed = resolver_text(
      "# by hand\nsearch example.org\nnameserver 127.0.0.53\nnameserver\t192.0.2.53\nnameserver ::1\n");
  CHECK(mixed.text == "# by hand\nsearch example.org\nnameserver\t192.0.2.53\n");
  CHECK(mixed.has_server);
  const auto stub = resolver_text("nameserver 127.0.0.53\noptions edns0 trust-ad");
  CHECK(stub.text == "options edns0 trust-ad\n");
  CHECK_FALSE(stub.has_server);
  CHECK_FALSE(resolver_text("#nameserver 192.0.2.1\nnameservers 192.0.2.1\nnameserver\n").has_server);
}
