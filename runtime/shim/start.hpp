// containerd's calls of the program, each of which ends soon: "start", "delete", "-info".
#pragma once
#include "runtime/shim/invocation.hpp"

namespace lodger::shim {

/// Finds the shim of the bundle's group, or becomes one: then a copy of this process stays and serves. Gives
/// what is to be printed. In the bundle's folder.
Outcome<std::string> start(const Invocation& invocation);

/// Of a container that containerd gives up: it is killed and removed, by its shim where that one lives. Gives
/// a DeleteResponse.
Outcome<std::string> remove(const Invocation& invocation);

/// containerd.types.RuntimeInfo, which containerd goes by.
std::string info();

}  // namespace lodger::shim
