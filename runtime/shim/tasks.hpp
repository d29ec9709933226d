// The Task service: containerd's calls, carried out by the runtime's own library in this process. Source:
// containerd, api/runtime/task/v3/shim.proto; core/runtime/v2/README.md says which events follow which call.
//
// What may take long (Create, Start, Delete, Pause) is done beside the loop; everything here is touched by
// the loop's thread alone, but for what says otherwise.
#pragma once
#include <map>
#include <memory>

#include "runtime/shim/loggers.hpp"
#include "runtime/shim/publisher.hpp"
#include "runtime/shim/server.hpp"
#include "runtime/shim/task.hpp"
#include "runtime/shim/work.hpp"

namespace lodger::shim {

template <class T>
using Answer = std::expected<T, wire::Status>;

class Tasks {
 public:
  struct Surroundings {
    Loop& loop;
    Work& work;
    Publisher& publisher;
    Loggers& loggers;
    container::Notices notices;
    std::string name_space;
    std::string socket;          // where the shim listens
    wire::Any options;           // of who started the shim: for calls that bring none
    std::function<void()> reap;  // after the end of a process of ours: those behind it in the kernel's list
    std::function<void()> end;   // the shim's own, asked for by containerd
  };
  explicit Tasks(Surroundings surroundings) : with_(std::move(surroundings)) {}

  /// Whether this is a process of a container's, which is waited for here.
  bool has(pid_t pid) const;
  /// One call of either generation of the service.
  void serve(const wire::Request& request, const Reply& reply);
  /// Whether there is no container, nor one in the making.
  bool empty() const { return tasks_.empty() && making_.empty(); }
  /// Ends the shim where that is so, and still is once its events are told: a new container may come
  /// meanwhile.
  void end_if_empty();

 private:
  using Method = void (Tasks::*)(const std::string& payload, const Reply& reply);
  struct Entry;
  static const Entry methods[];
  template <auto method>
  void call(const std::string& payload, const Reply& reply);

  // tasks_life.cpp
  struct Making;
  void create(const wire::CreateRequest& request, const Reply& reply);
  Outcome<container::Created> make(Making& making);  // beside the loop
  void finish_making(Making& making, const Reply& reply);
  void finish_creation(Making& making, const Reply& reply);
  void start(const wire::ProcessRequest& request, const Reply& reply);
  void start_exec(Task& task, Process& process, const Reply& reply);
  void kill(const wire::KillRequest& request, const Reply& reply);
  Answer<wire::Empty> exec(const wire::ExecRequest& request);
  void give_up(const wire::ContainerRequest& request, const Reply& reply);
  auto opener(std::unique_ptr<Streams>& into, StreamNames names, const Options& options,
              const LoggerCall& call, bool own_process) -> decltype(container::Delivery::streams);
  Outcome<> take_streams(Process& process, std::unique_ptr<Streams> streams,
                         kernel::Fd<kernel::Terminal> master);
  // tasks_removal.cpp
  void remove(const wire::ProcessRequest& request, const Reply& reply);
  void finish_removal(const wire::ProcessRequest& request);
  void let_go_further(Task& task, Process& process);
  void go_on_removing(Task& task);
  void end_all(Task& task);
  bool end_further(Task& task);
  Outcome<> dismantle(const Task& task, bool given_up);  // beside the loop
  void finish_dismantling(Task& task, const Outcome<>& removed);
  void try_again(Task& task);
  void try_now(Task& task);
  void make_room(Task& task, const wire::CreateRequest& next, const Reply& reply);
  void refuse_next(Task& task, const Failure& why);
  void let_go(Task& task);
  // tasks_query.cpp
  Answer<wire::StateResponse> state(const wire::ProcessRequest& request);
  Answer<wire::PidsResponse> pids(const wire::ContainerRequest& request);
  Answer<wire::StatsResponse> stats(const wire::ContainerRequest& request);
  Answer<wire::ConnectResponse> connect(const wire::ContainerRequest& request);
  void wait(const wire::ProcessRequest& request, const Reply& reply);
  // tasks_change.cpp
  void pause(const wire::ContainerRequest& request, const Reply& reply);
  void resume(const wire::ContainerRequest& request, const Reply& reply);
  Answer<wire::Empty> resize(const wire::ResizeRequest& request);
  Answer<wire::Empty> close_io(const wire::CloseIoRequest& request);
  void update(const wire::UpdateRequest& request, const Reply& reply);
  Answer<wire::Empty> checkpoint(const wire::ContainerRequest& request);
  Answer<wire::Empty> shut_down(const wire::ShutdownRequest& request);

  /// `part` beside the loop, on a container that is there until it is done, even where its removal has begun;
  /// then `then` on the loop.
  void beside(Task& task, std::function<Outcome<>()> part, std::function<void(const Outcome<>&)> then);
  Answer<Task*> find(const std::string& id);
  Answer<Process*> find(const std::string& id, const std::string& exec_id);
  void watch_memory(Task& task);
  void tell_of_memory(Task& task);
  void tell_end(Task& task, Process& process, const Exit& exit);
  void tell_ending(Task& task);
  void watch_end(Task& task, Process& process);
  void take_end(Task& task, Process& process, std::uint32_t status);

  Surroundings with_;
  std::map<std::string, std::unique_ptr<Task>> tasks_;
  std::map<std::string, std::shared_ptr<Making>> making_;
};

inline constexpr std::string_view creating = "OCI runtime create failed";

inline std::uint32_t number(pid_t pid) { return static_cast<std::uint32_t>(pid); }
/// Whether there is nothing to do it to any more.
inline bool is_gone(const Failure& why) { return why.code == ESRCH || why.code == ENOENT; }
/// Answers who waits for it.
void end_with(Process& process, const Exit& exit);
/// A refusal of the service's own.
std::unexpected<wire::Status> refusal(wire::Code code, std::string text);
void fail(const Reply& reply, const std::unexpected<wire::Status>& why);
/// What fits a call that came in a wrong state; else `unknown`.
wire::Code code_of(const Failure& why);
/// What the library refused. Containerd tells apart by the code alone whether a container is gone, so it is
/// `unknown` where that is not what is meant.
std::unexpected<wire::Status> failed(std::string_view doing, const Failure& why,
                                     wire::Code code = wire::Code::unknown);

}  // namespace lodger::shim
