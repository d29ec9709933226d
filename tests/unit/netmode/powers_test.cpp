#include "netmode/powers.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::netmode;

namespace {

spec::Config config_with(std::vector<std::string> capabilities, std::vector<spec::NamespaceType> types = {}) {
  spec::Config config;
  config.process.emplace().capabilities.emplace().bounding = std::move(capabilities);
  auto& namespaces = config.linux.emplace().namespaces;
  for (const auto type : types) namespaces.emplace_back().type = type;
  return config;
}

}  // namespace

TEST_CASE("powers over the host's network are those that are granted, in the host's user namespace") {
  const std::vector<std::string> two = {"CAP_SYS_MODULE", "CAP_CHOWN", "CAP_NET_ADMIN"};
  const auto found = powers_of(config_with(two));
  REQUIRE(found.size() == 2);
  CHECK(found[0]->capability == std::string("CAP_NET_ADMIN"));
  CHECK(found[1]->capability == std::string("CAP_SYS_MODULE"));
  CHECK(powers_of(config_with(two, {spec::NamespaceType::user})).empty());
  CHECK(powers_of({}).empty());
}

TEST_CASE("power over processes is one over the host's where there is no pid namespace") {
  CHECK(powers_of(config_with({"CAP_SYS_PTRACE"})).size() == 1);
  CHECK(powers_of(config_with({"CAP_SYS_PTRACE"}, {spec::NamespaceType::pid})).empty());
}

TEST_CASE("a capability is granted by whichever set it is in") {
  using Sets = spec::Capabilities;
  for (const auto set :
       {&Sets::bounding, &Sets::effective, &Sets::inheritable, &Sets::permitted, &Sets::ambient}) {
    auto config = config_with({});
    (*config.process->capabilities).*set = {"CAP_NET_RAW"};
    CHECK(is_granted(config, "CAP_NET_RAW"));
    CHECK_FALSE(is_granted(config, "CAP_NET_ADMIN"));
  }
}
