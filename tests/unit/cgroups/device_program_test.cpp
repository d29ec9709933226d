#include <catch2/catch.hpp>

#include <random>

#include "cgroups/devices.hpp"
#include "kernel/bpf.hpp"
#include "tests/unit/bpf_machine.hpp"
#include "tests/unit/skip.hpp"

using namespace lodger;
using namespace lodger::cgroups;

namespace {

constexpr unsigned m = BPF_DEVCG_ACC_MKNOD, r = BPF_DEVCG_ACC_READ, w = BPF_DEVCG_ACC_WRITE;

struct Request {
  char type;
  std::uint32_t major, minor;
  unsigned access;
};

std::uint64_t interpret(const std::vector<bpf_insn>& program, const Request& request) {
  const std::uint32_t type = request.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
  bpf_cgroup_dev_ctx context{request.access << 16 | type, request.major, request.minor};
  return test::run_program(program, context);
}

/// The meaning in words: each access by the last rule that speaks of it, none allowed by default.
bool reference(const std::vector<DeviceMatch>& rules, const Request& request) {
  for (const unsigned access : {m, r, w}) {
    if (!(request.access & access)) continue;
    bool allowed = false;
    for (const auto& rule : rules)
      if ((rule.access & access) && (rule.type == 'a' || rule.type == request.type) &&
          (rule.major < 0 || rule.major == request.major) && (rule.minor < 0 || rule.minor == request.minor))
        allowed = rule.allow;
    if (!allowed) return false;
  }
  return true;
}

void compare(const std::vector<DeviceMatch>& rules) {
  const auto program = device_program(rules);
  std::size_t wrong = 0;
  for (const char type : {'b', 'c'})
    for (const std::uint32_t major : {0u, 1u, 5u, 8u, 10u, 136u, 4095u})
      for (const std::uint32_t minor : {0u, 1u, 2u, 3u, 5u, 200u, 1048575u})
        for (unsigned access = 1; access <= all_access; ++access) {
          const Request request{type, major, minor, access};
          wrong += (program.empty() || interpret(program, request)) != reference(rules, request);
        }
  CHECK(wrong == 0);
}

std::vector<DeviceMatch> random_rules(std::mt19937& random) {
  const auto pick = [&](std::initializer_list<int> of) { return of.begin()[random() % of.size()]; };
  std::vector<DeviceMatch> rules(1 + random() % 12);
  for (auto& rule : rules)
    rule = {random() % 2 == 0, static_cast<char>(pick({'a', 'b', 'c', 'c'})), pick({-1, -1, 1, 5, 10, 136}),
            pick({-1, -1, 0, 2, 3, 200}), static_cast<unsigned>(pick({1, 2, 3, 4, 5, 6, 7, 7, 7}))};
  return rules;
}

std::vector<DeviceMatch> docker_rules() {
  const auto rules = device_rules({{false, 'a', {}, {}, "rwm"},
                                   {true, 'c', 1, 5, "rwm"},
                                   {true, 'c', 10, 200, "rw"},
                                   {true, 'b', 8, {}, "r"},
                                   {false, 'c', 136, 5, "w"}});
  REQUIRE(rules);
  return *rules;
}

}  // namespace

TEST_CASE("the program says what the rules say") {
  compare(docker_rules());
  compare({{true, 'c', 10, 200, r}, {true, 'c', 10, 200, w}});             // both at once are allowed
  compare({{true, 'c', 10, -1, r | w}, {false, 'c', 10, 200, w}});         // v1 could not say this
  compare({{true, 'a', -1, -1, all_access}, {false, 'b', 8, -1, m | w}});  // all but
  compare({{false, 'c', 1, 3, r}, {true, 'a', -1, -1, all_access}});       // no program at all
  compare({{true, 'a', -1, -1, r}, {false, 'a', 5, -1, all_access}});
}

TEST_CASE("the program says what random rules say") {
  std::mt19937 random(20250101);
  for (int round = 0; round < 500; ++round) compare(random_rules(random));
}

TEST_CASE("the reference itself can say no") {
  const auto rules = docker_rules();
  CHECK(reference(rules, {'c', 1, 3, r | w}));
  CHECK_FALSE(reference(rules, {'c', 1, 1, r}));
  CHECK(reference(rules, {'c', 1, 1, m}));
  CHECK_FALSE(reference(rules, {'b', 8, 0, w}));
  CHECK(reference(rules, {'c', 136, 5, w}));  // a container's own rules are the last
}

TEST_CASE("where everything is allowed there is no program") {
  const DeviceMatch all{true, 'a', -1, -1, all_access};
  CHECK(device_program({}).empty());
  CHECK(device_program(std::vector<DeviceMatch>{all}).empty());
  CHECK(device_program(std::vector<DeviceMatch>{{false, 'c', 1, 3, r}, all, {true, 'c', 1, 3, r}}).empty());
  CHECK_FALSE(device_program(std::vector<DeviceMatch>{all, {false, 'c', 1, 3, r}}).empty());
}

TEST_CASE("the kernel's verifier takes the programs") {
  std::mt19937 random(7);
  std::vector<std::vector<DeviceMatch>> all{docker_rules(), {{false, 'a', -1, -1, all_access}}};
  for (int i = 0; i < 50; ++i) all.push_back(random_rules(random));
  for (const auto& rules : all) {
    const auto program = device_program(rules);
    if (program.empty()) continue;
    const auto loaded =
        kernel::load_program(BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, program, "lodger_test");
    if (!loaded && (loaded.error().code == EPERM || loaded.error().code == ENOSYS))
      SKIP_TEST("bpf(2) is not permitted here");
    REQUIRE(loaded);
    CHECK(std::string(kernel::program_info(*loaded)->name) == "lodger_test");
  }
}
