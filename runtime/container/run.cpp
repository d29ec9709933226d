#include <sys/prctl.h>

#include "runtime/container/construct.hpp"
#include "runtime/container/kill.hpp"
#include "runtime/container/lifecycle.hpp"
#include "runtime/container/notify.hpp"
#include "runtime/container/poststart.hpp"
#include "runtime/container/remove.hpp"
#include "runtime/container/trace.hpp"
#include "runtime/terminal/foreground.hpp"

namespace lodger::container {
namespace {

/// Opens the gate of what was just constructed. A process that cannot be executed leaves nothing behind.
Outcome<> start(Construction& made, int interrupt, const Notices& notices) {
  const auto& record = made.record;
  const auto& config = made.source.config;
  const spec::State state{record.id, "created", record.bundle, record.pid, config.annotations};
  const launch::Opening opening{
      made.launched.child.socket(), config, made.built.plan, record.pid, state, interrupt};
  if (auto started = launch::open_gate(opening); !started) {
    (void)end(made.record);
    made.launched.child.release();
    (void)kernel::wait(made.launched.child.process());
    made.leave_to_record();
    if (auto removed = dismantle(std::move(made.folder), made.record, notices); !removed)
      notices(removed.error().text);
    return started;
  }
  trace::started(notices, *config.process);
  made.keep();
  return {};
}

/// The container has ended: what is left of it goes, unless somebody else was quicker.
Outcome<> clean_up(const Store& store, const std::string& id, const Notices& notices) {
  auto folder = store.open(id);
  if (!folder) return folder.error().code == ENOENT ? Outcome<>{} : std::unexpected(folder.error());
  const Record record = TRY(folder->read());
  return dismantle(std::move(*folder), record, notices);
}

/// config.md: create does without a process, start does not, and here both come at once.
Outcome<Source> load_to_start(const Store& store, const RunRequest& request, const Notices& notices) {
  auto source = TRY(load(store, request, request.detach, notices));
  if (!source.config.process)
    return refuse("process: missing, and \"run\" has nothing to start without", EINVAL);
  return source;
}

Outcome<int> run_detached(const Store& store, const RunRequest& request, const Notices& notices) {
  auto source = TRY(load_to_start(store, request, notices));
  auto made = TRY(construct(store, request, std::move(source), {Gate::none}, notices));
  const auto notify = TRY(Notify::open(made.folder));
  TRY(start(made, -1, notices));
  TRY(run_poststart(made.source.config, std::move(made.folder), made.record, notices));
  if (notify) TRY(notify->await_ready(made.launched.child.process(), made.record.pid));
  return 0;
}

/// In the foreground the service's process is ours: it ends with the container's and passes signals on.
terminal::Beside passing_on(const Notify& notify, const Notices& notices) {
  return {notify.fd(), [&] {
            const auto passed = notify.pass_on(kernel::getpid());
            if (!passed)
              notices(passed.error().text + "; no further notifications of the container are passed on");
            return passed.has_value();
          }};
}

Outcome<int> run_here(const Store& store, const RunRequest& request, const Notices& notices) {
  auto source = TRY(load_to_start(store, request, notices));
  if (!request.no_subreaper)
    TRY(explained(kernel::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "becoming a subreaper"));
  auto signals = TRY(terminal::Signals::take());
  auto made = TRY(construct(store, request, std::move(source), {Gate::none, signals.ending()}, notices));
  if (made.launched.terminal && !made.source.config.process->console_size)
    terminal::copy_window(made.launched.terminal);
  const auto notify = TRY(Notify::open(made.folder));
  if (made.launched.terminal) terminal::end_lines_as_written(made.launched.terminal);
  TRY(start(made, signals.ending(), notices));
  const auto& child = made.launched.child;
  // Takes the folder along: others may work on the container while it runs, so its lock goes.
  TRY(run_poststart(made.source.config, std::move(made.folder), made.record, notices, signals.ending()));
  const auto ended = TRY(terminal::stay(child.process(), child.pid(), signals, made.launched.terminal,
                                        notify ? passing_on(*notify, notices) : terminal::Beside{}));
  if (!request.keep) TRY(clean_up(store, request.id, notices));
  return ended.shell_status();
}

}  // namespace

Outcome<int> run(const Store& store, const RunRequest& request, const Notices& notices) {
  return request.detach ? run_detached(store, request, notices) : run_here(store, request, notices);
}

}  // namespace lodger::container
