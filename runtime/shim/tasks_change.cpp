// What changes a container that runs, and the shim's own end.
#include <fmt/core.h>

#include "runtime/container/pause.hpp"
#include "runtime/container/update.hpp"
#include "runtime/shim/tasks.hpp"
#include "spec/parse.hpp"

namespace lodger::shim {
namespace {

using wire::Code;
using wire::Empty;

constexpr std::string_view updating = "OCI runtime update failed";

}  // namespace

// Pause, Resume and Update wait for others who are at work on the container, and for the freezer.

void Tasks::pause(const wire::ContainerRequest& request, const Reply& reply) {
  const auto found = find(request.id);
  if (!found) return fail(reply, std::unexpected(found.error()));
  auto& task = **found;
  // What its removal has thawed to end it would be frozen again.
  if (task.removing || task.given_up)
    return reply.fail(Code::failed_precondition, fmt::format("container {} is being removed", task.id));
  beside(
      task, [&task] { return container::pause(task.store, task.id); },
      [this, &task, reply](const Outcome<>& paused) {
        if (!paused)
          return fail(reply, failed("OCI runtime pause failed", paused.error(), code_of(paused.error())));
        task.paused = true;
        wire::TaskPaused event;
        event.container_id = task.id;
        with_.publisher.publish(event);
        reply.answer(Empty{});
      });
}

void Tasks::resume(const wire::ContainerRequest& request, const Reply& reply) {
  const auto found = find(request.id);
  if (!found) return fail(reply, std::unexpected(found.error()));
  auto& task = **found;
  beside(
      task, [&task] { return container::resume(task.store, task.id); },
      [this, &task, reply](const Outcome<>& resumed) {
        if (!resumed)
          return fail(reply, failed("OCI runtime resume failed", resumed.error(), code_of(resumed.error())));
        task.paused = false;
        wire::TaskResumed event;
        event.container_id = task.id;
        with_.publisher.publish(event);
        reply.answer(Empty{});
      });
}

Answer<Empty> Tasks::resize(const wire::ResizeRequest& request) {
  const auto& process = *TRY(find(request.id, request.exec_id));
  if (!process.streams)
    return refusal(Code::failed_precondition, fmt::format("process {} is not started", request.exec_id));
  const auto resized = process.streams->resize(request.width, request.height);
  if (!resized) return failed("resizing", resized.error(), Code::invalid_argument);
  return Empty{};
}

Answer<Empty> Tasks::close_io(const wire::CloseIoRequest& request) {
  auto& process = *TRY(find(request.id, request.exec_id));
  if (!request.standard_in) return Empty{};
  process.closes_input = true;
  if (process.streams) process.streams->close_input();
  return Empty{};
}

void Tasks::update(const wire::UpdateRequest& request, const Reply& reply) {
  const auto found = find(request.id);
  if (!found) return fail(reply, std::unexpected(found.error()));
  if (!request.resources) return reply.fail(Code::invalid_argument, "update: no resources are named");
  std::vector<std::string> remarks;
  auto resources = spec::parse_resources(request.resources->value, &remarks);
  if (!resources) return fail(reply, failed(updating, resources.error(), Code::invalid_argument));
  for (const auto& remark : remarks) with_.notices(remark);
  auto& task = **found;
  beside(
      task,
      [&task, resources = std::move(*resources)] {
        return container::update(task.store, task.id, resources);
      },
      [reply](const Outcome<>& updated) {
        if (!updated) return fail(reply, failed(updating, updated.error()));
        reply.answer(Empty{});
      });
}

Answer<Empty> Tasks::checkpoint(const wire::ContainerRequest&) {
  return refusal(Code::unimplemented, "checkpoint: lodger has no CRIU");
}

/// containerd asks after each Delete; the last container's is the one that counts.
Answer<Empty> Tasks::shut_down(const wire::ShutdownRequest&) {
  end_if_empty();
  return Empty{};
}

void Tasks::end_if_empty() {
  using namespace std::chrono_literals;
  const auto end = [this] {
    if (empty()) with_.end();
  };
  // Behind the answer to this call.
  if (empty()) with_.publisher.flush(2s, [&loop = with_.loop, end] { loop.after(0ms, end); });
}

}  // namespace lodger::shim
