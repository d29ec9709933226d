// The Task service: containerd's calls, carried out by the runtime's own library in this process. Source:
// containerd, api/runtime/task/v3/shim.proto; core/runtime/v2/README.md says which events follow which call.
//
// One thread: a call that the library takes long for (a slow hook) keeps the others waiting; one that waits
// for a process does not.
#pragma once
#include <map>
#include <memory>

#include "runtime/shim/publisher.hpp"
#include "runtime/shim/server.hpp"
#include "runtime/shim/task.hpp"

namespace lodger::shim {

template <class T>
using Answer = std::expected<T, wire::Status>;

class Tasks {
 public:
  struct Surroundings {
    Loop& loop;
    Publisher& publisher;
    container::Notices notices;
    std::string name_space;
    wire::Any options;  // of who started the shim: for calls that bring none
  };
  explicit Tasks(Surroundings surroundings) : with_(std::move(surroundings)) {}

  /// One call of either generation of the service.
  void serve(const wire::Request& request, const Reply& reply);
  /// A child of the shim's has ended and is reaped. One that is no container's is none of ours.
  void ended(pid_t pid, std::uint32_t status);

 private:
  using Method = void (Tasks::*)(const std::string& payload, const Reply& reply);
  struct Entry;
  static const Entry methods[];
  template <auto method>
  void call(const std::string& payload, const Reply& reply);

  // tasks_life.cpp
  Answer<wire::PidResponse> create(const wire::CreateRequest& request);
  Answer<wire::PidResponse> start(const wire::ProcessRequest& request);
  Answer<wire::Empty> kill(const wire::KillRequest& request);
  void remove(const wire::ProcessRequest& request, const Reply& reply);
  Answer<wire::Empty> exec(const wire::ExecRequest& request);
  Answer<wire::PidResponse> start_exec(Task& task, Process& process);
  void finish_removal(const wire::ProcessRequest& request);
  void end_further(Task& task);
  Answer<void> dismantle(Task& task);
  auto opener(std::unique_ptr<Streams>& into, StreamNames names, const Options& options,
              const std::string& id, bool own_process) -> decltype(container::Delivery::streams);
  void take_streams(Process& process, std::unique_ptr<Streams> streams, kernel::Fd<kernel::Terminal> master);
  // tasks_query.cpp
  Answer<wire::StateResponse> state(const wire::ProcessRequest& request);
  Answer<wire::PidsResponse> pids(const wire::ContainerRequest& request);
  Answer<wire::StatsResponse> stats(const wire::ContainerRequest& request);
  Answer<wire::ConnectResponse> connect(const wire::ContainerRequest& request);
  void wait(const wire::ProcessRequest& request, const Reply& reply);
  // tasks_change.cpp
  Answer<wire::Empty> pause(const wire::ContainerRequest& request);
  Answer<wire::Empty> resume(const wire::ContainerRequest& request);
  Answer<wire::Empty> resize(const wire::ResizeRequest& request);
  Answer<wire::Empty> close_io(const wire::CloseIoRequest& request);
  Answer<wire::Empty> update(const wire::UpdateRequest& request);
  Answer<wire::Empty> checkpoint(const wire::ContainerRequest& request);
  Answer<wire::Empty> shut_down(const wire::ShutdownRequest& request);

  Answer<Task*> find(const std::string& id);
  Answer<Process*> find(const std::string& id, const std::string& exec_id);
  void watch_memory(Task& task);
  void tell_of_memory(Task& task);
  void tell_end(Task& task, Process& process, const Exit& exit);

  Surroundings with_;
  std::map<std::string, std::unique_ptr<Task>> tasks_;
};

/// A refusal of the service's own.
std::unexpected<wire::Status> refusal(wire::Code code, std::string text);
/// What fits a call that came in a wrong state; else `unknown`.
wire::Code code_of(const Failure& why);
/// What the library refused. Containerd tells apart by the code alone whether a container is gone, so it is
/// `unknown` where that is not what is meant.
std::unexpected<wire::Status> failed(std::string_view doing, const Failure& why,
                                     wire::Code code = wire::Code::unknown);

}  // namespace lodger::shim
