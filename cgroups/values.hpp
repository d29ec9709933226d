// How numbers of config.json become the text of a control file; shared by the tables of v1 and v2.
#pragma once
#include <cmath>
#include <optional>
#include <span>
#include <string>

#include "cgroups/plan.hpp"

namespace lodger::cgroups {

using Value = std::optional<std::string>;  // nothing: the configuration is silent, and nothing is written

/// A row of a table: one setting at most.
struct Row {
  const char* controller;
  const char* file;
  Value (*value)(const spec::Resources&);
  const char* default_value = "";  // what a new cgroup has
};

/// A property that this version of cgroups cannot keep: asked for, it ends the start.
struct Refusal {
  const char* property;
  bool (*asked)(const spec::Resources&);
  const char* why;
};

/// A member of an optional object: `member(r.memory, &spec::Memory::limit)`.
template <class Object, class Type>
std::optional<Type> member(const std::optional<Object>& object, std::optional<Type> Object::*which) {
  return object ? (*object).*which : std::nullopt;
}

/// Without zero, which no such limit can mean and which callers send for "not set" (Docker, containerd,
/// Podman and runc's own flags do). pids.limit is the exception: config-linux.md calls its zero a valid
/// limit.
template <class Type>
std::optional<Type> nonzero(std::optional<Type> number) {
  return number == Type{} ? std::nullopt : number;
}

template <class Type>
Value text(std::optional<Type> number) {
  return number ? Value(std::to_string(*number)) : std::nullopt;
}

/// -1 is "max" in the files of cgroup2 and of pids.
inline Value or_max(std::optional<std::int64_t> number) { return number == -1 ? Value("max") : text(number); }

inline Value unless_empty(const std::string& list) { return list.empty() ? std::nullopt : Value(list); }

/// An idle cgroup has no weight: the kernel refuses one (EINVAL), and forgets the one that it had.
inline std::optional<std::uint64_t> shares_of(const spec::Resources& resources) {
  if (member(resources.cpu, &spec::Cpu::idle) == 1) return std::nullopt;
  return nonzero(member(resources.cpu, &spec::Cpu::shares));
}

/// cpu.shares (2 to 262144, 1024 by default) as cpu.weight (1 to 10000, 100 by default): the curve through
/// the two ends and the two defaults that runc 1.3.2 and crun 1.23 changed to, rounded up.
inline std::string weight_of_shares(std::uint64_t shares) {
  if (shares <= 2) return "1";
  if (shares >= 262144) return "10000";
  const double l = std::log2(static_cast<double>(shares));
  return std::to_string(static_cast<int>(std::ceil(std::pow(10, (l * l + 125 * l) / 612 - 7.0 / 34))));
}

/// What both versions refuse, and numbers that mean nothing. The text names the property.
Outcome<> check_common(const spec::Resources& resources);

/// Adds what the rows of a table come to.
void add_rows(std::span<const Row> rows, const spec::Resources& resources, std::vector<Setting>& settings);
/// The first refusal that was asked for.
Outcome<> check_refusals(std::span<const Refusal> refusals, const spec::Resources& resources);

/// blockIO, hugepageLimits and rdma, which are lists: one setting per entry.
void add_lists_v1(const spec::Resources& resources, std::vector<Setting>& settings);
void add_lists_v2(const spec::Resources& resources, std::vector<Setting>& settings);

}  // namespace lodger::cgroups
