// A process's standard streams, as containerd names them: FIFOs, files, a program that logs.
//
// A container's own process gets the FIFOs themselves wherever that is possible: what it writes is read by
// containerd's client with no copy in between, and the shim has nothing to do. The shim stands in between for
// a terminal, where a security module judges by a file's name or label (AppArmor, SELinux), where init would
// give the streams to another user than root, and where others may hold them after the process's end.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel/terminal.hpp"
#include "runtime/container/notices.hpp"
#include "runtime/launch/child.hpp"
#include "runtime/shim/logger.hpp"
#include "runtime/shim/output.hpp"
#include "runtime/shim/pump.hpp"

namespace lodger::shim {

struct StreamNames {
  std::string in, out, err;  // empty: /dev/null
  bool terminal = false;
};

/// Who opens them from inside: option IoUid of runc's. `between`: by way of pipes that the shim copies from.
struct StreamOwner {
  std::uint32_t uid = 0, gid = 0;
  bool between = false;
};

class Streams {
 public:
  /// What the names say; nothing is copied yet. A FIFO is held open at both ends, so that neither the end of
  /// containerd nor its return is noticed by the process.
  /// The clients of outputs are waited for, three seconds at most (output.hpp): `notices` takes the names of
  /// those that had none.
  static Outcome<std::unique_ptr<Streams>> open(Loop& loop, StreamNames names, const StreamOwner& owner,
                                                const LoggerCall& call, const container::Notices& notices);
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  const StreamNames& names() const { return names_; }
  /// The process's descriptors 0, 1 and 2: until born().
  launch::Streams given() const;
  /// The process has them: from now on only it keeps its readers waiting. `master`: of its terminal.
  Outcome<> born(kernel::Fd<kernel::Terminal> master);
  /// The process finds the end of its input once all that was written there is read, and whoever else writes
  /// there has closed it. CloseIO of the Task service.
  void close_input();
  Outcome<> resize(std::uint32_t width, std::uint32_t height) const;

  /// The process has ended: calls `then` when all that it has written is passed on, at once where there is
  /// nothing to wait for. With an empty `then` nobody is called any more.
  void when_drained(Pump::Done then);
  /// The process has ended and what it wrote is read. Gives the program that logs, if there is one.
  kernel::Fd<kernel::Process> close();

 private:
  explicit Streams(Loop& loop, StreamNames names) : loop_(loop), names_(std::move(names)) {}
  using File = kernel::Fd<kernel::File>;
  Outcome<> open_input(const StreamOwner& owner);
  Outcome<> open_outputs(const StreamOwner& owner, const LoggerCall& call, const container::Notices& notices);
  Outcome<File> output(const std::string& name, const OutputCall& call, const container::Notices& notices);
  Outcome<File> between(File outer, const StreamOwner& owner, bool input);
  Outcome<> pump(File from, File to, bool output);

  Loop& loop_;
  StreamNames names_;
  File given_[3];
  File input_writer_;  // held until close_input()
  kernel::Fd<kernel::Terminal> master_;
  std::vector<File> readers_;  // of the outputs' FIFOs, held
  struct Pending {
    File from, to;
    bool output;
  };
  std::vector<Pending> pending_;  // pumps that start with the process
  std::vector<std::unique_ptr<Pump>> pumps_;
  std::size_t draining_ = 0;
  Pump::Done drained_;
  std::optional<Logger> logger_;         // until born()
  kernel::Fd<kernel::Process> logging_;  // from then on
};

}  // namespace lodger::shim
