#include "runtime/launch/child.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <charconv>

#include "runtime/launch/init_image.hpp"

namespace lodger::launch {
namespace {

/// What the new process needs between clone and exec. It runs in our memory, so it may only make system
/// calls, and can say through `error` what went wrong.
struct Leap {
  int image, socket, memory;
  int first;  // the number the socket gets; the memory gets the next
  const char* argv[3];
  const char* envp[1];
  Streams streams;
  int cgroup = -1;  // to be entered from here, where nobody could be born in it
  bool begun = false;
  kernel::Error error{"", 0};
};

kernel::Result<> enter(int cgroup) {
  const auto processes = TRY(kernel::openat(cgroup, "cgroup.procs", O_WRONLY));
  return kernel::write_once(processes.get(), std::span("0", 1));
}

kernel::Error leap(Leap& leap) {
  leap.begun = true;
  if (leap.cgroup >= 0)
    if (auto entered = enter(leap.cgroup); !entered) return entered.error();
  // Before the two: their numbers may be those of the streams until now.
  for (int number = 0; number < 3; ++number)
    if (const int stream = leap.streams[static_cast<std::size_t>(number)]; stream >= 0)
      if (auto placed = kernel::place(stream, number); !placed) return placed.error();
  if (auto placed = kernel::place(leap.socket, leap.first); !placed) return placed.error();
  if (auto placed = kernel::place(leap.memory, leap.first + 1); !placed) return placed.error();
  return kernel::execute(leap.image, leap.argv, leap.envp);
}

[[noreturn]] void run_leap(void* argument) {
  auto& taken = *static_cast<Leap*>(argument);
  taken.error = leap(taken);
  kernel::exit(127);
}

Failure image_failure(kernel::Error error) {
  auto failure = explain("making the container's init an executable memory file", error);
  if (error.code == EACCES) failure.text += " (the sysctl vm.memfd_noexec must be 0 or 1)";
  return failure;
}

/// The same file under a number that the two fixed ones cannot overwrite.
template <class Kind>
kernel::Result<> move_above(kernel::Fd<Kind>& fd, int number) {
  if (fd.get() > number) return {};
  fd = TRY(kernel::duplicate(fd, number + 1));
  return {};
}

struct Born {
  pid_t pid;
  kernel::Fd<kernel::Process> process;
};

kernel::Result<Born> clone_init(Leap& taken, std::uint64_t namespaces, int birthplace) {
  alignas(16) char stack[16384];
  int pidfd = -1;
  clone_args how{};
  how.flags = namespaces | CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
  how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  how.exit_signal = SIGCHLD;
  how.stack = reinterpret_cast<std::uintptr_t>(stack);
  how.stack_size = sizeof stack;
  if (birthplace >= 0) {
    how.flags |= CLONE_INTO_CGROUP;
    how.cgroup = static_cast<std::uint64_t>(birthplace);
  }
  const pid_t pid = TRY(kernel::vfork3(how, run_leap, &taken));
  return Born{pid, kernel::Fd<kernel::Process>(pidfd)};
}

/// The kernel kills a process at its birth in a cgroup whose cgroup.kill has been written to another number
/// of times than our own cgroup's: it compares the two counts, which have nothing to do with each other
/// (cgroup_css_set_fork() and cgroup_post_fork(); seen with 6.18). Init has to walk in then.
kernel::Result<Born> bear_init(Leap& taken, std::uint64_t namespaces, int birthplace) {
  auto born = TRY(clone_init(taken, namespaces, birthplace));
  if (birthplace < 0 || taken.begun) return born;
  TRY(kernel::wait(born.process));
  taken.cgroup = birthplace;
  return clone_init(taken, namespaces, -1);
}

}  // namespace

Outcome<Child> Child::spawn(const plan::Memory& memory, const plan::Built& built, int birthplace,
                            const Streams& streams) {
  constexpr std::string_view doing = "starting the container's init";
  auto pair = TRY(explained(kernel::socket_pair(SOCK_SEQPACKET), doing));
  auto image = init_image();
  if (!image) return std::unexpected(image_failure(image.error()));
  const int first = 3 + static_cast<int>(built.plan->preserve_fds);
  kernel::Fd<kernel::Memory> plan_file = TRY(explained(
      kernel::opened<kernel::Memory>("fcntl", __NR_fcntl, memory.fd(), F_DUPFD_CLOEXEC, first + 2), doing));
  TRY(explained(move_above(pair.theirs, first + 1), doing));
  TRY(explained(move_above(*image, first + 1), doing));
  char number[12] = {};
  std::to_chars(number, number + sizeof number - 1, first);
  Leap taken{image->get(), pair.theirs.get(), plan_file.get(), first, {"lodger-init", number, nullptr}, {},
             streams};
  auto born = TRY(explained(bear_init(taken, built.first_clone, birthplace), doing));
  Child child(born.pid, std::move(born.process), std::move(pair.ours));
  if (taken.error.code) return std::unexpected(explain(doing, taken.error));
  return child;
}

Child::~Child() {
  if (!ours_ || !process_) return;
  (void)kernel::send_signal(process_, SIGKILL);
  (void)kernel::wait(process_);
}

kernel::Result<> send_order(const kernel::Fd<kernel::Socket>& socket, init::Order order,
                            std::span<const int> fds, bool more) {
  const init::Command command{order, more};
  auto sent = kernel::send(socket.get(), {reinterpret_cast<const char*>(&command), sizeof command}, fds);
  if (!sent && (sent.error().code == EPIPE || sent.error().code == ECONNRESET)) return {};
  return sent;
}

kernel::Result<Message> receive_from(const kernel::Fd<kernel::Socket>& socket) {
  Message message;
  const std::span<char> bytes(reinterpret_cast<char*>(&message.report), sizeof message.report);
  int fd = -1;
  auto got = kernel::receive(socket.get(), bytes, {&fd, 1});
  // An init that ended before it read our orders resets the connection once; what it said comes behind that.
  if (!got && got.error().code == ECONNRESET) got = kernel::receive(socket.get(), bytes, {&fd, 1});
  if (!got) return std::unexpected(got.error());
  if (got->fds) message.fd = kernel::Fd<kernel::File>(fd);
  if (got->size != sizeof message.report) return kernel::fail("init", ECHILD);
  return message;
}

kernel::Result<> Child::order(init::Order order, std::span<const int> fds, bool more) {
  return send_order(socket_, order, fds, more);
}

kernel::Result<> Child::begin(std::span<const int> row) {
  do {
    const auto part = row.first(std::min(row.size(), kernel::most_fds));
    row = row.subspan(part.size());
    TRY(order(init::Order::begin, part, !row.empty()));
  } while (!row.empty());
  return {};
}

kernel::Result<Message> Child::receive() { return receive_from(socket_); }

kernel::Result<> Child::adopt(pid_t pid) {
  auto process = TRY(kernel::pidfd_open(pid));  // our child, not reaped: the number cannot be another's
  TRY(kernel::wait(process_));
  process_ = std::move(process);
  pid_ = pid;
  return {};
}

}  // namespace lodger::launch
