// The userland proxy: published ports without NAT. One process, lodger-proxy (program/), holds every
// published port of one container in the host's network namespace and carries TCP and UDP to the container's
// address.
//
// It is started before anything of the container is made, and opens the sockets itself: a port that is taken
// is refused while there is nothing to undo, and lodger's own table of descriptors, which the clone would
// copy, stays small however many ports there are. The two speak in datagrams over its stdin (protocol.hpp):
//
//     open()     starts it; it binds and listens, gives up every privilege, puts on its filter
//     serve()    tells it the container's address and process; from here on clients are served
//     commit()   lets it live on without us
//
// Until commit() it ends with us, however we end; after it with the container's process, or by end(). A
// client that connects between open() and serve() waits in the socket's queue.
//
// What it costs and what it cannot do: each port takes a descriptor, each TCP connection six at most, each
// UDP peer one, out of RLIMIT_NOFILE, which is raised to the hard limit (beyond it, where CAP_SYS_RESOURCE
// allows that). 20,000 descriptors carry 10,000 ports and 1,650 connections. The container sees the host as
// the client, never the client's own address. TCP's urgent data arrives in line; SCTP is refused.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/process.hpp"
#include "kernel/socket.hpp"
#include "netmode/companion.hpp"
#include "netmode/proxy/protocol.hpp"
#include "netmode/publish.hpp"

namespace lodger::netmode::proxy {

class Proxy {
 public:
  /// Starts the program, which opens a socket for each published port. Refused, in words that name protocol,
  /// address and port: a port that is taken, one published twice, an address that is not the host's, SCTP,
  /// more ports than descriptors.
  /// `program`: where it is; empty: where find_program() says.
  static Outcome<Proxy> open(std::span<const Publication> publications, std::string program = {});

  /// The publications with the host ports that they have got: those left to the host, and the first free one
  /// of a range for one port of the container, are decided; all others as they were given. Ports that are not
  /// neighbours any more stand in publications of their own.
  const std::vector<Publication>& publications() const { return publications_; }
  /// To be written down before commit(), for end().
  const Companion& record() const { return record_; }

  /// Clients are served until `container` ends. A UDP client that is silent for so long is forgotten.
  Outcome<> serve(const Target& target, const kernel::Fd<kernel::Process>& container,
                  std::uint32_t udp_idle_ms = 90'000);
  /// It lives on without us. Fails where it has died meanwhile.
  Outcome<> commit();

  Proxy(Proxy&&) = default;
  Proxy& operator=(Proxy&& other) noexcept;
  /// Kills and reaps it, unless committed.
  ~Proxy();

 private:
  Proxy() = default;
  Outcome<> await_ports(std::span<const Publication> publications, std::span<const Row> rows);

  kernel::Fd<kernel::Socket> socket_;
  kernel::Fd<kernel::Process> process_;
  Companion record_;
  std::vector<Publication> publications_;
};

/// Ends a proxy that was recorded, whose container has ended, and waits until its ports are free: it has a
/// quarter of a second for what the container said last, then it is killed; nothing to do where it has ended,
/// or where another process has its number.
Outcome<> end(const Companion& record);

/// Where the program is: beside the running one, else where it was installed. EACCES, ENOENT: nowhere.
Outcome<std::string> find_program();

}  // namespace lodger::netmode::proxy
