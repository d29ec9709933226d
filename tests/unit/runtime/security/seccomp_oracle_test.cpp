// lodger's filter and libseccomp's, call by call. What differs on purpose (see seccomp.hpp) is switched off
// or kept out of the profiles, and has a test of its own in seccomp_test.cpp.
#include <catch2/catch.hpp>

#include <cstdlib>

#include "compare.hpp"
#include "oracle.hpp"
#include "profiles.hpp"
#include "runtime/security/seccomp.hpp"

using namespace lodger;

namespace {

// Both programs, compared; nothing where libseccomp refuses the profile (lodger may, then).
std::optional<std::string> compare(const spec::Seccomp& profile, std::mt19937_64& random,
                                   test::Oracle::Programs programs, bool& refused) {
  static const auto audits = test::audit_numbers();
  const auto theirs = test::Oracle::make(profile, programs);
  const auto ours = security::compile(profile, false);
  refused = !theirs;
  if (!theirs) return std::nullopt;
  if (!ours) return "lodger refuses what libseccomp takes: " + ours.error().text;
  return test::difference(profile, ours->instructions, *theirs, random, 200, audits);
}

// Fixed, so that a failure comes back; LODGER_SEED looks further.
std::uint64_t seed(std::uint64_t fixed) {
  const char* other = std::getenv("LODGER_SEED");
  return other ? std::strtoull(other, nullptr, 10) : fixed;
}

void same(const spec::Seccomp& profile) {
  std::mt19937_64 random(1);
  bool refused = false;
  const auto difference = compare(profile, random, test::Oracle::Programs::one, refused);
  INFO(test::to_text(profile));
  INFO(difference.value_or("none"));
  CHECK_FALSE(refused);
  CHECK_FALSE(difference);
}

}  // namespace

TEST_CASE("Docker's default profile is compiled as libseccomp does") { same(test::docker_profile()); }

TEST_CASE("Docker's default profile for other architectures") {
  auto profile = test::docker_profile();
  for (const auto& list : test::architecture_lists()) {
    profile.architectures = list;
    same(profile);
  }
}

TEST_CASE("hand-written profiles are compiled as libseccomp does") {
  for (const auto& profile : test::hand_written()) same(profile);
}

TEST_CASE("random profiles of one action per call are compiled as libseccomp does") {
  std::mt19937_64 random(seed(20240601)), arguments(1);
  unsigned compared = 0;
  for (unsigned i = 0; i < 300; ++i) {
    const auto profile = test::random_profile(random, test::Conflicts::none);
    bool refused = false;
    const auto difference =
        compare(profile, arguments, test::Oracle::Programs::one_per_architecture, refused);
    if (difference) FAIL("profile " << i << "\n" << test::to_text(profile) << *difference);
    compared += !refused;
  }
  CHECK(compared == 300);
}

TEST_CASE("random profiles whose rules disagree are settled as libseccomp settles them") {
  std::mt19937_64 random(seed(7)), arguments(1);
  unsigned compared = 0;
  for (unsigned i = 0; i < 300; ++i) {
    const auto profile = test::random_profile(random, test::Conflicts::some);
    bool refused = false;
    const auto difference =
        compare(profile, arguments, test::Oracle::Programs::one_per_architecture, refused);
    if (difference) FAIL("profile " << i << "\n" << test::to_text(profile) << *difference);
    compared += !refused;
  }
  CHECK(compared > 100);
}
