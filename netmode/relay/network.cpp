#include "netmode/relay/network.hpp"

#include <fmt/core.h>

#include "kernel/file.hpp"
#include "kernel/process.hpp"

namespace lodger::netmode::relay {
namespace {

/// A child that does nothing but live in its namespaces, until this object goes.
class Holder {
 public:
  static kernel::Result<Holder> make() {
    Holder holder;
    auto pipe = TRY(kernel::pipe());
    int pidfd = -1;
    clone_args how{};
    how.flags = CLONE_PIDFD | CLONE_NEWUSER | CLONE_NEWNET;
    how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    how.exit_signal = SIGCHLD;
    holder.pid_ = TRY(kernel::fork3(how));
    if (holder.pid_ == 0) {
      (void)kernel::raw(__NR_close, pipe.writer.get());
      char nothing;
      (void)kernel::read(pipe.reader.get(), {&nothing, 1});  // until we let go, or end
      kernel::exit(0);
    }
    holder.process_ = kernel::Fd<kernel::Process>(pidfd);
    holder.leash_ = std::move(pipe.writer);
    return holder;
  }
  Holder(Holder&&) = default;
  Holder& operator=(Holder&&) = delete;
  ~Holder() {
    leash_ = {};
    if (process_) (void)kernel::wait(process_);
  }
  pid_t pid() const { return pid_; }

 private:
  Holder() = default;
  pid_t pid_ = 0;
  kernel::Fd<kernel::Process> process_;
  kernel::Fd<kernel::File> leash_;
};

kernel::Result<> write_map(pid_t pid, const char* name) {
  const auto path = fmt::format("/proc/{}/{}", pid, name);
  const auto file = TRY(kernel::openat(kernel::cwd, path.c_str(), O_WRONLY));
  return kernel::write_all(file.get(), "0 0 1");
}

}  // namespace

Outcome<kernel::Fd<kernel::Namespace>> make_network() {
  constexpr std::string_view doing = "--network relay: making a network namespace";
  const auto holder = TRY(explained(Holder::make(), doing));
  TRY(explained(write_map(holder.pid(), "uid_map"), doing));
  TRY(explained(write_map(holder.pid(), "gid_map"), doing));
  const auto path = fmt::format("/proc/{}/ns/net", holder.pid());
  return TRY(explained(kernel::openat<kernel::Namespace>(kernel::cwd, path.c_str(), O_RDONLY), path));
}

}  // namespace lodger::netmode::relay
