// From Delete to a container's being gone.
#include <fmt/core.h>

#include <algorithm>

#include "runtime/container/kill.hpp"
#include "runtime/container/remove.hpp"
#include "runtime/shim/tasks.hpp"

namespace lodger::shim {

using wire::Code;

void Tasks::remove(const wire::ProcessRequest& request, const Reply& reply) {
  const auto found = find(request.id, request.exec_id);
  if (!found) return fail(reply, std::unexpected(found.error()));
  auto& process = **found;
  if ((process.runs() && process.started) || process.busy)
    return reply.fail(Code::failed_precondition, "cannot delete a running process");
  process.deleting.push_back(reply);
  if (process.deleting.size() > 1) return;
  if (!process.streams) return finish_removal(request);
  // A reader that is slow may be one for ever.
  constexpr auto patience = std::chrono::seconds(10);
  process.patience = with_.loop.after(patience, [this, request] { finish_removal(request); });
  process.streams->when_drained([this, request] { finish_removal(request); });
}

void Tasks::finish_removal(const wire::ProcessRequest& request) {
  const auto found = find(request.id, request.exec_id);
  if (!found) return;
  auto& task = *tasks_[request.id];
  if ((*found)->deleting.empty() && !task.unmade) return;  // another one of the same name by now
  auto& process = **found;
  with_.loop.cancel(std::exchange(process.patience, 0));
  if (process.streams) process.streams->when_drained(nullptr);
  if (&process != &task.init) return let_go_further(task, process);
  task.removing = true;
  go_on_removing(task);
}

namespace {

void answer_removal(Process& process, const wire::DeleteResponse& answer) {
  for (const auto& reply : std::exchange(process.waiting, {}))
    reply.answer(wire::WaitResponse{answer.exit_status, answer.exited_at});
  for (const auto& reply : std::exchange(process.deleting, {})) reply.answer(answer);
}

/// One that was never started has ended with 255.
wire::DeleteResponse end_of(const Process& process) {
  const auto exit = process.exit.value_or(Exit{255, now()});
  return {number(process.pid), exit.status, exit.at};
}

}  // namespace

void Tasks::let_go_further(Task& task, Process& process) {
  if (process.streams) with_.loggers.retire(process.streams->close());
  const auto answer = end_of(process);
  with_.publisher.publish(
      wire::TaskDelete{task.id, answer.pid, answer.exit_status, answer.exited_at, process.exec_id});
  answer_removal(process, answer);
  task.execs.erase(process.exec_id);
}

/// Once nothing else is at work on it, which may have begun while it was removed.
void Tasks::go_on_removing(Task& task) {
  if (!task.removing || task.busy || task.at_work > 0) return;
  if (task.removed) return let_go(task);
  if (end_further(task)) return;
  task.busy = true;
  const auto removed = std::make_shared<Outcome<>>();
  with_.work.run([this, &task, removed, given_up = task.given_up] { *removed = dismantle(task, given_up); },
                 [this, &task, removed] { finish_dismantling(task, *removed); });
}

/// Whatever runs in it, what has not joined it whole included. What is paused is thawed by that.
void Tasks::end_all(Task& task) {
  beside(
      task,
      [&task] {
        return container::kill(task.store, {task.id, SIGKILL, true, &task.record});
      },
      [this, &task](const Outcome<>& killed) {
        if (killed || is_gone(killed.error())) return;
        with_.notices(fmt::format("container {}: {}", task.id, killed.error().text));
      });
}

/// The kernel does not let a pid namespace's first process go before we have reaped those of its processes
/// that are our children, and the library waits for it. Whether there are any: the removal goes on with the
/// end of the last.
bool Tasks::end_further(Task& task) {
  bool any = false;
  for (const auto& [id, process] : task.execs) {
    if (!process.runs()) continue;
    (void)kernel::send_signal(process.handle, SIGKILL);  // ESRCH: it has ended, and is not reaped yet
    any = true;
  }
  if (any && !std::exchange(task.ended, true)) end_all(task);
  return any;
}

/// Beside the loop: what the library and the shim have made of it. Where containerd has given it up somebody
/// else may have removed it, its mounts as well: what is mounted there by then is another's.
Outcome<> Tasks::dismantle(const Task& task, bool given_up) {
  const bool was_there = TRY(container::remove_this(task.store, task.record, with_.notices));
  if (task.mounted && (was_there || !given_up))
    if (auto unmounted = unmount_all(task.bundle + "/rootfs"); !unmounted)
      with_.notices(unmounted.error().text);
  return {};
}

void Tasks::finish_dismantling(Task& task, const Outcome<>& removed) {
  task.busy = false;
  task.removing = task.removed = removed.has_value();
  if (removed) return go_on_removing(task);
  task.ended = false;  // the next attempt begins anew
  if (const auto unmade = std::exchange(task.unmade, {})) {
    with_.notices(fmt::format("container {}: {}", task.id, removed.error().text));
    fail(unmade->reply, failed(creating, unmade->why));
  }
  for (const auto& reply : std::exchange(task.init.deleting, {}))
    fail(reply, failed("OCI runtime delete failed", removed.error()));
  refuse_next(task, removed.error());
  tell_ending(task);
  if (task.given_up) try_again(task);
}

/// containerd asks no more, and who has called "delete" may have removed it without us meanwhile.
void Tasks::try_again(Task& task) {
  constexpr auto pause = std::chrono::seconds(1);
  const auto timer = with_.loop.after(pause, [this, &task] { try_now(task); });
  with_.loop.cancel(std::exchange(task.again, timer));
}

void Tasks::try_now(Task& task) {
  with_.loop.cancel(std::exchange(task.again, 0));
  task.removing = true;
  go_on_removing(task);
}

/// The next of its id is not kept waiting for the timer.
void Tasks::make_room(Task& task, const wire::CreateRequest& next, const Reply& reply) {
  task.next.push_back({next, reply});
  if (task.again != 0) try_now(task);
}

void Tasks::refuse_next(Task& task, const Failure& why) {
  for (const auto& [request, reply] : std::exchange(task.next, {}))
    fail(reply, failed(creating, why, Code::already_exists));
}

/// Its own process has ended, or was killed just now: then its end comes at once.
void Tasks::let_go(Task& task) {
  if (!task.init.exit && !task.ending) {
    (void)kernel::send_signal(task.init.handle, SIGKILL);  // where somebody else has removed its state
    return;
  }
  if (task.ending) tell_end(task, task.init, *std::exchange(task.ending, {}));
  with_.loop.cancel(std::exchange(task.again, 0));
  if (task.oom) with_.loop.forget(task.oom->fd());
  if (task.init.streams) with_.loggers.retire(task.init.streams->close());
  const auto answer = end_of(task.init);
  with_.publisher.publish(wire::TaskDelete{task.id, answer.pid, answer.exit_status, answer.exited_at, ""});
  for (auto& [id, process] : task.execs) {
    if (process.streams) with_.loggers.retire(process.streams->close());
    with_.loop.cancel(process.patience);
    answer_removal(process, end_of(process));
  }
  const auto kept = std::move(tasks_.extract(task.id).mapped());
  const bool told = std::ranges::any_of(kept->init.deleting, &Reply::reaches) ||
                    (kept->unmade && kept->unmade->reply.reaches());
  answer_removal(kept->init, answer);
  if (kept->unmade) fail(kept->unmade->reply, failed(creating, kept->unmade->why));
  for (const auto& [request, reply] : kept->next) create(request, reply);
  // Who asked for it is gone: the next containerd may have taken us on while it was still there, and sends no
  // Shutdown.
  if (kept->given_up || !told) end_if_empty();
}

}  // namespace lodger::shim
