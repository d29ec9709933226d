// lodger's end of lodger-network: the questions of question.hpp as calls.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kernel/helper.hpp"
#include "netmode/bridge/question.hpp"

namespace lodger::netmode::bridge {

/// Where the program is. ENOENT: nowhere, in words that name it and what helps.
Outcome<std::string> find_program();

class Agent {
 public:
  /// Starts the program; it gets ready while its caller goes on. EPROTONOSUPPORT of what is asked first: the
  /// kernel has no nf_tables, and they are needed. `interrupt`: kernel/helper.hpp.
  static Outcome<Agent> open(Tables tables, int interrupt = -1);

  /// Fails with EADDRINUSE where a container of any network of this host has one of the doors, and names
  /// both. `doing` begins the message.
  Outcome<> check_free(const std::vector<Door>& doors, std::string_view doing = "--publish");
  /// Makes a new network's device. EEXIST: somebody else has one of the name.
  Outcome<> claim(const Network& network);
  /// Makes the network where it is missing, and leads the doors to the address. Fails as check_free() does.
  /// Gives what had to be changed on the host, a line each.
  Outcome<std::vector<std::string>> open_doors(const Network& network, V4 address, const std::string& owner,
                                               const std::vector<Door>& doors);
  /// Gives the process's network namespace its device.
  Outcome<> attach(const Network& network, V4 address, pid_t pid);
  /// Nothing leads to the address of the container `owner` any more. `udp`: whether UDP ports may have; asked
  /// again, this cannot be told from what is there.
  Outcome<> close_doors(const Network& network, V4 address, const std::string& owner, bool udp);
  /// Removes the network from the kernel, the last one with all that they share. Gives what was changed on
  /// the host.
  Outcome<std::vector<std::string>> remove(const Network& network);
  /// The same with what is left of one that another is to be made in the place of. EPROTONOSUPPORT: none can
  /// be.
  Outcome<std::vector<std::string>> replace(const Network& network);

 private:
  explicit Agent(kernel::Helper helper) : helper_(std::move(helper)) {}
  Outcome<kernel::Words> ask(std::string_view doing, const kernel::Words& question);
  kernel::Helper helper_;
};

}  // namespace lodger::netmode::bridge
