// systemd's manager, of the machine or of the calling user, spoken to by a program of ours.
//
// lodger is static and knows nothing of D-Bus; lodger-systemd (client/) is linked with systemd's own library
// and is started only when this driver is asked for. How the two speak: kernel/helper.hpp;
// what they say: client/protocol.hpp.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/systemd/value.hpp"
#include "kernel/failure.hpp"
#include "kernel/helper.hpp"

namespace lodger::cgroups::systemd {

class Manager {
 public:
  /// Starts the program, which connects to systemd: the first question waits for that. `user`:
  /// the calling user's manager. Fails where the program is missing.
  /// Every wait ends with EINTR when `interrupt`, a descriptor, becomes readable; -1: never.
  static Outcome<Manager> open(bool user, int interrupt = -1);
  /// Whether systemd answers: the end of the connecting.
  Outcome<> connected();

  /// Each returns once systemd has done it, or says in systemd's words why not.
  Outcome<> start(const std::string& unit, const std::vector<Property>& properties);
  /// Nothing to do for a unit that is gone.
  Outcome<> stop(const std::string& unit);
  /// For as long as the unit is there; none to set is no question.
  Outcome<> set(const std::string& unit, const std::vector<Property>& properties);
  /// Moves a process into the unit's cgroup, or one below it ("/container"). For a user who may not move it.
  Outcome<> attach(const std::string& unit, const std::string& below, pid_t pid);

 private:
  explicit Manager(kernel::Helper helper) : helper_(std::move(helper)) {}
  Outcome<> ask(std::string_view doing, const Words& words);

  kernel::Helper helper_;
};

/// Where the program is: beside the running one, else where it was installed. EACCES, ENOENT: nowhere.
Outcome<std::string> find_client();

}  // namespace lodger::cgroups::systemd
