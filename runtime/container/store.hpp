// Containers on disk: <root>/<id>/ (0700) with state.json, the container's own config.json, and, while it is
// created but not started, the start gate's socket. Design: docs/architecture.md, "State".
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/record.hpp"
#include "kernel/failure.hpp"
#include "kernel/file.hpp"
#include "netmode/bridge/place.hpp"
#include "netmode/record.hpp"
#include "netmode/relay/relay.hpp"
#include "runtime/resctrl/group.hpp"
#include "runtime/rootfs/host_root.hpp"

namespace lodger::container {

/// What state.json keeps. A record without pid is a container that is still being created.
struct Record {
  std::string id, bundle, rootfs;
  std::string created;  // RFC 3339 with nanoseconds, UTC
  uid_t owner = 0;
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // field 22 of /proc/PID/stat: tells a reused pid apart
  bool host_network = false, own_pid_namespace = false;
  cgroups::Record cgroup;
  resctrl::Record rdt;
  netmode::Record network;  // of host mode's options
  netmode::bridge::Record bridge;
  netmode::relay::Record relay;
  cgroups::Record relay_cgroup;
  rootfs::MountIdentity host_root;  // of a container in the runtime's mount namespace

  /// Whether it is this container's: once an id is free another may have it.
  bool is_of(const Record& other) const { return pid == other.pid && start_time == other.start_time; }
};

/// The name of the start gate's socket inside a container's folder; present: created, not started.
inline constexpr const char* gate_name = "start.sock";

/// One container's folder, open and (unless opened by look()) locked: the lock goes with the object. Whoever
/// runs or waits for something long without working on the folder lets go of it first.
class Folder {
 public:
  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&& other) noexcept;
  /// Removes the folder again if reserve() made it and commit() was never called.
  ~Folder();

  const std::string& id() const { return id_; }
  int fd() const { return fd_.get(); }
  /// The state root's folder, which it is in.
  int root() const { return root_.get(); }
  /// Whether this object holds the lock.
  bool locked() const { return locked_; }
  /// For a folder from look(): whether somebody holds the lock, that is, is at work in it right now.
  bool busy() const;

  /// state.json, replaced by rename: a reader sees the old or the new one, never a part.
  Outcome<> write(const Record& record) const;
  /// The two halves of write(). What is staged is seen by nobody but read_staged(): a creation that is cut
  /// short leaves it for `delete`.
  Outcome<> stage(const Record& record) const;
  Outcome<> publish() const;
  Outcome<Record> read_staged() const;
  /// Code ENOENT: there is no state.json, so the container is being created, or half removed.
  Outcome<Record> read() const;
  /// What read() gives, else what is staged: also of a container that is being made, or was cut short.
  Outcome<Record> read_any() const;
  /// The container's own copy of its configuration, written once.
  Outcome<> write_config(std::string_view text) const;
  Outcome<std::string> read_config() const;

  /// The container exists from here on.
  void commit() { made_ = false; }
  /// Deletes all files of the folder and the folder itself, state.json last: what a crash leaves behind can
  /// still be found and removed.
  Outcome<> remove() &&;

 private:
  Folder(std::string id, kernel::Fd<kernel::Path> root, kernel::Fd<kernel::Path> fd)
      : id_(std::move(id)), root_(std::move(root)), fd_(std::move(fd)) {}
  kernel::Result<> unmake() const;
  Outcome<Record> read_from(const char* name) const;

  std::string id_;
  kernel::Fd<kernel::Path> root_, fd_;
  bool locked_ = false, made_ = false;
  friend class Store;
};

/// The state root, /run/lodger unless told otherwise.
class Store {
 public:
  explicit Store(std::string root) : root_(std::move(root)) {}
  /// $XDG_RUNTIME_DIR/lodger for an ordinary user, and for root of a user namespace whom $USER does not call
  /// root; else /run/lodger.
  static std::string default_root();

  const std::string& root() const { return root_; }
  /// The state root's folder. ENOENT: there is none yet.
  Outcome<kernel::Fd<kernel::Path>> open_root() const;

  /// A new, locked folder; makes the state root when it is missing. Fails with "container with given ID
  /// already exists" where there is one.
  Outcome<Folder> reserve(const std::string& id) const;
  /// An existing folder, locked; waits for whoever is at work, at most `patience` milliseconds. Fails with
  /// "container does not exist".
  Outcome<Folder> open(const std::string& id, int patience = 10000) const;
  /// An existing folder without its lock, for those who only look.
  Outcome<Folder> look(const std::string& id) const;
  /// The ids of all containers, sorted; an absent root has none.
  Outcome<std::vector<std::string>> ids() const;

 private:
  Outcome<kernel::Fd<kernel::Path>> make_root() const;
  kernel::Result<> make_root_folders() const;

  std::string root_;
};

/// [a-zA-Z0-9_+.-]+, not "." or "..", at most 1024 characters; the failure says what is wrong with it.
Outcome<> check_id(std::string_view id);

}  // namespace lodger::container
