// From Create to Delete.
#include <fmt/core.h>

#include "kernel/file.hpp"
#include "runtime/container/exec.hpp"
#include "runtime/container/kill.hpp"
#include "runtime/container/remove.hpp"
#include "runtime/shim/leavings.hpp"
#include "runtime/shim/tasks.hpp"

namespace lodger::shim {
namespace {

using wire::Code;

std::uint32_t number(pid_t pid) { return static_cast<std::uint32_t>(pid); }

StreamNames names_of(const auto& request) {
  return {request.standard_in, request.standard_out, request.standard_err, request.terminal};
}

/// See streams.hpp. With a pid namespace of its own nothing in the container outlives its own process.
StreamOwner owner_of(const Options& options, const spec::Config& config, bool own_process) {
  const auto& process = *config.process;
  const auto* pids = config.linux->find(spec::NamespaceType::pid);
  const bool direct = own_process && pids && pids->path.empty() && process.user.uid == 0 &&
                      !config.linux->find(spec::NamespaceType::user) && process.apparmor_profile.empty() &&
                      process.selinux_label.empty() && options.io_uid == 0 && options.io_gid == 0;
  return {options.io_uid, options.io_gid, !direct};
}

container::CreateRequest library_request(const wire::CreateRequest& request, const Options& options) {
  container::CreateRequest out;
  out.id = request.id;
  out.bundle = request.bundle;
  out.no_pivot = options.no_pivot;
  out.no_new_keyring = options.no_new_keyring;
  out.systemd_cgroup = options.systemd_cgroup.value_or(false);
  out.systemd_by_path = !options.systemd_cgroup.has_value();
  out.serves_terminal = request.terminal;
  return out;
}

}  // namespace

/// `into` has them once the library has asked for them.
auto Tasks::opener(std::unique_ptr<Streams>& into, StreamNames names, const Options& options,
                   const std::string& id, bool own_process) -> decltype(container::Delivery::streams) {
  return [&, names = std::move(names), own_process](const spec::Config& config) -> Outcome<launch::Streams> {
    // Else the process would come to have the shim's own streams, or a terminal that nobody serves.
    if (names.terminal != config.process->terminal)
      return refuse(fmt::format("process.terminal is {}, and the call says {}", config.process->terminal,
                                names.terminal),
                    EINVAL);
    into =
        TRY(Streams::open(with_.loop, names, owner_of(options, config, own_process), {id, with_.name_space}));
    return into->given();
  };
}

/// A process whose streams cannot be served goes on without them: it exists, and can be killed.
void Tasks::take_streams(Process& process, std::unique_ptr<Streams> streams,
                         kernel::Fd<kernel::Terminal> master) {
  process.streams = std::move(streams);
  if (!process.streams) return;
  if (auto born = process.streams->born(std::move(master)); !born) with_.notices(born.error().text);
}

Answer<wire::PidResponse> Tasks::create(const wire::CreateRequest& request) {
  constexpr std::string_view doing = "OCI runtime create failed";
  if (tasks_.contains(request.id))
    return refusal(Code::already_exists, fmt::format("container {}: already exists", request.id));
  if (!request.checkpoint.empty())
    return refusal(Code::unimplemented, "restoring a container from a checkpoint: lodger has no CRIU");
  const auto options = decode_options(request.options ? *request.options : with_.options);
  if (!options) return failed(doing, options.error(), Code::invalid_argument);
  const container::Store store(state_root(*options, with_.name_space));
  if (auto left = write_leavings(request.bundle, store.root()); !left) return failed(doing, left.error());
  auto mounts = request.rootfs.empty() ? std::optional<RootMounts>() : std::nullopt;
  if (!request.rootfs.empty()) {
    auto made = RootMounts::make(request.rootfs, request.bundle + "/rootfs");
    if (!made) return failed(doing, made.error());
    mounts.emplace(std::move(*made));
  }
  std::unique_ptr<Streams> streams;
  auto wanted = library_request(request, *options);
  wanted.streams = opener(streams, names_of(request), *options, request.id, true);
  auto made = container::create(store, wanted, with_.notices);
  if (!made) return failed(doing, made.error());
  if (mounts) mounts->commit();

  auto& task =
      *(tasks_[request.id] = std::make_unique<Task>(Task{request.id, request.bundle, store, *options}));
  task.init.pid = made->pid;
  task.init.handle = std::move(made->process);
  task.config = std::move(made->config);
  task.record = std::move(made->record);
  task.mounted = mounts.has_value();
  take_streams(task.init, std::move(streams), std::move(made->terminal));
  watch_memory(task);
  with_.publisher.publish(wire::TaskCreate{
      request.id, request.bundle, request.rootfs,
      wire::TaskIo{request.standard_in, request.standard_out, request.standard_err, request.terminal}, "",
      number(task.init.pid)});
  return wire::PidResponse{number(task.init.pid)};
}

Answer<wire::PidResponse> Tasks::start(const wire::ProcessRequest& request) {
  auto& task = *TRY(find(request.id));
  auto& process = *TRY(find(request.id, request.exec_id));
  if (&process != &task.init) return start_exec(task, process);
  if (!task.config)
    return refusal(Code::failed_precondition,
                   fmt::format("container {}: cannot start an already running container", task.id));
  const auto started = container::start(task.store, task.id, *task.config, with_.notices);
  if (!started) return failed("OCI runtime start failed", started.error());
  process.started = true;
  task.config.reset();
  with_.publisher.publish(wire::TaskStart{task.id, number(process.pid)});
  return wire::PidResponse{number(process.pid)};
}

Answer<wire::Empty> Tasks::exec(const wire::ExecRequest& request) {
  auto& task = *TRY(find(request.id));
  if (task.execs.contains(request.exec_id) || request.exec_id.empty())
    return refusal(Code::already_exists,
                   fmt::format("process {} of container {}: already exists", request.exec_id, task.id));
  if (task.init.exit || task.ending)
    return refusal(Code::failed_precondition,
                   fmt::format("container {} is not running: cannot exec in a stopped container", task.id));
  auto& process = task.execs[request.exec_id];
  process.exec_id = request.exec_id;
  process.names = names_of(request);
  if (request.spec) process.spec = request.spec->value;
  with_.publisher.publish(wire::TaskExecAdded{task.id, request.exec_id});
  return wire::Empty{};
}

Answer<wire::PidResponse> Tasks::start_exec(Task& task, Process& process) {
  constexpr std::string_view doing = "OCI runtime exec failed";
  if (process.started)
    return refusal(Code::failed_precondition,
                   fmt::format("process {} has been started already", process.exec_id));
  if (task.init.exit || task.ending)
    return refusal(Code::failed_precondition, fmt::format("container {} is not running", task.id));
  process.started = true;
  std::unique_ptr<Streams> streams;
  container::ExecRequest wanted;
  wanted.id = task.id;
  wanted.process = process.spec;
  wanted.detach = true;
  wanted.serves_terminal = process.names.terminal;
  wanted.streams = opener(streams, process.names, task.options, task.id, false);
  auto made = container::exec_beside(task.store, wanted, with_.notices);
  if (!made) {
    process.exit = Exit{255, now()};  // it never was, and can be deleted
    return failed(doing, made.error(), code_of(made.error()));
  }
  process.pid = made->pid;
  process.handle = std::move(made->process);
  take_streams(process, std::move(streams), std::move(made->terminal));
  with_.publisher.publish(wire::TaskExecStarted{task.id, process.exec_id, number(process.pid)});
  return wire::PidResponse{number(process.pid)};
}

Answer<wire::Empty> Tasks::kill(const wire::KillRequest& request) {
  auto& task = *TRY(find(request.id));
  const auto& process = *TRY(find(request.id, request.exec_id));
  const auto finished = [] { return refusal(Code::not_found, "process already finished: not found"); };
  if (process.exit || (&process == &task.init && task.ending && !request.all)) return finished();
  if (process.pid == 0)
    return refusal(Code::failed_precondition, fmt::format("process {} is not started", process.exec_id));
  const int signal = static_cast<int>(request.signal);
  if (&process != &task.init) {
    const auto sent = kernel::send_signal(process.handle, signal);
    if (!sent && sent.error().code == ESRCH) return finished();
    if (!sent) return failed("signalling a process", explain("kill", sent.error()));
    return wire::Empty{};
  }
  const auto killed = container::kill(task.store, {task.id, signal, request.all});
  if (!killed && (killed.error().code == ESRCH || killed.error().code == ENOENT)) return finished();
  if (!killed) return failed("OCI runtime kill failed", killed.error());
  return wire::Empty{};
}

void Tasks::remove(const wire::ProcessRequest& request, const Reply& reply) {
  const auto found = find(request.id, request.exec_id);
  if (!found) return reply.fail(found.error().code, found.error().message);
  auto& process = **found;
  if (process.runs() && process.started)
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
  if (!found || (*found)->deleting.empty()) return;  // another one of the same name by now
  auto& task = *tasks_[request.id];
  auto& process = **found;
  const auto asking = std::exchange(process.deleting, {});
  with_.loop.cancel(std::exchange(process.patience, 0));
  const bool whole = &process == &task.init;
  if (const auto gone = whole ? dismantle(task) : Answer<void>{}; !gone) {
    for (const auto& reply : asking) reply.fail(gone.error().code, gone.error().message);
    return;
  }
  if (process.streams) process.streams->close();
  const auto exit = process.exit.value_or(Exit{255, now()});  // of one that was never started
  const wire::DeleteResponse answer{number(process.pid), exit.status, exit.at};
  with_.publisher.publish(wire::TaskDelete{task.id, answer.pid, answer.exit_status, answer.exited_at,
                                           whole ? task.id : process.exec_id});
  const auto let_go = [](const Process& one, const Exit& how) {
    for (const auto& waiting : one.waiting) waiting.answer(wire::WaitResponse{how.status, how.at});
  };
  let_go(process, exit);
  if (whole)
    for (const auto& [id, further] : task.execs) let_go(further, further.exit.value_or(Exit{255, now()}));
  if (whole)
    tasks_.erase(request.id);
  else
    task.execs.erase(request.exec_id);
  for (const auto& reply : asking) reply.answer(answer);
}

/// The kernel does not let a pid namespace's first process go before we have reaped those of its processes
/// that are our children, and the library waits for it.
void Tasks::end_further(Task& task) {
  for (auto& [id, process] : task.execs) {
    if (!process.runs()) continue;
    (void)kernel::send_signal(process.handle, SIGKILL);  // ESRCH: it has ended, and is not reaped yet
    const auto end = kernel::wait(process.handle);
    tell_end(task, process, {end ? static_cast<std::uint32_t>(end->shell_status()) : 255, now()});
  }
}

/// What the library and the shim have made of it.
Answer<void> Tasks::dismantle(Task& task) {
  end_further(task);
  const auto removed = container::remove(task.store, {task.id, true}, with_.notices);
  if (!removed) return failed("OCI runtime delete failed", removed.error());
  // One that was never started has been killed just now.
  if (!task.init.exit) {
    const auto end = kernel::wait(task.init.handle);
    tell_end(task, task.init, {end ? static_cast<std::uint32_t>(end->shell_status()) : 255, now()});
  }
  if (task.mounted)
    if (auto unmounted = unmount_all(task.bundle + "/rootfs"); !unmounted)
      with_.notices(unmounted.error().text);
  if (task.oom) with_.loop.forget(task.oom->fd());
  return {};
}

}  // namespace lodger::shim
