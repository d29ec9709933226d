#include "runtime/security/capabilities.hpp"

#include <cap-ng.h>
#include <catch2/catch.hpp>
#include <linux/capability.h>

#include <fstream>

using namespace lodger;
using namespace lodger::security;

TEST_CASE("the names are libcap-ng's and the kernel's") {
  const auto names = capability_names();
  int last = -1;
  std::ifstream("/proc/sys/kernel/cap_last_cap") >> last;
  REQUIRE(last > 30);
  CHECK(last_capability() == last);
  REQUIRE(names.size() == static_cast<std::size_t>(std::min(last, CAP_LAST_CAP)) + 1);
  for (std::size_t i = 0; i < names.size(); ++i) {
    INFO(names[i]);
    CHECK(names[i].starts_with("CAP_"));
    CHECK(capng_name_to_capability(names[i].c_str() + 4) == static_cast<int>(i));
  }
}

TEST_CASE("each set becomes its own mask") {
  const spec::Capabilities sets{.effective = {"CAP_KILL", "CAP_CHOWN"},
                                .bounding = {"CAP_SYS_ADMIN"},
                                .inheritable = {},
                                .permitted = {"CAP_CHECKPOINT_RESTORE", "CAP_CHOWN"},
                                .ambient = {"CAP_NET_RAW"}};
  std::vector<std::string> unknown;
  const auto masks = capability_masks(sets, unknown, 40);
  CHECK(masks.effective == ((1ULL << CAP_KILL) | (1ULL << CAP_CHOWN)));
  CHECK(masks.bounding == 1ULL << CAP_SYS_ADMIN);
  CHECK(masks.inheritable == 0);
  CHECK(masks.permitted == ((1ULL << 40) | 1));
  CHECK(masks.ambient == 1ULL << CAP_NET_RAW);
  CHECK(masks.last == 40);
  CHECK(unknown.empty());
}

TEST_CASE("what the kernel does not know is left out and named once") {
  const spec::Capabilities sets{.effective = {"CAP_BPF", "CAP_KILL"},
                                .bounding = {"CAP_FLY", "CAP_BPF", "cap_kill", "KILL", ""},
                                .inheritable = {},
                                .permitted = {"CAP_BPF"},
                                .ambient = {}};
  std::vector<std::string> unknown;
  const auto masks = capability_masks(sets, unknown, 38);  // CAP_BPF is 39
  CHECK(masks.effective == 1ULL << CAP_KILL);
  CHECK(masks.bounding == 0);
  CHECK(masks.permitted == 0);
  CHECK(unknown == std::vector<std::string>{"CAP_BPF", "CAP_FLY", "cap_kill", "KILL", ""});
}

TEST_CASE("the highest capability is probed upwards and downwards") {
  CHECK(last_capability([](int c) { return c <= 37; }) == 37);
  CHECK(last_capability([](int c) { return c <= CAP_LAST_CAP; }) == CAP_LAST_CAP);
  CHECK(last_capability([](int c) { return c <= 50; }) == 50);
  CHECK(last_capability([](int) { return true; }) == 63);  // capset(2) has no more bits
}
