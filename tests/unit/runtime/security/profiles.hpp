// Profiles to test with: Docker's, hand-written ones, random ones.
#pragma once
#include <random>
#include <string>
#include <vector>

#include "spec/seccomp.hpp"

namespace lodger::test {

/// tests/fixtures/seccomp/docker-default.json
spec::Seccomp docker_profile();

/// Lists of architectures, each valid for libseccomp on a little-endian machine; the first is empty.
std::vector<std::vector<std::string>> architecture_lists();

/// One profile per thing that could go wrong.
std::vector<spec::Seccomp> hand_written();

enum class Conflicts : bool { none, some };
/// Some calls with some arguments; with Conflicts::some the rules of one call may have different actions.
spec::Seccomp random_profile(std::mt19937_64& random, Conflicts conflicts);

/// For messages: one line per rule.
std::string to_text(const spec::Seccomp& profile);

spec::SeccompSyscall rule(std::vector<std::string> names, spec::SeccompAction action,
                          std::vector<spec::SeccompArg> args = {});
spec::Seccomp profile(spec::SeccompAction otherwise, std::vector<spec::SeccompSyscall> rules,
                      std::vector<std::string> architectures = {});

}  // namespace lodger::test
