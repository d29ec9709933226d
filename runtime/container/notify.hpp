// sd_notify(3) from a container to the host's service manager. A container that is created with
// $NOTIFY_SOCKET set gets a socket of its own, /run/notify/notify.sock, and its name in the process's
// environment; whoever starts it listens there and passes on what notify_text() lets through. The host's
// socket itself never shows in the container: there it would serve for more than notifications.
#pragma once
#include <optional>

#include "kernel/process.hpp"
#include "kernel/socket.hpp"
#include "runtime/container/source.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// With $NOTIFY_SOCKET set and a process to start: the mount of the container's folder `notify`, and the
/// environment variable; `source.notify` says so. Refuses a value that is no address. Makes nothing.
Outcome<> offer_notify(const Store& store, const std::string& id, Source& source);

/// The folder that is mounted: empty, and open to every user of the container.
Outcome<> make_notify_folder(const Folder& folder);

/// The listening end.
class Notify {
 public:
  /// None without $NOTIFY_SOCKET, and for a container that was created without. To be called before the
  /// start, so that no notification comes too early.
  static Outcome<std::optional<Notify>> open(const Folder& folder);
  Notify(Notify&&) = default;
  Notify& operator=(Notify&&) = default;
  /// Takes the socket away again.
  ~Notify();

  int fd() const { return socket_.get(); }
  /// Takes one datagram; descriptors that come with it are dropped by the kernel. Passes on its lines, with
  /// READY=1 also that `main_pid` is the service's process. Whether READY=1 was among them.
  Outcome<bool> pass_on(pid_t main_pid) const;
  /// Passes on until READY=1 has come and the service manager has taken it, or until the process has ended.
  Outcome<> await_ready(const kernel::Fd<kernel::Process>& process, pid_t main_pid) const;

 private:
  Notify() = default;
  Outcome<> await_taken() const;

  kernel::Fd<kernel::Path> folder_;
  kernel::Fd<kernel::Socket> socket_, host_;
};

}  // namespace lodger::container
