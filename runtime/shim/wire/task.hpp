// The messages of containerd's Task service, both generations: containerd.task.v2.Task and
// containerd.task.v3.Task have the same. Source: containerd, api/runtime/task/v3/shim.proto and api/types;
// field numbers are theirs.
#pragma once
#include "runtime/shim/wire/codec.hpp"

namespace lodger::shim::wire {

/// containerd.types.Mount
struct Mount {
  std::string type, source, target;
  std::vector<std::string> options;
  void fields(auto& visit) { visit(1, type), visit(2, source), visit(3, target), visit(4, options); }
};

enum class TaskStatus : std::int32_t {
  unknown = 0,
  created = 1,
  running = 2,
  stopped = 3,
  paused = 4,
  pausing = 5
};

struct CreateRequest {
  std::string id, bundle;
  std::vector<Mount> rootfs;
  bool terminal = false;
  std::string standard_in, standard_out, standard_err;
  std::string checkpoint, parent_checkpoint;
  std::optional<Any> options;
  void fields(auto& visit) {
    visit(1, id), visit(2, bundle), visit(3, rootfs), visit(4, terminal), visit(5, standard_in),
        visit(6, standard_out);
    visit(7, standard_err), visit(8, checkpoint), visit(9, parent_checkpoint), visit(10, options);
  }
};

/// Of Create and Start.
struct PidResponse {
  std::uint32_t pid = 0;
  void fields(auto& visit) { visit(1, pid); }
};

/// A container, or with `exec_id` one of its further processes: of Start, Delete, State, Wait.
struct ProcessRequest {
  std::string id, exec_id;
  void fields(auto& visit) { visit(1, id), visit(2, exec_id); }
};

/// A container: of Pids, Pause, Resume, Stats, Connect.
struct ContainerRequest {
  std::string id;
  void fields(auto& visit) { visit(1, id); }
};

struct DeleteResponse {
  std::uint32_t pid = 0, exit_status = 0;
  std::optional<Timestamp> exited_at;
  void fields(auto& visit) { visit(1, pid), visit(2, exit_status), visit(3, exited_at); }
};

struct ExecRequest {
  std::string id, exec_id;
  bool terminal = false;
  std::string standard_in, standard_out, standard_err;
  std::optional<Any> spec;  // JSON of config.json's process
  void fields(auto& visit) {
    visit(1, id), visit(2, exec_id), visit(3, terminal), visit(4, standard_in), visit(5, standard_out);
    visit(6, standard_err), visit(7, spec);
  }
};

struct ResizeRequest {
  std::string id, exec_id;
  std::uint32_t width = 0, height = 0;
  void fields(auto& visit) { visit(1, id), visit(2, exec_id), visit(3, width), visit(4, height); }
};

struct StateResponse {
  std::string id, bundle;
  std::uint32_t pid = 0;
  TaskStatus status = TaskStatus::unknown;
  std::string standard_in, standard_out, standard_err;
  bool terminal = false;
  std::uint32_t exit_status = 0;
  std::optional<Timestamp> exited_at;
  std::string exec_id;
  void fields(auto& visit) {
    visit(1, id), visit(2, bundle), visit(3, pid), visit(4, status), visit(5, standard_in),
        visit(6, standard_out);
    visit(7, standard_err), visit(8, terminal), visit(9, exit_status), visit(10, exited_at),
        visit(11, exec_id);
  }
};

struct KillRequest {
  std::string id, exec_id;
  std::uint32_t signal = 0;
  bool all = false;
  void fields(auto& visit) { visit(1, id), visit(2, exec_id), visit(3, signal), visit(4, all); }
};

struct CloseIoRequest {
  std::string id, exec_id;
  bool standard_in = false;
  void fields(auto& visit) { visit(1, id), visit(2, exec_id), visit(3, standard_in); }
};

/// containerd.v1.types.ProcessInfo: `info` is a containerd.runc.v1.ProcessDetails for a further process.
struct ProcessInfo {
  std::uint32_t pid = 0;
  std::optional<Any> info;
  void fields(auto& visit) { visit(1, pid), visit(2, info); }
};
struct ProcessDetails {
  std::string exec_id;
  void fields(auto& visit) { visit(1, exec_id); }
};
struct PidsResponse {
  std::vector<ProcessInfo> processes;
  void fields(auto& visit) { visit(1, processes); }
};

struct UpdateRequest {
  std::string id;
  std::optional<Any> resources;  // JSON of linux.resources
  std::map<std::string, std::string> annotations;
  void fields(auto& visit) { visit(1, id), visit(2, resources), visit(3, annotations); }
};

struct WaitResponse {
  std::uint32_t exit_status = 0;
  std::optional<Timestamp> exited_at;
  void fields(auto& visit) { visit(1, exit_status), visit(2, exited_at); }
};

struct StatsResponse {
  std::optional<Any> stats;
  void fields(auto& visit) { visit(1, stats); }
};

struct ConnectResponse {
  std::uint32_t shim_pid = 0, task_pid = 0;
  std::string version;
  void fields(auto& visit) { visit(1, shim_pid), visit(2, task_pid), visit(3, version); }
};

struct ShutdownRequest {
  std::string id;
  bool now = false;
  void fields(auto& visit) { visit(1, id), visit(2, now); }
};

/// What lodger's call of "delete" asks of lodger's shim, where one lives that serves the container: a
/// ContainerRequest, answered by a DeleteResponse once nothing is left of it.
inline constexpr std::string_view own_service = "lodger.shim.v1.Shim", give_up = "GiveUp";

}  // namespace lodger::shim::wire
