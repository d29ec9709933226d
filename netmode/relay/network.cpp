#include "netmode/relay/network.hpp"

#include <fmt/core.h>

#include "kernel/credentials.hpp"
#include "kernel/file.hpp"
#include "kernel/namespace.hpp"
#include "kernel/process.hpp"

namespace lodger::netmode::relay {
namespace {

/// Who makes a user namespace has every capability in it from its parent, whatever they have else
/// (user_namespaces(7), "Capabilities"): root, as the maker, would hand that to a container's root. So its
/// maker is nobody that runs anything; the second one is for a user namespace of 65,536 users.
constexpr unsigned makers[] = {0xfffdfffd, 65533};

/// Only the effective user changes: the right to undo it, and what makes namespaces where ordinary users may
/// make none, stay.
kernel::Result<> become_maker(Maker maker) {
  const auto permitted = TRY(kernel::permitted_capabilities());
  auto became = kernel::set_effective_uid(makers[0]);
  if (!became) became = kernel::set_effective_uid(makers[1]);
  const bool alone = !became && became.error().code == EINVAL;  // a user namespace without these numbers
  if (alone && maker == Maker::anybody) return {};
  TRY(became);
  return kernel::capset(permitted, permitted, 0);  // a change from 0 has taken the effective ones
}

constexpr kernel::Error no_error{nullptr, 0};

/// The child. It says which step failed, or no_error; whoever forked it has its literals, too.
[[noreturn]] void hold(const kernel::Fd<kernel::File>& say, const kernel::Fd<kernel::File>& leash,
                       Maker maker) {
  // Others may be forked off with us, whose ends would be kept open here.
  if (!kernel::place(say.get(), 1) || !kernel::place(leash.get(), 0) || !kernel::close_from(2))
    kernel::exit(1);
  auto made = become_maker(maker);
  if (made) made = kernel::unshare(CLONE_NEWUSER | CLONE_NEWNET);
  const auto told = made ? no_error : made.error();
  (void)kernel::write_all(1, {reinterpret_cast<const char*>(&told), sizeof told});
  char nothing;
  (void)kernel::read(0, {&nothing, 1});  // until we let go, or end
  kernel::exit(0);
}

/// A child that does nothing but live in its namespaces, until this object goes.
class Holder {
 public:
  static kernel::Result<Holder> make(Maker maker) {
    auto said = TRY(kernel::pipe()), leash = TRY(kernel::pipe());
    int pidfd = -1;
    clone_args how{};
    how.flags = CLONE_PIDFD;
    how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    how.exit_signal = SIGCHLD;
    const auto pid = TRY(kernel::fork3(how));
    if (pid == 0) hold(said.writer, leash.reader, maker);
    Holder holder(pid, kernel::Fd<kernel::Process>(pidfd), std::move(leash.writer));
    said.writer = {};
    auto told = no_error;
    const auto size = TRY(kernel::read(said.reader.get(), {reinterpret_cast<char*>(&told), sizeof told}));
    if (size != sizeof told) return kernel::fail("clone3", ECHILD);
    if (told.call) return std::unexpected(told);
    return holder;
  }
  Holder(Holder&&) = default;
  Holder& operator=(Holder&&) = delete;
  ~Holder() {
    if (!process_) return;
    (void)kernel::send_signal(process_, SIGKILL);
    (void)kernel::wait(process_);
  }
  pid_t pid() const { return pid_; }

 private:
  Holder(pid_t pid, kernel::Fd<kernel::Process> process, kernel::Fd<kernel::File> leash)
      : pid_(pid), process_(std::move(process)), leash_(std::move(leash)) {}
  pid_t pid_;
  kernel::Fd<kernel::Process> process_;
  kernel::Fd<kernel::File> leash_;
};

/// Root, so that pasta may open /dev/net/tun where that is root's alone.
kernel::Result<> write_map(pid_t pid, const char* name) {
  const auto path = fmt::format("/proc/{}/{}", pid, name);
  const auto file = TRY(kernel::openat(kernel::cwd, path.c_str(), O_WRONLY));
  return kernel::write_all(file.get(), "0 0 1");
}

}  // namespace

Outcome<kernel::Fd<kernel::Namespace>> make_network(Maker maker) {
  constexpr std::string_view doing = "--network relay: making a network namespace";
  const auto holder = TRY(explained(Holder::make(maker), doing));
  TRY(explained(write_map(holder.pid(), "uid_map"), doing));
  TRY(explained(write_map(holder.pid(), "gid_map"), doing));
  const auto path = fmt::format("/proc/{}/ns/net", holder.pid());
  return TRY(explained(kernel::openat<kernel::Namespace>(kernel::cwd, path.c_str(), O_RDONLY), path));
}

}  // namespace lodger::netmode::relay
