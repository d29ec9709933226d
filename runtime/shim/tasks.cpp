#include "runtime/shim/tasks.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cgroups/usable.hpp"
#include "runtime/shim/leavings.hpp"

namespace lodger::shim {

using wire::Code;

std::unexpected<wire::Status> refusal(Code code, std::string text) {
  return std::unexpected(wire::Status{code, std::move(text)});
}

Code code_of(const Failure& why) {
  const bool state = why.code == EBUSY || why.code == ESRCH || why.text.contains("not paused");
  return state ? Code::failed_precondition : Code::unknown;
}

void fail(const Reply& reply, const std::unexpected<wire::Status>& why) {
  reply.fail(why.error().code, why.error().message);
}

std::unexpected<wire::Status> failed(std::string_view doing, const Failure& why, Code code) {
  return refusal(code, fmt::format("{}: {}", doing, why.text));
}

namespace {

template <class Method>
struct Signature;
template <class Response, class Request>
struct Signature<Answer<Response> (Tasks::*)(const Request&)> {
  using Wanted = Request;
  static constexpr bool late = false;
};
template <class Request>
struct Signature<void (Tasks::*)(const Request&, const Reply&)> {
  using Wanted = Request;
  static constexpr bool late = true;
};

}  // namespace

struct Tasks::Entry {
  std::string_view name;
  Method method;
};

template <auto method>
void Tasks::call(const std::string& payload, const Reply& reply) {
  using Form = Signature<decltype(method)>;
  const auto request = wire::decode<typename Form::Wanted>(payload);
  if (!request) return reply.fail(Code::invalid_argument, request.error().text);
  if constexpr (Form::late) {
    (this->*method)(*request, reply);
  } else {
    const auto answer = (this->*method)(*request);
    if (answer)
      reply.answer(*answer);
    else
      reply.fail(answer.error().code, answer.error().message);
  }
}

const Tasks::Entry Tasks::methods[] = {
    {"Create", &Tasks::call<&Tasks::create>},     {"Start", &Tasks::call<&Tasks::start>},
    {"Delete", &Tasks::call<&Tasks::remove>},     {"Exec", &Tasks::call<&Tasks::exec>},
    {"Kill", &Tasks::call<&Tasks::kill>},         {"Wait", &Tasks::call<&Tasks::wait>},
    {"State", &Tasks::call<&Tasks::state>},       {"Pids", &Tasks::call<&Tasks::pids>},
    {"Stats", &Tasks::call<&Tasks::stats>},       {"Connect", &Tasks::call<&Tasks::connect>},
    {"Pause", &Tasks::call<&Tasks::pause>},       {"Resume", &Tasks::call<&Tasks::resume>},
    {"ResizePty", &Tasks::call<&Tasks::resize>},  {"CloseIO", &Tasks::call<&Tasks::close_io>},
    {"Update", &Tasks::call<&Tasks::update>},     {"Checkpoint", &Tasks::call<&Tasks::checkpoint>},
    {"Shutdown", &Tasks::call<&Tasks::shut_down>}};

void Tasks::serve(const wire::Request& request, const Reply& reply) {
  if (request.service == wire::own_service && request.method == wire::give_up)
    return call<&Tasks::give_up>(request.payload, reply);
  // containerd tries newer services and methods, and goes by this code.
  if (request.service != "containerd.task.v2.Task" && request.service != "containerd.task.v3.Task")
    return reply.fail(Code::unimplemented, fmt::format("service {}", request.service));
  const auto found = std::ranges::find(methods, request.method, &Entry::name);
  if (found == std::end(methods))
    return reply.fail(Code::unimplemented, fmt::format("method {}", request.method));
  (this->*found->method)(request.payload, reply);
}

Answer<Task*> Tasks::find(const std::string& id) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end())
    return refusal(Code::not_found, fmt::format("container {} not created: not found", id));
  return found->second.get();
}

Answer<Process*> Tasks::find(const std::string& id, const std::string& exec_id) {
  auto& task = *TRY(find(id));
  if (exec_id.empty()) return &task.init;
  const auto found = task.execs.find(exec_id);
  if (found == task.execs.end())
    return refusal(Code::not_found, fmt::format("process {} of container {}: not found", exec_id, id));
  return &found->second;
}

void Tasks::watch_memory(Task& task) {
  const auto layout = cgroups::detect_for(task.record.cgroup);
  auto watch =
      layout ? cgroups::OomWatch::open(*layout, task.record.cgroup) : std::unexpected(layout.error());
  if (!watch)
    return with_.notices(
        fmt::format("container {}: {}; ends for want of memory are not told", task.id, watch.error().text));
  if (watch->fd() < 0) return;
  task.oom = std::move(*watch);
  if (auto watched =
          with_.loop.watch(task.oom->fd(), EPOLLIN, [this, &task](std::uint32_t) { tell_of_memory(task); });
      !watched)
    with_.notices(watched.error().text);
}

void Tasks::tell_of_memory(Task& task) {
  if (!task.oom || !task.oom->take()) return;
  wire::TaskOom event;
  event.container_id = task.id;
  with_.publisher.publish(event);
}

void end_with(Process& process, const Exit& exit) {
  process.exit = exit;
  for (const auto& reply : std::exchange(process.waiting, {}))
    reply.answer(wire::WaitResponse{exit.status, exit.at});
}

void Tasks::tell_end(Task& task, Process& process, const Exit& exit) {
  const auto& id = process.exec_id.empty() ? task.id : process.exec_id;
  with_.publisher.publish(
      wire::TaskExit{task.id, id, static_cast<std::uint32_t>(process.pid), exit.status, exit.at});
  end_with(process, exit);
}

namespace {

bool runs_further(const Task& task) {
  return std::ranges::any_of(task.execs, [](const auto& entry) { return entry.second.runs(); });
}

}  // namespace

/// A container's own end is the last that is told of it, and comes behind its start.
void Tasks::tell_ending(Task& task) {
  if (task.ending && !task.busy && task.at_work == 0 && !runs_further(task))
    tell_end(task, task.init, *std::exchange(task.ending, {}));
}

bool Tasks::has(pid_t pid) const {
  const auto is = [&](const Process& process) { return process.pid == pid && process.runs(); };
  return std::ranges::any_of(tasks_, [&](const auto& entry) {
    const auto& task = *entry.second;
    return (is(task.init) && !task.ending) ||
           std::ranges::any_of(task.execs, [&](const auto& exec) { return is(exec.second); });
  });
}

/// By its descriptor, which also tells of one that ended before we came to know it.
void Tasks::watch_end(Task& task, Process& process) {
  const auto watched =
      with_.loop.watch(process.handle.get(), EPOLLIN, [this, &task, &process](std::uint32_t) {
        const auto end = kernel::wait(process.handle);
        take_end(task, process, end ? static_cast<std::uint32_t>(end->shell_status()) : 255);
      });
  if (watched) return;
  // Its end must not be missed: a task stays for as long as it runs.
  with_.notices(fmt::format("container {}: {}; tried again in a second", task.id, watched.error().text));
  with_.loop.after(std::chrono::seconds(1), [this, &task, &process] { watch_end(task, process); });
}

void Tasks::beside(Task& task, std::function<Outcome<>()> part, std::function<void(const Outcome<>&)> then) {
  ++task.at_work;
  const auto result = std::make_shared<Outcome<>>();
  with_.work.run([part = std::move(part), result] { *result = part(); },
                 [this, &task, result, then = std::move(then)] {
                   --task.at_work;
                   then(*result);
                   tell_ending(task);
                   go_on_removing(task);
                 });
}

void Tasks::take_end(Task& task, Process& process, std::uint32_t status) {
  with_.loop.forget(process.handle.get());
  const Exit exit{status, now()};
  if (&process != &task.init) {
    tell_end(task, process, exit);
    tell_ending(task);
    with_.reap();
    return go_on_removing(task);
  }
  tell_of_memory(task);
  // Its own pid namespace has taken the others along: pid_namespaces(7).
  if (!task.record.own_pid_namespace && !task.removed) end_all(task);
  // First of all: should we end before containerd knows, it learns it from there.
  if (auto left = leave_exit(task.bundle, process.pid, exit); !left) with_.notices(left.error().text);
  task.ending = exit;
  tell_ending(task);
  with_.reap();
  go_on_removing(task);
}

}  // namespace lodger::shim
