#include "runtime/shim/tasks.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cgroups/usable.hpp"
#include "runtime/container/kill.hpp"

namespace lodger::shim {

using wire::Code;

std::unexpected<wire::Status> refusal(Code code, std::string text) {
  return std::unexpected(wire::Status{code, std::move(text)});
}

Code code_of(const Failure& why) {
  const bool state = why.code == EBUSY || why.code == ESRCH || why.text.contains("not paused");
  return state ? Code::failed_precondition : Code::unknown;
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

void Tasks::tell_end(Task& task, Process& process, const Exit& exit) {
  process.exit = exit;
  const auto& id = process.exec_id.empty() ? task.id : process.exec_id;
  with_.publisher.publish(
      wire::TaskExit{task.id, id, static_cast<std::uint32_t>(process.pid), exit.status, exit.at});
  for (const auto& reply : std::exchange(process.waiting, {}))
    reply.answer(wire::WaitResponse{exit.status, exit.at});
}

namespace {

bool runs_further(const Task& task) {
  return std::ranges::any_of(task.execs, [](const auto& entry) { return entry.second.runs(); });
}

}  // namespace

// A number is another child's only once this one is reaped, which is what has just been done: so it names
// one process.
void Tasks::ended(pid_t pid, std::uint32_t status) {
  const Exit exit{status, now()};
  for (const auto& [id, task] : tasks_) {
    if (task->init.pid == pid && !task->init.exit && !task->ending) {
      tell_of_memory(*task);
      // Its own pid namespace has taken the others along: pid_namespaces(7).
      if (!task->record.own_pid_namespace)
        if (auto killed = container::kill(task->store, {id, SIGKILL, true}); !killed)
          with_.notices(fmt::format("container {}: {}", id, killed.error().text));
      task->ending = exit;
    }
    for (auto& [exec_id, process] : task->execs)
      if (process.pid == pid && !process.exit) tell_end(*task, process, exit);
    // Its end is the last that is told of a container.
    if (task->ending && !runs_further(*task)) tell_end(*task, task->init, *std::exchange(task->ending, {}));
  }
}

}  // namespace lodger::shim
