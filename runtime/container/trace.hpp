// The steps of a start and of an exec as --debug shows them. Some phrases are runc's, which its users, and
// its own test suite, look for. Without --debug these cost nothing.
#pragma once
#include "runtime/container/notices.hpp"
#include "runtime/container/store.hpp"
#include "spec/config.hpp"

namespace lodger::container::trace {

/// A container's init is made, and waits for its start.
void made(const Notices& notices, const spec::Config& config, const Record& record);
/// A process of an exec is born, and about to join the container.
void born(const Notices& notices, pid_t pid, const Record& record);
/// It has joined, and is about to become the program.
void joined(const Notices& notices, pid_t pid, const spec::Process& process);
/// What was made has become the container's program.
void started(const Notices& notices, const spec::Process& process);

}  // namespace lodger::container::trace
