// From Create to Kill, and what cuts them short.
#include <fmt/core.h>

#include "kernel/file.hpp"
#include "runtime/container/exec.hpp"
#include "runtime/container/kill.hpp"
#include "runtime/shim/leavings.hpp"
#include "runtime/shim/tasks.hpp"

namespace lodger::shim {
namespace {

using wire::Code;

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

/// A shim, which may have other containers by now, is where its start has put it.
Outcome<> check_shim_cgroup(const Options& wanted, const wire::Any& of_start) {
  if (wanted.shim_cgroup.empty()) return {};
  const auto known = TRY(decode_options(of_start));
  if (wanted.shim_cgroup == known.shim_cgroup) return {};
  return refuse(fmt::format("option ShimCgroup \"{}\": the shim was started with \"{}\", and stays there",
                            wanted.shim_cgroup, known.shim_cgroup),
                EINVAL);
}

}  // namespace

/// `into` has them once the library has asked for them.
auto Tasks::opener(std::unique_ptr<Streams>& into, StreamNames names, const Options& options,
                   const LoggerCall& call, bool own_process) -> decltype(container::Delivery::streams) {
  return [&, call, names = std::move(names),
          own_process](const spec::Config& config) -> Outcome<launch::Streams> {
    // Else the process would come to have the shim's own streams, or a terminal that nobody serves.
    if (names.terminal != config.process->terminal)
      return refuse(fmt::format("process.terminal is {}, and the call says {}", config.process->terminal,
                                names.terminal),
                    EINVAL);
    into = TRY(Streams::open(with_.loop, names, owner_of(options, config, own_process), call, with_.notices));
    return into->given();
  };
}

Outcome<> Tasks::take_streams(Process& process, std::unique_ptr<Streams> streams,
                              kernel::Fd<kernel::Terminal> master) {
  process.streams = std::move(streams);
  if (!process.streams) return {};
  TRY(process.streams->born(std::move(master)));
  if (process.closes_input) process.streams->close_input();
  return {};
}

/// What a creation is made with, and of.
struct Tasks::Making {
  wire::CreateRequest request;
  Options options;
  container::Store store;
  kernel::Fd<kernel::File> interrupt;  // once raised, nothing else is begun with it
  std::optional<RootMounts> mounts;
  std::unique_ptr<Streams> streams;
  Outcome<container::Created> made = std::unexpected(Failure{});
  std::vector<Reply> given_up;  // containerd does not want it any more
};

void Tasks::create(const wire::CreateRequest& request, const Reply& reply) {
  if (const auto former = find(request.id); former && (*former)->given_up)
    return make_room(**former, request, reply);
  if (tasks_.contains(request.id) || making_.contains(request.id))
    return reply.fail(Code::already_exists, fmt::format("container {}: already exists", request.id));
  if (!request.checkpoint.empty())
    return reply.fail(Code::unimplemented, "restoring a container from a checkpoint: lodger has no CRIU");
  auto options = decode_options(request.options ? *request.options : with_.options);
  if (!options) return fail(reply, failed(creating, options.error(), Code::invalid_argument));
  if (auto meant = check_shim_cgroup(*options, with_.options); !meant)
    return fail(reply, failed(creating, meant.error(), Code::invalid_argument));
  auto interrupt = explained(kernel::eventfd(), "making an eventfd");
  if (!interrupt) return fail(reply, failed(creating, interrupt.error()));
  container::Store store(state_root(*options, with_.name_space));
  const auto making = std::make_shared<Making>(
      Making{request, std::move(*options), std::move(store), std::move(*interrupt), {}, nullptr, {}, {}});
  making_[request.id] = making;
  with_.work.run([this, making] { making->made = make(*making); },
                 [this, making, reply] { finish_making(*making, reply); });
}

void Tasks::finish_making(Making& making, const Reply& reply) {
  const auto& id = making.request.id;
  making_.erase(id);
  if (making.made) {
    finish_creation(making, reply);
  } else {
    // Here, not with the thread that may have the last hold on it.
    making.streams.reset();
    making.interrupt = {};
    fail(reply, failed(creating, making.made.error()));
    if (!reply.reaches()) end_if_empty();
  }
  for (const auto& whose : std::exchange(making.given_up, {})) give_up({id}, whose);
}

/// Beside the loop.
Outcome<container::Created> Tasks::make(Making& making) {
  const auto& request = making.request;
  // containerd from 2.0 on calls no start for the further containers of a pod.
  TRY(leave_address(request.bundle, with_.socket));
  TRY(leave_state_root(request.bundle, making.store.root()));
  if (!request.rootfs.empty())
    making.mounts.emplace(TRY(RootMounts::make(request.rootfs, request.bundle + "/rootfs")));
  auto wanted = library_request(request, making.options);
  wanted.streams = opener(making.streams, names_of(request), making.options,
                          {request.id, with_.name_space, making.interrupt.get()}, true);
  wanted.interrupt = making.interrupt.get();
  wanted.pid_file = pid_file(request.bundle);
  auto made = container::create(making.store, wanted, with_.notices);
  if (!made) making.mounts.reset();  // which may take long as well
  return made;
}

void Tasks::finish_creation(Making& making, const Reply& reply) {
  const auto& request = making.request;
  auto& made = *making.made;
  if (making.mounts) making.mounts->commit();
  auto& task = *(tasks_[request.id] =
                     std::make_unique<Task>(Task{request.id, request.bundle, making.store, making.options}));
  task.init.pid = made.pid;
  task.init.handle = std::move(made.process);
  task.config = std::move(made.config);
  task.record = std::move(made.record);
  task.mounted = making.mounts.has_value();
  task.interrupt = std::move(making.interrupt);
  auto served = take_streams(task.init, std::move(making.streams), std::move(made.terminal));
  watch_memory(task);
  with_.publisher.publish(wire::TaskCreate{
      request.id, request.bundle, request.rootfs,
      wire::TaskIo{request.standard_in, request.standard_out, request.standard_err, request.terminal}, "",
      number(task.init.pid)});
  if (served) reply.answer(wire::PidResponse{number(task.init.pid)});
  watch_end(task, task.init);
  if (served) return;
  task.unmade = Task::Unmade{reply, std::move(served.error())};
  finish_removal({task.id, ""});
}

void Tasks::start(const wire::ProcessRequest& request, const Reply& reply) {
  const auto found = find(request.id, request.exec_id);
  if (!found) return fail(reply, std::unexpected(found.error()));
  auto& task = *tasks_[request.id];
  if (*found != &task.init) return start_exec(task, **found, reply);
  if (!task.config || task.busy || task.removing)
    return reply.fail(Code::failed_precondition,
                      fmt::format("container {}: cannot start an already running container", task.id));
  task.busy = true;
  // Nobody removes a task that is busy.
  const auto started = std::make_shared<Outcome<>>();
  with_.work.run(
      [this, &task, started] {
        *started = container::start(task.store, task.id, *task.config, with_.notices, task.interrupt.get());
      },
      [this, &task, started, reply] {
        task.busy = false;
        if (*started) {
          task.init.started = true;
          task.config.reset();
          with_.publisher.publish(wire::TaskStart{task.id, number(task.init.pid)});
          reply.answer(wire::PidResponse{number(task.init.pid)});
        } else {
          fail(reply, failed("OCI runtime start failed", started->error()));
        }
        tell_ending(task);
        go_on_removing(task);
      });
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

void Tasks::start_exec(Task& task, Process& process, const Reply& reply) {
  if (process.started)
    return reply.fail(Code::failed_precondition,
                      fmt::format("process {} has been started already", process.exec_id));
  if (task.init.exit || task.ending || task.removing)
    return reply.fail(Code::failed_precondition, fmt::format("container {} is not running", task.id));
  process.started = process.busy = true;
  ++task.at_work;
  struct Joining {
    container::ExecRequest wanted;
    std::unique_ptr<Streams> streams;
    Outcome<container::Made> made = std::unexpected(Failure{});
  };
  const auto joining = std::make_shared<Joining>();
  auto& wanted = joining->wanted;
  wanted.id = task.id;
  wanted.process = process.spec;
  wanted.detach = true;
  wanted.serves_terminal = process.names.terminal;
  wanted.streams = opener(joining->streams, process.names, task.options,
                          {task.id, with_.name_space, task.interrupt.get()}, false);
  with_.work.run(
      [this, &task, joining] {
        joining->made = container::exec_beside(task.store, joining->wanted, with_.notices);
      },
      [this, &task, &process, joining, reply] {
        process.busy = false;
        --task.at_work;
        constexpr std::string_view doing = "OCI runtime exec failed";
        if (auto& made = joining->made; made) {
          process.pid = made->pid;
          process.handle = std::move(made->process);
          const auto served = take_streams(process, std::move(joining->streams), std::move(made->terminal));
          if (served) {
            with_.publisher.publish(wire::TaskExecStarted{task.id, process.exec_id, number(process.pid)});
            reply.answer(wire::PidResponse{number(process.pid)});
          } else {
            (void)kernel::send_signal(process.handle, SIGKILL);  // ESRCH: it has ended by itself
            fail(reply, failed(doing, served.error()));
          }
          watch_end(task, process);
        } else {
          joining->streams.reset();
          fail(reply, failed(doing, made.error(), code_of(made.error())));
          end_with(process, {255, now()});  // it never was, and can be deleted
        }
        tell_ending(task);
        go_on_removing(task);
      });
}

namespace {

void answer_kill(const Reply& reply, std::string_view doing, const Outcome<>& killed) {
  if (killed) return reply.answer(wire::Empty{});
  if (is_gone(killed.error())) return reply.fail(Code::not_found, "process already finished: not found");
  fail(reply, failed(doing, killed.error()));
}

}  // namespace

/// A whole cgroup's waits for a freezer, and for the ends of those in it (cgroups/kill.cpp).
void Tasks::kill(const wire::KillRequest& request, const Reply& reply) {
  const auto found = find(request.id, request.exec_id);
  if (!found) return fail(reply, std::unexpected(found.error()));
  auto& task = *tasks_[request.id];
  const auto& process = **found;
  if (process.exit || (&process == &task.init && task.ending && !request.all))
    return answer_kill(reply, "", refuse("it has ended", ESRCH));
  if (process.pid == 0)
    return reply.fail(Code::failed_precondition, fmt::format("process {} is not started", process.exec_id));
  const int signal = static_cast<int>(request.signal);
  if (&process != &task.init)
    return answer_kill(reply, "signalling a process",
                       explained(kernel::send_signal(process.handle, signal), "kill"));
  beside(
      task,
      [&task, signal, all = request.all] {
        return container::kill(task.store, {task.id, signal, all, &task.record});
      },
      [reply](const Outcome<>& killed) { answer_kill(reply, "OCI runtime kill failed", killed); });
}

/// containerd wants nothing of this container any more, whatever it is at: its call of "delete" comes here,
/// not over the connection, which it has closed (remove.cpp).
void Tasks::give_up(const wire::ContainerRequest& request, const Reply& reply) {
  if (const auto making = making_.find(request.id); making != making_.end()) {
    making->second->given_up.push_back(reply);
    return (void)kernel::add_event(making->second->interrupt);
  }
  const auto found = find(request.id);
  if (!found) {
    fail(reply, std::unexpected(found.error()));
    return end_if_empty();
  }
  auto& task = **found;
  refuse_next(task, {"containerd has given it up", ECANCELED});
  task.given_up = true;
  task.init.deleting.push_back(reply);
  (void)kernel::add_event(task.interrupt);
  if (task.init.runs()) (void)kernel::send_signal(task.init.handle, SIGKILL);  // ESRCH: it has ended
  end_all(task);
  finish_removal({request.id, ""});
}

}  // namespace lodger::shim
