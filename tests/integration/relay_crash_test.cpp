// lodger killed while it makes a container with a relay, or mends one, or takes it down: what is left another
// lodger finds.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <stdlib.h>

#include "support/orphanage.hpp"
#include "support/relayed.hpp"
#include "support/tracer.hpp"

using namespace lodger::test;

namespace {

/// Whether the command was killed before its end, at its `count`th system call.
bool kill_at(const Container& container, std::vector<std::string> command, unsigned count) {
  command.insert(command.begin(), {runtime_path(), "--root", container.root()});
  return killed_at(command, count);
}

using Prepare = std::function<std::vector<std::string>(Container&)>;
using Look = std::function<void(Container&)>;

/// Kills the command that `prepare` gives in container after container, further on in each.
void kill_everywhere(unsigned usual, unsigned least, const Bundle& bundle, const Prepare& prepare,
                     const Look& look = {}) {
  const Orphanage orphans;
  unsigned count = 0;
  for (bool killed = true; killed; count += kill_step(usual)) {
    CAPTURE(count);
    Container container(bundle);
    const auto command = prepare(container);
    killed = kill_at(container, command, count);
    if (look) look(container);
    const auto removed = container.remove();
    INFO(removed.summary());
    CHECK(removed.status == 0);
    // but who keeps the outside's network
    CHECK(eventually([] { return living_children().size() == 1; }));
    CHECK(relays_here() == "");
    CHECK(relay_cgroups(bundle) == std::vector<std::string>{});
    CHECK(container.leftovers() == std::vector<std::string>{});
  }
  CHECK(count > least);  // it was really followed
}

}  // namespace

TEST_CASE("relay crash: lodger is killed in create, at any system call", "[relay_crash]") {
  RELAY_HOST();
  NEEDS(Tracer::allowed(), "no tracing here");
  const Bundle bundle("hold");
  kill_everywhere(11, 150, bundle,
                  [](const Container& container) { return container.making("create", relay()); });
}

TEST_CASE("relay crash: lodger is killed in delete, at any system call", "[relay_crash]") {
  RELAY_HOST();
  NEEDS(Tracer::allowed(), "no tracing here");
  const Bundle bundle("hold");
  kill_everywhere(9, 40, bundle, [](Container& container) {
    container.create(relay());
    return std::vector<std::string>{"delete", "--force", container.id()};
  });
}

TEST_CASE("relay crash: lodger is killed while it mends, at any system call", "[relay_crash]") {
  RELAY_HOST();
  NEEDS(Tracer::allowed(), "no tracing here");
  const Bundle bundle("hold");
  const auto ended = [](Container& container) {
    container.create(relay());
    REQUIRE(kill(relay_pid(container), SIGKILL) == 0);
    CHECK(eventually([&] { return relay_of(container)["running"] == false; }));
    return std::vector<std::string>{"network", "prune"};
  };
  kill_everywhere(13, 60, bundle, ended, [](Container& container) {
    CHECK(container.call({"network", "prune"}).status == 0);
    CHECK(relay_of(container)["running"] == true);
    CHECK(eventually([] { return words(relays_here()).size() == 1; }));
  });
}
