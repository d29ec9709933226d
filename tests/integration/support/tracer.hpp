// A process that is ended, or refused something, at one certain system call of its: the places where it can
// be killed, one after the other. ptrace(2).
#pragma once
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace lodger::test {

/// Follows the system calls of all threads of a process, but not its children. Made and used by
/// one thread, which has no other children. The process is killed with it.
class Tracer {
 public:
  /// Starts a program, its output nowhere.
  explicit Tracer(const std::vector<std::string>& argv);
  /// Takes hold of a running process.
  explicit Tracer(pid_t pid);
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  ~Tracer();
  /// Whether this machine lets us trace.
  static bool allowed();

  /// Lets it go on until its `count`th system call from now on is about to be made, 0 for the next, and kills
  /// it there. False: it ended by itself, or by somebody else, before that.
  bool kill_at(unsigned count);
  /// Lets it go on until its end. The system calls of which `refuse` gives an error number fail with that and
  /// are not made. Only on x86_64.
  void refuse(const std::function<int(long number, const long (&arguments)[6])>& refuse);

 private:
  pid_t next_stop(int& status);
  void go_on(pid_t thread, int signal = 0) const;

  pid_t pid_;
  bool ended_ = false;
};

/// Runs a program and kills it at its `count`th system call. Whether that was before its end.
bool killed_at(const std::vector<std::string>& argv, unsigned count);
/// Runs a program to its end; the first of its children that are `program` to make a `count`th system call,
/// counted over all of them, is killed there. Whether there was one.
bool child_killed_at(const std::vector<std::string>& argv, const std::string& program, unsigned count);
/// How many system calls further the next one is killed: LODGER_KILL_STEP, where it is set; 1 tries all of
/// them.
unsigned kill_step(unsigned usual);

}  // namespace lodger::test
