// config.md, "Hostname" and "Domainname": set in the container's uts namespace, never on the host.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

utsname host() {
  utsname names{};
  REQUIRE(uname(&names) == 0);
  return names;
}

}  // namespace

TEST_CASE("hostname: is set inside and left alone outside (config.md, Hostname)", "[hostname]") {
  NEEDS_ROOT();
  const std::string before = host().nodename;
  CHECK(inside("uts", [](json& config) { config["hostname"] = "inner.example"; })["hostname"] ==
        "inner.example");
  CHECK(host().nodename == before);
}

TEST_CASE("hostname: without one the container has the host's", "[hostname]") {
  NEEDS_ROOT();
  CHECK(inside("uts")["hostname"] == host().nodename);
}

TEST_CASE("hostname: domainname is set inside and left alone outside (config.md, Domainname)", "[hostname]") {
  NEEDS_ROOT();
  const std::string before = host().domainname;
  CHECK(inside("uts", [](json& config) { config["domainname"] = "inner.test"; })["domainname"] ==
        "inner.test");
  CHECK(host().domainname == before);
}

TEST_CASE("hostname: both are refused without a uts namespace, and the host's stay", "[hostname]") {
  NEEDS_ROOT();
  const auto without_uts = [](const char* key) {
    return [key](json& config) {
      config[key] = "stolen";
      config["linux"]["namespaces"].erase(2);
    };
  };
  const utsname before = host();
  refused(without_uts("hostname"), {"hostname"});
  refused(without_uts("domainname"), {"domainname"});
  CHECK(std::string(host().nodename) == before.nodename);
  CHECK(std::string(host().domainname) == before.domainname);
}

TEST_CASE("hostname: one that the kernel cannot take is refused", "[hostname]") {
  NEEDS_ROOT();
  refused([](json& config) { config["hostname"] = std::string(65, 'x'); }, {"hostname"});
}
