#include <fmt/core.h>

#include "runtime/container/gate.hpp"
#include "runtime/container/kill.hpp"
#include "runtime/container/lifecycle.hpp"
#include "runtime/container/notify.hpp"
#include "runtime/container/poststart.hpp"
#include "runtime/container/remove.hpp"
#include "runtime/container/status.hpp"
#include "runtime/container/trace.hpp"
#include "runtime/hooks/hooks.hpp"
#include "runtime/launch/launch.hpp"
#include "spec/parse.hpp"

namespace lodger::container {
namespace {

Outcome<> check_created(Status status) {
  switch (status) {
    case Status::created: return {};
    case Status::running: return refuse("cannot start an already running container", EBUSY);
    case Status::stopped: return refuse("cannot start a container that has stopped", ESRCH);
    default: return refuse(fmt::format("cannot start a container in the {} state", to_string(status)), EBUSY);
  }
}

Outcome<kernel::Fd<kernel::Socket>> connect_to_gate(const Folder& folder) {
  constexpr std::string_view doing = "opening the start gate";
  auto socket = TRY(explained(kernel::unix_socket(SOCK_SEQPACKET), doing));
  const auto address = TRY(explained(gate_address(folder), doing));
  TRY(explained(kernel::connect(socket, address), doing));
  return socket;
}

}  // namespace

Outcome<> run_poststart(const spec::Config& config, Folder folder, const Record& record,
                        const Notices& notices, int interrupt) {
  if (config.hooks.poststart.empty()) return {};
  const spec::State state{record.id, "running", record.bundle, record.pid, config.annotations};
  auto ran = hooks::run("poststart", config.hooks.poststart, state, interrupt);
  if (ran) return {};
  if (auto ended = end(record); !ended) notices(ended.error().text);
  if (auto removed = dismantle(std::move(folder), record, notices); !removed) notices(removed.error().text);
  return refuse(ran.error().text + "; the container was stopped and removed", ran.error().code);
}

namespace {

/// A created container, with the lock.
struct Waiting {
  Folder folder;
  Record record;
};

Outcome<Waiting> find_created(const Store& store, const std::string& id) {
  auto folder = TRY(store.open(id));
  auto record = TRY(folder.read());
  const Status status = TRY(status_of(folder, record));
  TRY(check_created(status));
  return Waiting{std::move(folder), std::move(record)};
}

Outcome<> begin(Waiting waiting, const spec::Config& config, const Notices& notices, int interrupt = -1) {
  auto& [folder, record] = waiting;
  if (!config.process)
    return refuse("cannot start a container without a process: its configuration has none", EINVAL);
  const auto process = TRY(process_of(record));
  const auto notify = TRY(Notify::open(folder));
  const auto socket = TRY(connect_to_gate(folder));
  TRY(explained(kernel::unlinkat(folder.fd(), gate_name), "removing the start gate"));
  const spec::State state{record.id, "created", record.bundle, record.pid, config.annotations};
  if (auto opened = launch::open_gate({socket, config, nullptr, record.pid, state, interrupt}); !opened) {
    // Init ends by itself, but later than it says so: a caller that is told of the failure deletes at once,
    // and has to find the container stopped.
    if (auto ended = end(record); !ended) notices(ended.error().text);
    return opened;
  }
  trace::started(notices, *config.process);
  TRY(run_poststart(config, std::move(folder), record, notices, interrupt));
  // Without the folder and its lock: this may take as long as the service does to get ready.
  return notify && process ? notify->await_ready(process, record.pid) : Outcome<>{};
}

}  // namespace

Outcome<> start(const Store& store, const std::string& id, const Notices& notices) {
  auto waiting = TRY(find_created(store, id));
  // The container's own copy: edits of the bundle after create have no effect (runtime.md, "create").
  const auto text = TRY(waiting.folder.read_config());
  const auto config = TRY(spec::parse(text));
  return begin(std::move(waiting), config, notices);
}

Outcome<> start(const Store& store, const std::string& id, const spec::Config& config, const Notices& notices,
                int interrupt) {
  return begin(TRY(find_created(store, id)), config, notices, interrupt);
}

}  // namespace lodger::container
