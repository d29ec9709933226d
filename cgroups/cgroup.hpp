// One container's cgroup on every hierarchy of this machine: pure v1, hybrid, or pure v2.
// Source: cgroups(7); Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the kernel.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cgroups/folder.hpp"
#include "cgroups/layout.hpp"
#include "cgroups/plan.hpp"
#include "cgroups/record.hpp"
#include "cgroups/systemd/manager.hpp"
#include "cgroups/systemd/unit.hpp"
#include "kernel/failure.hpp"
#include "kernel/file.hpp"
#include "spec/resources.hpp"

namespace lodger::cgroups {

/// Where containers without a cgroupsPath have theirs. Whoever goes last takes this folder along.
inline constexpr std::string_view default_parent = "/lodger";

/// Where a container's cgroup is to be.
struct Place {
  std::string path;                   // "/lodger/<id>"; empty: the container stays in its maker's cgroup
  std::optional<systemd::Unit> unit;  // made by systemd; `path` is what it will presumably be then
};

/// A cgroup being made. What was made is removed by the destructor until commit(); a cgroup that was there
/// before is taken if no process is in it and it is not frozen, and is never removed.
class Cgroup {
 public:
  /// What a making that is cut short may leave: for a state that is written before anything is made. Its
  /// folders may be removed only as far as they are empty. systemd itself ends a unit that becomes empty.
  static Record intended(const Layout& layout, const Place& place);

  /// Everything that prepare() would refuse without looking at the cgroup itself; systemd is only connected
  /// to. Makes nothing.
  static Outcome<> check(const Layout& layout, const Place& place, const spec::Resources* resources);

  /// For a container without one: refuses, naming the file, resources that need one. Makes nothing.
  static Outcome<> check_unneeded(const Layout& layout, const spec::Resources* resources);

  /// Before the clone: everything that can be refused, and only what the clone needs, the folder in the
  /// cgroup2 tree (v2 and hybrid); on v2 also the controllers of its parents. systemd, which makes a scope
  /// around a process that is there, is only connected to. Without a path every call here has nothing to do.
  /// `resources` may be null. `layout` must outlive the object. Waiting for systemd ends when `interrupt`, a
  /// descriptor, becomes readable (-1: nobody's).
  static Outcome<Cgroup> prepare(const Layout& layout, const Place& place, const spec::Resources* resources,
                                 int interrupt = -1);

  /// On v2: what the container may manage of it will belong to its user (delegate.hpp). Elsewhere nothing.
  void delegate_to(std::uint32_t uid) { owner_ = uid; }

  /// The cgroup2 folder for CLONE_INTO_CGROUP, or -1 on pure v1 and with systemd.
  int birthplace() const { return birthplace_.get(); }

  /// After the clone of `pid`, while it mounts: systemd's scope, the v1 folders, and all limits and device
  /// rules.
  Outcome<> complete(pid_t pid);

  /// The v1 `tasks` files, open for writing: the child writes "0" to each, which, other than `cgroup.procs`,
  /// waits for nobody. Empty on v2.
  Outcome<std::vector<kernel::Fd<kernel::File>>> entrances() const;

  const Record& record() const { return record_; }
  /// The cgroup is the container's from here on.
  void commit() { ours_ = false; }

  Cgroup(Cgroup&& other) noexcept;
  Cgroup& operator=(Cgroup&& other) noexcept;
  ~Cgroup();

 private:
  Cgroup() = default;
  /// The plan, and what can be said against it by the layout alone.
  Outcome<> take(const Layout& layout, const Place& place, const spec::Resources* resources);
  /// One hierarchy's folder, which must be new or unused but for `pid`; the default parent is among what is
  /// removed, whoever made it.
  Outcome<Folder> make_below(const std::string& mount, pid_t pid);
  /// Where the unit's cgroup is presumably going to be nobody is, in no hierarchy.
  Outcome<> check_vacant() const;
  /// What systemd has made of the unit in a hierarchy is the container's: its process is in it.
  Outcome<> claim(const std::string& mount, pid_t pid);
  /// `pid` as for make_below(); moved there where it was born elsewhere.
  Outcome<> make_birthplace(pid_t pid, bool move);
  Outcome<> make_scope(pid_t pid);
  Outcome<> make_v1_folders(pid_t pid);

  const Layout* layout_ = nullptr;
  Plan plan_;
  std::vector<Folder> unified_;  // one on v2 and hybrid, none on v1
  std::vector<Folder> v1_;       // in the order of the layout's hierarchies
  kernel::Fd<kernel::Path> birthplace_;
  std::optional<systemd::Unit> unit_;
  std::string scope_;                        // the path of its cgroup
  std::optional<systemd::Manager> manager_;  // from prepare() to complete()
  std::optional<std::uint32_t> owner_;
  Record record_;
  bool ours_ = true;
};

}  // namespace lodger::cgroups
