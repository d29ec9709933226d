// A shim under test, called as containerd calls it, without containerd.
#pragma once
#include <expected>
#include <optional>
#include <string>

#include "../support/bundle.hpp"
#include "../support/command.hpp"
#include "../support/facts.hpp"
#include "containerd.hpp"
#include "runtime/shim/wire/start.hpp"
#include "runtime/shim/wire/task.hpp"
#include "runtime/shim/wire/ttrpc.hpp"

namespace lodger::test {

namespace wire = shim::wire;

/// A folder for what containerd would have: sockets and FIFOs.
class Place {
 public:
  Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place();
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  /// A FIFO of this name: its path.
  std::string fifo(const std::string& name) const;
  /// One that a client has open, and does not read.
  std::string unread_fifo(const std::string& name) const;

 private:
  std::string folder_;
  mutable std::vector<kernel::Fd<kernel::File>> clients_;
};

/// `shim <flags> <action>` in the bundle's folder, to its end; behind the words of a program that executes
/// what follows them.
Finished call_shim(const Bundle& bundle, const Place& place, const std::string& id, const std::string& action,
                   const std::string& input = "", std::vector<std::string> wrapper = {});
/// Options that name a state root of the place's own.
wire::RuncOptions options_of(const Place& place);
wire::Any any_of(const wire::RuncOptions& options);
/// "start" as today's containerd calls it.
Finished start_shim(const Bundle& bundle, const Place& place, const std::string& id,
                    const wire::RuncOptions& options, const std::vector<std::string>& wrapper = {});

/// The words of a process that runs a line of shell.
std::vector<std::string> shell(const std::string& line);
/// Makes a bundle one of a pod's containers, which share a shim.
void in_pod(nlohmann::json& config);
/// A hook that waits for the file `go`, and then does what a line of shell says.
nlohmann::json waiting_hook(const std::string& go, const std::string& line = ":");

/// A started shim and a connection to it. The destructor ends it, by force where it has to, and looks for
/// what it left behind.
class Shim {
 public:
  Shim(const Bundle& bundle, const Place& place, const std::string& id = "c1");
  Shim(const Bundle& bundle, const Place& place, const std::string& id, const wire::RuncOptions& options);
  Shim(const Shim&) = delete;
  Shim& operator=(const Shim&) = delete;
  ~Shim();

  template <class T>
  using Answer = std::expected<T, wire::Status>;

  template <class Response, class Request>
  Answer<Response> call(const char* method, const Request& request) {
    const auto stream = send(method, wire::encode(request));
    return receive<Response>(stream);
  }
  /// The same in two halves: the stream's number in between.
  std::uint32_t send(const char* method, const std::string& payload,
                     const char* service = "containerd.task.v2.Task");
  template <class Response>
  Answer<Response> receive(std::uint32_t stream) {
    const auto response = response_to(stream);
    if (response.status && response.status->code != wire::Code::ok) return std::unexpected(*response.status);
    return *wire::decode<Response>(response.payload);
  }

  /// Create with what is usual in these tests: no stream but `out`.
  Answer<wire::PidResponse> create(const std::string& out = "");
  wire::CreateRequest create_request(const std::string& out = "") const;
  Answer<wire::PidResponse> start(const std::string& exec_id = "");
  /// Both, which have to succeed.
  void run();
  Answer<wire::WaitResponse> wait(const std::string& exec_id = "");
  Answer<wire::DeleteResponse> remove(const std::string& exec_id = "");
  Answer<wire::Empty> kill(int signal, const std::string& exec_id = "");
  Answer<wire::StateResponse> state(const std::string& exec_id = "");
  Answer<wire::Empty> exec(const std::string& exec_id, const std::vector<std::string>& args,
                           const std::string& out = "", const std::string& in = "", bool terminal = false);

  /// Sends and waits. Whether an answer comes; false: the shim is gone before it.
  bool answers(const char* method, const std::string& payload);
  /// Asks it to end, and does not wait for it.
  void shut_down();
  /// Waits until it is gone; the test fails where it does not go.
  void await_end(std::chrono::seconds patience = std::chrono::seconds(5)) const;
  /// containerd's call of "delete" for this container, which has to succeed.
  wire::DeleteResponse delete_by_call() const;

  pid_t pid() const { return pid_; }
  const std::string& socket() const { return socket_; }
  std::string state_root() const;
  /// A further connection, which calls go over from now on, as after a restart of containerd.
  void reconnect();
  /// As at the end of containerd.
  void disconnect();

 private:
  wire::Response response_to(std::uint32_t stream);
  bool take_more();
  kernel::Result<> try_send(std::uint32_t stream, const char* method, const std::string& payload,
                            const char* service = "containerd.task.v2.Task");

  const Bundle& bundle_;
  const Place& place_;
  std::string id_, socket_;
  pid_t pid_ = 0;
  kernel::Fd<kernel::Socket> connection_;
  wire::FrameReader frames_;
  std::map<std::uint32_t, wire::Response> early_;
  std::uint32_t next_stream_ = 1;
};

/// Two containers of a pod, which are not made yet.
struct PodOfTwo {
  Bundle first{std::vector<std::string>{"/bin/sleep", "1000"}, in_pod};
  Bundle second{std::vector<std::string>{"/bin/sleep", "1000"}, in_pod};
  Place place;
  Shim one{first, place, "c1"}, two{second, place, "c2"};
};

/// What is written to a FIFO from now on, until all its writers have closed it.
class Reader {
 public:
  explicit Reader(const std::string& fifo);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();
  /// Waits for the end; the test fails where it does not come.
  std::string all();
  /// What has come by now.
  std::string text() const;

 private:
  int fd_;
  mutable std::mutex mutex_;
  std::string text_;
  bool ended_ = false;
  int stop_[2];
  std::thread thread_;
};

}  // namespace lodger::test
