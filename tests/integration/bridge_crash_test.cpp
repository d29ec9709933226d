// lodger, or lodger-network, killed while a container on a bridge is made, or taken down, or mended: what is
// left `delete` and `network prune` find.
#include <catch2/catch.hpp>
#include <net/if.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>

#include "support/bridged.hpp"
#include "support/orphanage.hpp"
#include "support/tracer.hpp"

using namespace lodger::test;

namespace {

/// TCP and UDP, each in IPv4 and IPv6.
std::vector<std::string> published(bool proxied) {
  auto flags = bridge({"-p", "8080:80/tcp", "-p", "8080:80/udp"});
  if (proxied) flags.push_back("--userland-proxy");
  return flags;
}

/// Of what a killed lodger left: see Orphanage.
bool soon_ends(const char* program) {
  return eventually([=] { return std::ranges::count(living_children(), program) == 0; },
                    std::chrono::seconds(5));
}

/// lodger's own and the pairs of its containers, which the kernel takes down a little later. Without a
/// program: it is asked again and again.
bool has_devices() {
  struct if_nameindex* all = ::if_nameindex();
  REQUIRE(all);
  bool found = false;
  for (const auto* one = all; one->if_index != 0; ++one)
    found |= std::string_view(one->if_name).starts_with("lodger") ||
             std::string_view(one->if_name).starts_with("lg");
  ::if_freenameindex(all);
  return found;
}

/// Rules, forwarding, networks on disk.
std::string standing(const Container& container) {
  return shell("nft list tables; cat /proc/sys/net/ipv4/conf/out/forwarding; ls " + container.root() +
               "/@networks 2>/dev/null")
      .out;
}

void check_nothing_left(Container& container) {
  const auto removed = container.remove();
  INFO(removed.summary());
  CHECK(removed.status == 0);
  const auto pruned = container.call({"network", "prune"});
  INFO(pruned.summary());
  CHECK(pruned.status == 0);
  CHECK(eventually([] { return !has_devices(); }, std::chrono::seconds(5)));
  CHECK(standing(container) == "0\n");
  CHECK(eventually([] { return living_children().size() == 1; }));  // who keeps the outside's network
  CHECK(container.leftovers() == std::vector<std::string>{});
}

using Prepare = std::function<std::vector<std::string>(Container&)>;
using Look = std::function<void(Container&)>;
using Kill = std::function<bool(const std::vector<std::string>& command, unsigned count)>;

const Kill runtime = killed_at;
const Kill helper = [](const auto& command, unsigned count) {
  return child_killed_at(command, "lodger-network", count);
};

/// On a kernel without nf_tables, as far as lodger can tell: bridge_without_tables_test.cpp.
const Kill helper_without_tables = [](const auto& command, unsigned count) {
  auto line = probing("without-netlink 12 93");
  line.insert(line.end(), command.begin(), command.end());
  return child_killed_at(line, "lodger-network", count);
};

struct Steps {
  unsigned first;
  unsigned usual;  // from one system call to the next at which one is killed
  unsigned least;  // that there are; else it was not really followed
};
Steps steps(bool proxied, unsigned usual, unsigned least) { return {proxied ? usual / 2 : 0, usual, least}; }

/// Kills what the command that `prepare` gives runs, in container after container, further on in each.
void kill_everywhere(const Kill& kill, Steps steps, const Prepare& prepare, const Look& look = {}) {
  const Orphanage orphans;
  const Bundle bundle("hold");
  const auto step = kill_step(steps.usual);
  unsigned count = steps.first % step;
  for (bool killed = true; killed; count += step) {
    CAPTURE(count);
    Container container(bundle);
    auto command = prepare(container);
    command.insert(command.begin(), {runtime_path(), "--root", container.root()});
    killed = kill(command, count);
    // Nobody could mend what it is about to make.
    CHECK(soon_ends("lodger-network"));
    if (look) look(container);
    check_nothing_left(container);
  }
  CHECK(count > steps.least);
}

Prepare creating(bool proxied) {
  return [=](const Container& container) { return container.making("create", published(proxied)); };
}

Prepare deleting(bool proxied) {
  return [=](Container& container) {
    container.create(published(proxied));
    return std::vector<std::string>{"delete", "--force", container.id()};
  };
}

/// With all that there is to mend: a network that nobody is in, one without its rules, and an address of
/// somebody who is gone.
Prepare mending(bool proxied) {
  return [=](Container& container) {
    container.create(published(proxied));
    const Bundle other("echo ran", without_cgroup);
    const auto ran = container.call({"--cgroup-manager", "disabled", "run", "--bundle", other.path(),
                                     "--network", "bridge:other", "other"});
    INFO(ran.summary());
    REQUIRE(ran.status == 0);
    const auto lease = container.root() + "/@networks/bridge/leases/10.61.0.77";
    REQUIRE(::symlink("nobody", lease.c_str()) == 0);
    REQUIRE(shell("nft flush ruleset").status == 0);
    return std::vector<std::string>{"network", "prune"};
  };
}

/// A second `prune` finishes what the first began.
Look mended(bool proxied) {
  return [=](Container& container) {
    const auto done = container.call({"network", "prune"});
    INFO(done.summary());
    CHECK(done.status == 0);
    CHECK(container.call({"network", "ls"}).err == "");
    CHECK(shell("ls " + container.root() + "/@networks").out == "bridge\n");
    CHECK(inspect(container)["containers"].size() == 1);
    CHECK(shell("nft list tables").out == "table inet lodger\n");
    CHECK(shell("nft list table inet lodger | grep -c '8080 comment'").out == (proxied ? "0\n" : "4\n"));
    CHECK(std::ranges::count(living_children(), "lodger-proxy") == (proxied ? 1 : 0));
  };
}

/// A container of NAT on the same network has no fence, which would keep it off.
void check_unfenced(Container& container) {
  const Bundle bundle("hold");
  Container translated(bundle, {"--root", container.root()});
  translated.create(bridge());
  CHECK(fences() == "");
  CHECK(translated.remove().status == 0);
}

/// What is not there has neither an address nor a port; what is there `delete` will find.
void check_undone(Container& container) {
  if (container.call({"state", container.id()}).status == 0) return;
  CHECK(
      shell("ls " + container.root() + "/@networks/bridge/leases; nft list table inet lodger | grep comment")
          .out == "");
  CHECK(soon_ends("lodger-proxy"));
}

}  // namespace

TEST_CASE("bridge crash: lodger is killed in create, at any system call", "[bridge_crash]") {
  NETWORKS();
  NEEDS(Tracer::allowed(), "no tracing here");
  const bool proxied = GENERATE(false, true);
  CAPTURE(proxied);
  kill_everywhere(runtime, steps(proxied, 61, 200), creating(proxied));
}

TEST_CASE("bridge crash: lodger is killed in delete, at any system call", "[bridge_crash]") {
  NETWORKS();
  NEEDS(Tracer::allowed(), "no tracing here");
  const bool proxied = GENERATE(false, true);
  CAPTURE(proxied);
  kill_everywhere(runtime, steps(proxied, 23, 60), deleting(proxied));
}

TEST_CASE("bridge crash: lodger is killed in prune, at any system call", "[bridge_crash]") {
  NETWORKS();
  NEEDS(Tracer::allowed(), "no tracing here");
  const bool proxied = GENERATE(false, true);
  CAPTURE(proxied);
  kill_everywhere(runtime, steps(proxied, 37, 60), mending(proxied), mended(proxied));
}

TEST_CASE("bridge crash: lodger-network is killed in create, at any system call", "[bridge_crash]") {
  NETWORKS();
  NEEDS(Tracer::allowed(), "no tracing here");
  const bool proxied = GENERATE(false, true);
  CAPTURE(proxied);
  kill_everywhere(helper, steps(proxied, 47, 60), creating(proxied), check_undone);
}

TEST_CASE("bridge crash: lodger-network is killed in delete, at any system call", "[bridge_crash]") {
  NETWORKS();
  NEEDS(Tracer::allowed(), "no tracing here");
  kill_everywhere(helper, steps(false, 19, 20), deleting(false), check_undone);
}

TEST_CASE("bridge crash: lodger-network is killed in prune, at any system call", "[bridge_crash]") {
  NETWORKS();
  NEEDS(Tracer::allowed(), "no tracing here");
  kill_everywhere(helper, steps(false, 53, 60), mending(false), mended(false));
}

TEST_CASE("bridge crash: lodger-network is killed in create without nf_tables, at any system call",
          "[bridge_crash]") {
  NETWORKS();
  NEEDS(Tracer::allowed(), "no tracing here");
  bool later = false;  // there are nf_tables behind every second kill
  kill_everywhere(helper_without_tables, {0, 9, 60}, creating(true), [&](Container& container) {
    if (later) check_unfenced(container);
    later = !later;
  });
  CHECK(fences() == "");
}
