// A container as the shim has it: its own process and the further ones, their streams and their ends.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/oom.hpp"
#include "runtime/container/lifecycle.hpp"
#include "runtime/shim/mounts.hpp"
#include "runtime/shim/options.hpp"
#include "runtime/shim/server.hpp"
#include "runtime/shim/streams.hpp"

namespace lodger::shim {

/// How a process ended: its exit status, or 128 and the signal.
struct Exit {
  std::uint32_t status = 0;
  wire::Timestamp at;
};

struct Process {
  std::string exec_id;  // empty: the container's own
  pid_t pid = 0;        // 0: not made
  kernel::Fd<kernel::Process> handle;
  std::unique_ptr<Streams> streams;
  StreamNames names;  // of a further process that is not made yet
  std::string spec;   // the same: its process object, JSON
  bool started = false;
  std::optional<Exit> exit;
  std::vector<Reply> waiting;   // for its end
  std::vector<Reply> deleting;  // for its removal
  std::uint64_t patience = 0;   // the timer of it

  bool busy = false;          // it is being made
  bool closes_input = false;  // CloseIO came before it was

  bool runs() const { return pid != 0 && !exit; }
};

struct Task {
  std::string id, bundle;
  container::Store store;
  Options options;
  Process init;
  std::map<std::string, Process> execs;
  std::optional<spec::Config> config;  // until it is started
  container::Record record;
  std::optional<cgroups::OomWatch> oom;
  std::optional<Exit> ending;  // of its own process, told once no further one runs
  bool mounted = false;        // its root filesystem, by the shim
  bool paused = false;
  bool busy = false;        // the library starts or removes it, beside the loop
  unsigned at_work = 0;     // what else is done to it beside the loop: processes that are being made, a pause
  bool removing = false;    // it goes, once nothing else is at work on it
  bool ended = false;       // its removal has ended all that ran in it: once, since a process may take long
  bool removed = false;     // it is gone but for what is still to come: its own process's end, who is at work
  bool given_up = false;    // containerd does: see Tasks::give_up
  std::uint64_t again = 0;  // the timer of another attempt at its removal
  kernel::Fd<kernel::File> interrupt;  // readable, it ends what the library is busy with
  /// Why its creation fails, which is told once it is gone.
  struct Unmade {
    Reply reply;
    Failure why;
  };
  std::optional<Unmade> unmade;
  /// Who is to be made under its id once it is gone: to containerd the id of one that it has given up is
  /// free.
  struct Next {
    wire::CreateRequest request;
    Reply reply;
  };
  std::vector<Next> next;
};

}  // namespace lodger::shim
