// From a model to instructions: a search tree over the ranges of each architecture.
#pragma once
#include <linux/filter.h>

#include <vector>

#include "runtime/security/seccomp_model.hpp"

namespace lodger::security {

/// Fails where the program would be longer than the kernel takes (BPF_MAXINSNS).
Outcome<std::vector<sock_filter>> emit(const Model& model);

}  // namespace lodger::security
