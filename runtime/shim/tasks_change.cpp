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

}  // namespace

Answer<Empty> Tasks::pause(const wire::ContainerRequest& request) {
  auto& task = *TRY(find(request.id));
  const auto paused = container::pause(task.store, task.id);
  if (!paused) return failed("OCI runtime pause failed", paused.error(), code_of(paused.error()));
  task.paused = true;
  wire::TaskPaused event;
  event.container_id = task.id;
  with_.publisher.publish(event);
  return Empty{};
}

Answer<Empty> Tasks::resume(const wire::ContainerRequest& request) {
  auto& task = *TRY(find(request.id));
  const auto resumed = container::resume(task.store, task.id);
  if (!resumed) return failed("OCI runtime resume failed", resumed.error(), code_of(resumed.error()));
  task.paused = false;
  wire::TaskResumed event;
  event.container_id = task.id;
  with_.publisher.publish(event);
  return Empty{};
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

Answer<Empty> Tasks::update(const wire::UpdateRequest& request) {
  constexpr std::string_view doing = "OCI runtime update failed";
  const auto& task = *TRY(find(request.id));
  if (!request.resources) return refusal(Code::invalid_argument, "update: no resources are named");
  std::vector<std::string> remarks;
  const auto resources = spec::parse_resources(request.resources->value, &remarks);
  if (!resources) return failed(doing, resources.error(), Code::invalid_argument);
  for (const auto& remark : remarks) with_.notices(remark);
  const auto updated = container::update(task.store, task.id, *resources);
  if (!updated) return failed(doing, updated.error());
  return Empty{};
}

Answer<Empty> Tasks::checkpoint(const wire::ContainerRequest&) {
  return refusal(Code::unimplemented, "checkpoint: lodger has no CRIU");
}

/// containerd asks after each Delete; the last container's is the one that counts. While the events are told
/// a new container may come.
Answer<Empty> Tasks::shut_down(const wire::ShutdownRequest&) {
  using namespace std::chrono_literals;
  const auto end = [this] {
    if (tasks_.empty() && making_.empty()) with_.loop.stop();
  };
  // Behind the answer to this call.
  if (tasks_.empty()) with_.publisher.flush(2s, [&loop = with_.loop, end] { loop.after(0ms, end); });
  return Empty{};
}

}  // namespace lodger::shim
