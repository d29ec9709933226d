// One container's cgroup on every hierarchy of this machine: pure v1, hybrid, or pure v2.
// Source: cgroups(7); Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the kernel.
#pragma once
#include <string>
#include <vector>

#include "cgroups/layout.hpp"
#include "cgroups/record.hpp"
#include "kernel/failure.hpp"
#include "kernel/file.hpp"
#include "spec/resources.hpp"

namespace lodger::cgroups {

/// A cgroup being made. What was made is removed by the destructor until commit().
class Cgroup {
 public:
  /// Before the clone: only what the clone needs, the folder in the cgroup2 tree (v2 and hybrid); on v2 also
  /// the controllers of its parents. `path` is absolute ("/lodger/<id>").
  static Outcome<Cgroup> prepare(const Layout& layout, std::string path, const spec::Resources* resources);

  /// The cgroup2 folder for CLONE_INTO_CGROUP, or -1 on pure v1.
  int birthplace() const;

  /// After the clone, while the child mounts: the v1 folders, and all limits and device rules.
  Outcome<> complete();

  /// The v1 `tasks` files, open for writing: the child writes "0" to each. Empty on v2.
  Outcome<std::vector<kernel::Fd<kernel::File>>> entrances() const;

  const Record& record() const { return record_; }
  void commit();

  Cgroup(Cgroup&&) noexcept;
  Cgroup& operator=(Cgroup&&) noexcept;
  ~Cgroup();

 private:
  Cgroup() = default;
  Record record_;
  // more members as the room needs
};

}  // namespace lodger::cgroups
