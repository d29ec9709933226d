// What a shim tells containerd: api/events/task.proto, api/services/ttrpc/events/v1/events.proto,
// api/types/event.proto. Each event names its type and its topic.
#pragma once
#include "runtime/shim/wire/task.hpp"

namespace lodger::shim::wire {

struct TaskIo {
  std::string standard_in, standard_out, standard_err;
  bool terminal = false;
  void fields(auto& visit) {
    visit(1, standard_in), visit(2, standard_out), visit(3, standard_err), visit(4, terminal);
  }
};

struct TaskCreate {
  static constexpr const char *type = "containerd.events.TaskCreate", *topic = "/tasks/create";
  std::string container_id, bundle;
  std::vector<Mount> rootfs;
  std::optional<TaskIo> io;
  std::string checkpoint;
  std::uint32_t pid = 0;
  void fields(auto& visit) {
    visit(1, container_id), visit(2, bundle), visit(3, rootfs), visit(4, io), visit(5, checkpoint),
        visit(6, pid);
  }
};

struct TaskStart {
  static constexpr const char *type = "containerd.events.TaskStart", *topic = "/tasks/start";
  std::string container_id;
  std::uint32_t pid = 0;
  void fields(auto& visit) { visit(1, container_id), visit(2, pid); }
};

struct TaskDelete {
  static constexpr const char *type = "containerd.events.TaskDelete", *topic = "/tasks/delete";
  std::string container_id;
  std::uint32_t pid = 0, exit_status = 0;
  std::optional<Timestamp> exited_at;
  std::string id;  // of a further process; empty: the container's own (events/task.proto)
  void fields(auto& visit) {
    visit(1, container_id), visit(2, pid), visit(3, exit_status), visit(4, exited_at), visit(5, id);
  }
};

struct TaskExit {
  static constexpr const char *type = "containerd.events.TaskExit", *topic = "/tasks/exit";
  std::string container_id, id;
  std::uint32_t pid = 0, exit_status = 0;
  std::optional<Timestamp> exited_at;
  void fields(auto& visit) {
    visit(1, container_id), visit(2, id), visit(3, pid), visit(4, exit_status), visit(5, exited_at);
  }
};

/// Those that say nothing but whose container it is.
struct OfContainer {
  std::string container_id;
  void fields(auto& visit) { visit(1, container_id); }
};
struct TaskOom : OfContainer {
  static constexpr const char *type = "containerd.events.TaskOOM", *topic = "/tasks/oom";
};
struct TaskPaused : OfContainer {
  static constexpr const char *type = "containerd.events.TaskPaused", *topic = "/tasks/paused";
};
struct TaskResumed : OfContainer {
  static constexpr const char *type = "containerd.events.TaskResumed", *topic = "/tasks/resumed";
};

struct TaskExecAdded {
  static constexpr const char *type = "containerd.events.TaskExecAdded", *topic = "/tasks/exec-added";
  std::string container_id, exec_id;
  void fields(auto& visit) { visit(1, container_id), visit(2, exec_id); }
};

struct TaskExecStarted {
  static constexpr const char *type = "containerd.events.TaskExecStarted", *topic = "/tasks/exec-started";
  std::string container_id, exec_id;
  std::uint32_t pid = 0;
  void fields(auto& visit) { visit(1, container_id), visit(2, exec_id), visit(3, pid); }
};

/// containerd.types.Envelope
struct Envelope {
  std::optional<Timestamp> timestamp;
  std::string name_space, topic;
  std::optional<Any> event;
  void fields(auto& visit) { visit(1, timestamp), visit(2, name_space), visit(3, topic), visit(4, event); }
};

struct ForwardRequest {
  std::optional<Envelope> envelope;
  void fields(auto& visit) { visit(1, envelope); }
};

}  // namespace lodger::shim::wire
