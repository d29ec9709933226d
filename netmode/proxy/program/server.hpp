// lodger-proxy's one loop. Theory of operation: server.cpp.
#pragma once
#include "netmode/proxy/program/tcp.hpp"
#include "netmode/proxy/program/udp.hpp"
#include "netmode/proxy/program/waiting.hpp"

namespace lodger::netmode::proxy {

/// For static storage: tables.
class Server {
 public:
  /// Raises the limit of descriptors and divides them: false where they do not go far enough. `limit`: what
  /// it is now.
  kernel::Result<bool> make_room(std::uint32_t tcp, std::uint32_t udp, std::uint64_t& limit);
  Doors& doors() { return doors_; }
  const Limits& limits() const { return limits_; }

  /// All that needs a system call which is not needed afterwards.
  kernel::Result<> prepare();
  /// From here on clients are served, once run() is called.
  kernel::Result<> begin(const Serve& how, kernel::Fd<kernel::Process> container);
  /// Until the container has ended. `lodger`, where there is one: or until it ends without having said Keep.
  kernel::Result<> run(kernel::Fd<kernel::Socket> lodger);

 private:
  kernel::Result<bool> turn();
  bool dispatch(const epoll_event& event);
  bool kept();
  void accept_all();
  void accept_at(const Door& door);
  kernel::Result<> take_in(Comer comer);
  kernel::Result<> serve(Comer comer);
  void serve_waiting();
  void put_off();
  void wind_up();
  void after_batch();
  void try_again();
  int patience();
  bool room() const { return tcp_.count() < limits_.flows; }

  kernel::Fd<kernel::Watch> loop_;
  kernel::Fd<kernel::Process> container_;
  kernel::Fd<kernel::Socket> lodger_;
  Doors doors_;
  Tcp tcp_{loop_};
  Udp udp_{loop_, doors_};
  Waiting waiting_;
  Limits limits_;
  Target target_;
  std::uint64_t seed_ = 0;
  std::int64_t now_ = 0, retry_ = 0, end_ = 0;  // moments; 0: none
};

}  // namespace lodger::netmode::proxy
