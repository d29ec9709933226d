// The clauses that check() goes through, by the object they look at. Internal to spec/.
#pragma once
#include <span>

#include "kernel/failure.hpp"
#include "spec/config.hpp"

namespace lodger::spec {

template <class T>
using Clause = Outcome<> (*)(const T&);

/// The first failure of a list of clauses.
template <class T>
Outcome<> all(std::span<const Clause<T>> clauses, const T& object) {
  for (const auto clause : clauses) TRY(clause(object));
  return {};
}

/// user_namespaces(7): ranges are not empty, do not run over and do not overlap, on neither side. `property`
/// names them in the error.
Outcome<> check_ranges(std::string_view property, const std::vector<IdMapping>& list);

/// Whether a network interface can have this name.
bool interface_name(std::string_view name);

std::span<const Clause<Process>> process_clauses();
std::span<const Clause<Process>> scheduling_clauses();
std::span<const Clause<Mount>> mount_clauses();  // errors start at the member: check() names the mount
std::span<const Clause<Config>> namespace_clauses();
std::span<const Clause<Linux>> linux_clauses();
std::span<const Clause<Resources>> resources_clauses();
std::span<const Clause<Resources>> resource_list_clauses();
std::span<const Clause<Seccomp>> seccomp_clauses();

/// The clause of linux.intelRdt. check_intel_rdt.cpp
Outcome<> check_intel_rdt(const Linux& object);
/// The clause of linux.memoryPolicy. check_memory_policy.cpp
Outcome<> check_memory_policy(const Linux& object);
/// What a scheduling policy leaves no room for elsewhere. check_scheduling.cpp
Outcome<> check_deadline_and_hooks(const Config& config);

/// The clause of linux.netDevices. check_net_devices.cpp
Outcome<> check_net_devices(const Config& config);

}  // namespace lodger::spec
