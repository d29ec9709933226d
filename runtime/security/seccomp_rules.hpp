// What several rules for one system call come to. Source: seccomp_rule_add(3), and what libseccomp 2.5 does
// where the manual is silent (kept equal by tests/unit/runtime/security/seccomp_oracle_test.cpp).
#pragma once
#include <span>
#include <vector>

#include "runtime/security/seccomp_model.hpp"

namespace lodger::security {

/// The comparisons of one profile entry for an architecture of the given width, sorted by argument. One that
/// always holds (an empty mask) is left out.
std::vector<Condition> conditions(std::span<const spec::SeccompArg> args, bool wide);

enum class Added : unsigned char { kept, superfluous, contradiction };

/// Adds a conditional rule to those of one call. It is superfluous where the same or a shorter one (fewer of
/// the same comparisons) came first, and takes the place of longer ones. It contradicts an equal or longer
/// one of another action: libseccomp answers EEXIST there, and runc and crun refuse the profile.
Added add(std::vector<Rule>& rules, const Rule& rule);

/// Brings rules of differing actions into the order in which libseccomp asks them: higher arguments first,
/// then equality before order, then the narrower condition. Rules of one action stay as they are: whichever
/// holds, the answer is the same.
void order(std::vector<Rule>& rules, bool wide);

}  // namespace lodger::security
