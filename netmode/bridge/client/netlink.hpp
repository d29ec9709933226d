// libmnl in the terms of this house: a socket, and many messages in one datagram.
#pragma once
#include <libmnl/libmnl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel/failure.hpp"

namespace lodger::netmode::bridge {

/// Messages that go to the kernel together.
class Batch {
 public:
  /// Adds a message that `write` makes in a buffer large enough for any: it begins with a header. `doing`
  /// begins the text of its failure.
  void add(std::string doing, const std::function<void(char* buffer, std::uint32_t sequence)>& write);
  /// The last message asks for a confirmation, so that there is an answer to a batch that succeeds.
  void confirm_last();
  bool empty() const { return doing_.empty(); }
  std::size_t size() const { return doing_.size(); }

 private:
  friend class Netlink;
  std::vector<char> bytes_, scratch_;
  std::size_t last_ = 0;            // where the last message begins
  std::vector<std::string> doing_;  // message n has sequence n + 1
};

class Netlink {
 public:
  /// In the network namespace that this thread is in: there it stays.
  static Outcome<Netlink> open(int protocol, std::string_view doing);

  /// Sends all of it. The kernel answers while it takes them, so that all answers are there when they are
  /// sent: the failure is that of the first message that has one, in the kernel's own words.
  Outcome<> commit(Batch batch);
  using Visit = std::function<void(const nlmsghdr*)>;
  /// Sends one request and gives each message of its answer to `visit`. A list (NLM_F_DUMP) is asked for from
  /// the beginning where it changed while it was read: netlink(7), NLM_F_DUMP_INTR.
  Outcome<> ask(std::string_view doing, const nlmsghdr* request, const Visit& visit);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  explicit Netlink(mnl_socket* socket) : socket_(socket) {}
  /// One exchange: whether what it lists changed meanwhile.
  Outcome<bool> hear(std::string_view doing, const nlmsghdr* request, const Visit& visit);

  std::unique_ptr<mnl_socket, Close> socket_;
};

}  // namespace lodger::netmode::bridge
