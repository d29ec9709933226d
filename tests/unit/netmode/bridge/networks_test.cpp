#include "netmode/bridge/networks.hpp"

#include <catch2/catch.hpp>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "kernel/file.hpp"

using namespace lodger;
using namespace lodger::netmode::bridge;

namespace {

/// A state root, gone with the test.
class Root {
 public:
  Root() {
    char name[] = "/tmp/lodger-networks-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
    fd = *kernel::openat<kernel::Path>(kernel::cwd, name, O_RDONLY | O_DIRECTORY);
  }
  Root(const Root&) = delete;
  ~Root() { (void)!::system(("rm -rf " + path).c_str()); }
  Networks networks() const { return Networks(fd.get()); }

  std::string path;
  kernel::Fd<kernel::Path> fd;
};

const Maker made{[](const Network&) -> Outcome<> { return {}; },
                 [](const Network&) -> Outcome<> { return {}; }};

/// One that has nothing to remove.
Maker claiming(std::function<Outcome<>(const Network&)> claim) { return {std::move(claim), made.remove}; }

}  // namespace

TEST_CASE("a network is made with its first lease, and kept") {
  const Root root;
  const auto networks = root.networks();
  CHECK(networks.names()->empty());
  CHECK(networks.find("bridge").error().code == ENOENT);
  const auto one = networks.lease("bridge", "web", made), two = networks.lease("bridge", "db", made);
  REQUIRE((one && two));
  CHECK(one->network == two->network);
  CHECK(one->address == one->network.gateway() + 1);
  CHECK(two->address == one->address + 1);
  CHECK(*networks.names() == std::vector<std::string>{"bridge"});
  CHECK(*networks.find("bridge") == one->network);
  CHECK(*networks.leases("bridge") == Leases{{one->address, "web"}, {two->address, "db"}});
}

TEST_CASE("a device that somebody else has by now is left to them, and its subnet with it") {
  const Root root;
  std::vector<Network> tried;
  const auto lease =
      root.networks().lease("bridge", "web", claiming([&](const Network& network) {
                              tried.push_back(network);
                              return tried.size() < 3 ? refuse("it is there", EEXIST) : Outcome<>{};
                            }));
  REQUIRE(lease);
  REQUIRE(tried.size() == 3);
  CHECK(lease->network == tried[2]);
  CHECK(*root.networks().find("bridge") == tried[2]);
  CHECK_FALSE(tried[2].subnet.overlaps(tried[0].subnet));
  CHECK(tried[2].device != tried[1].device);
}

TEST_CASE("a device that cannot be made is no reason to try others, and no lease is given") {
  const Root root;
  int tries = 0;
  const auto lease = root.networks().lease("bridge", "web", claiming([&](const Network&) {
                                             ++tries;
                                             return refuse("no right to", EPERM);
                                           }));
  REQUIRE_FALSE(lease);
  CHECK(lease.error().text == "no right to");
  CHECK(tries == 1);
  CHECK(root.networks().leases("bridge")->empty());
}

TEST_CASE("a network that a kernel does not have leaves no definition") {
  const Root root;
  const auto refused = root.networks().lease(
      "bridge", "web", claiming([](const Network&) { return refuse("none", EPROTONOSUPPORT); }));
  REQUIRE_FALSE(refused);
  CHECK(root.networks().names()->empty());
}

TEST_CASE("a network whose device is gone is removed before another is defined in its place") {
  const Root root;
  const auto networks = root.networks();
  const auto former = networks.lease("bridge", "web", made);
  REQUIRE(former);
  REQUIRE(networks.release("bridge", former->address, "web"));
  SECTION("and then defined") {
    std::vector<Network> removed;
    const auto lease = networks.lease("bridge", "web", {made.claim, [&](const Network& network) -> Outcome<> {
                                                          CHECK(*networks.find("bridge") == network);
                                                          removed.push_back(network);
                                                          return {};
                                                        }});
    REQUIRE(lease);
    CHECK(removed == std::vector{former->network});
    CHECK(lease->network != former->network);
  }
  SECTION("and is kept where it cannot be") {
    const auto lease =
        networks.lease("bridge", "web", {made.claim, [](const Network&) { return refuse("busy", EBUSY); }});
    REQUIRE_FALSE(lease);
    CHECK(*networks.find("bridge") == former->network);
  }
}

TEST_CASE("networks of one root do not overlap") {
  const Root root;
  const auto a = root.networks().lease("a", "x", made), b = root.networks().lease("b", "x", made);
  REQUIRE((a && b));
  CHECK_FALSE(a->network.subnet.overlaps(b->network.subnet));
  CHECK(a->network.device != b->network.device);
}

TEST_CASE("an address is given back by its owner alone, and given out again") {
  const Root root;
  const auto networks = root.networks();
  const auto one = *networks.lease("bridge", "web", made);
  CHECK(networks.release("bridge", one.address, "other"));
  CHECK(networks.leases("bridge")->size() == 1);
  CHECK(networks.release("bridge", one.address, "web"));
  CHECK(networks.release("bridge", one.address, "web"));
  CHECK(networks.release("nothing", one.address, "web"));
  CHECK(networks.leases("bridge")->empty());
  CHECK(networks.lease("bridge", "db", made)->address == one.address);
}

TEST_CASE("processes that lease at the same time get addresses of their own") {
  const Root root;
  constexpr int many = 30;
  for (int i = 0; i < many; ++i)
    if (::fork() == 0) ::_exit(root.networks().lease("bridge", "c" + std::to_string(i), made) ? 0 : 1);
  for (int i = 0; i < many; ++i) {
    int status = -1;
    ::wait(&status);
    CHECK(status == 0);
  }
  std::set<std::string> owners;
  const auto leases = root.networks().leases("bridge");
  REQUIRE(leases);
  for (const auto& [address, owner] : *leases) owners.insert(owner);
  CHECK(owners.size() == many);
}

TEST_CASE("a subnet that is full says so") {
  const Network small{"x", {}, {192U << 24 | 168U << 16 | 130U << 8, 24}, {}};
  Leases given;
  for (V4 address = small.gateway() + 1; address < small.subnet.last(); ++address) given[address] = "x";
  CHECK(given.size() == 253);
  CHECK_FALSE(free_address(small, given));
  given.erase(small.subnet.first + 200);
  CHECK(free_address(small, given) == small.subnet.first + 200);
}

TEST_CASE("a damaged definition is told by name, and no lease is given") {
  const Root root;
  REQUIRE(root.networks().lease("bridge", "web", made));
  const auto file = kernel::openat(root.fd.get(), "@networks/bridge/network", O_WRONLY | O_TRUNC);
  REQUIRE(file);
  const auto lease = root.networks().lease("bridge", "db", made);
  REQUIRE_FALSE(lease);
  CHECK(lease.error().text == "bridge network bridge: the definition is damaged");
}

TEST_CASE("a network is removed without its leases alone") {
  const Root root;
  const auto networks = root.networks();
  const auto one = *networks.lease("bridge", "web", made);
  const auto locked = networks.lock();
  REQUIRE(locked);
  CHECK(networks.release("bridge", one.address, "web"));
  CHECK(networks.remove("bridge"));
  CHECK(networks.names()->empty());
}
