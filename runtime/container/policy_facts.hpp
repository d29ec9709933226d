// What an administrator's policy is asked about one container.
#pragma once
#include <functional>

#include "runtime/container/source.hpp"
#include "runtime/policy/judge.hpp"

namespace lodger::container {

/// What the administrator's policies say to an annotation that chooses the mode; to be asked where there is
/// one.
std::function<Outcome<>(std::string_view, const netmode::Mode&, const netmode::Place&)> annotations_judge(
    const std::vector<policy::Policy>& policies);

/// Of a source whose network is decided, and whose entries of linux.namespaces that lead to where we are have
/// been left out. The host's stack is that of lodger, and that of the machine's first process, however a path
/// leads there: the namespace is what is compared. A stack that cannot be compared counts as the host's, but
/// for callers who could not join that.
Outcome<policy::Facts> policy_facts(const CreateRequest& request, const Source& source);

}  // namespace lodger::container
