// The relay of one container: one process, pasta, that owns nothing on the host but the sockets it carries
// for.
//
//     plan()     finds the program and its arguments: everything that can be refused, with nothing made
//     start()    its process, which waits
//     go()       once it is written down: it becomes pasta
//     await()    until it carries
//     commit()   it lives on without us; end() of the record ends it
//
// Until go() it ends with us, however we end; until commit() it is killed by the destructor.
#pragma once
#include <string>
#include <vector>

#include "kernel/file.hpp"
#include "kernel/process.hpp"
#include "netmode/companion.hpp"
#include "netmode/relay/arguments.hpp"

namespace lodger::netmode::relay {

/// What the container's state keeps.
struct Record {
  std::string program, version;  // empty: there is no relay
  Options options;
  std::vector<PortRange> udp;  // as Task has it
  Companion process;
};

class Relay {
 public:
  /// `interrupt`: kernel/helper.hpp.
  static Outcome<Relay> plan(Task task, int interrupt = -1);

  /// `network`: its user namespace has to be ours or one below. `cgroup`: the folder that the process is born
  /// in; -1: in ours.
  Outcome<> start(const kernel::Fd<kernel::Namespace>& network, int cgroup = -1);
  const Record& record() const { return record_; }
  Outcome<> go();
  Outcome<> await();
  void commit() { process_ = {}; }

  /// What is worth saying of this version of the program; empty: nothing.
  std::string remark() const;

  Relay(Relay&&) = default;
  Relay& operator=(Relay&& other) noexcept;
  /// Kills and reaps the process, unless committed.
  ~Relay();

 private:
  Relay() = default;
  Failure last_words();

  Record record_;
  int date_ = 0;
  int interrupt_ = -1;
  std::vector<std::string> argv_;
  kernel::Fd<kernel::Process> process_;
  kernel::Pipe go_;
  kernel::Fd<kernel::File> ready_, errors_, refusal_;
};

/// Ends it, at once: it has nothing of its own to say to anybody.
Outcome<> end(const Record& record);

}  // namespace lodger::netmode::relay
