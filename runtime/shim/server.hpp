// ttrpc's server: connections of containerd's, calls that are answered at once or, like Wait, much later.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "kernel/socket.hpp"
#include "runtime/shim/loop.hpp"
#include "runtime/shim/wire/ttrpc.hpp"

namespace lodger::shim {

class Connection;

/// A call's answer, which may come at any time. One that is never given, or given twice, is a defect of the
/// shim; one whose connection is gone goes nowhere.
class Reply {
 public:
  Reply(std::weak_ptr<Connection> connection, std::uint32_t stream)
      : connection_(std::move(connection)), stream_(stream) {}
  template <class Message>
  void answer(const Message& message) const {
    send({std::nullopt, wire::encode(message)});
  }
  void fail(wire::Code code, std::string text) const { send({wire::Status{code, std::move(text)}, {}}); }
  /// Whether its connection is still there.
  bool reaches() const { return !connection_.expired(); }

 private:
  void send(const wire::Response& response) const;
  std::weak_ptr<Connection> connection_;
  std::uint32_t stream_;
};

class Server {
 public:
  using Handler = std::function<void(const wire::Request& request, const Reply& reply)>;

  /// Serves those who connect to `listener` and are of the shim's own user and group (SO_PEERCRED, unix(7)):
  /// the socket's file keeps others out, and this is what holds where the file's mode was changed. `alone`:
  /// once the last connection has ended.
  Server(Loop& loop, kernel::Fd<kernel::Socket> listener, Handler handler, std::function<void()> alone = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();
  Outcome<> listen();
  /// Nobody is served any more, and who connects is refused.
  void close();
  bool serves() const { return static_cast<bool>(listener_); }
  bool is_alone() const { return connections_.empty(); }

 private:
  friend class Connection;
  void take_connection();
  void pause();
  void drop(int fd);

  Loop& loop_;
  kernel::Fd<kernel::Socket> listener_;
  Handler handler_;
  std::function<void()> alone_;
  std::map<int, std::shared_ptr<Connection>> connections_;
  std::uint64_t pause_ = 0;  // a timer: no descriptor was to be had for who waits to be taken
};

}  // namespace lodger::shim
