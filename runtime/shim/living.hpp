// A shim that lives while containerd takes it for dead: one that was slow to answer, or whose connection was
// closed in the midst of a call; or one that serves other containers as well.
#pragma once
#include <optional>
#include <string>

#include "kernel/failure.hpp"
#include "runtime/shim/wire/task.hpp"

namespace lodger::shim {

/// Has the shim whose address stands in `bundle` end and remove the container. Nothing: no shim lives there,
/// or it knows of no such container. Fails if it does not answer in time: what it was asked stays in its
/// socket, and is done once it goes on.
Outcome<std::optional<wire::DeleteResponse>> give_up_by_shim(const std::string& bundle,
                                                             const std::string& id);

/// Removes the socket of a shim that is dead.
Outcome<> remove_socket_of_dead(const std::string& bundle);

}  // namespace lodger::shim
