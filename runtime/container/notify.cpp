#include "runtime/container/notify.hpp"

#include <fmt/core.h>

#include "kernel/credentials.hpp"
#include "runtime/container/environment.hpp"
#include "runtime/container/notify_text.hpp"

namespace lodger::container {
namespace {

constexpr const char* folder_name = "notify";
constexpr const char* socket_name = "notify.sock";
constexpr std::string_view inside = "/run/notify";
constexpr std::string_view variable = "NOTIFY_SOCKET=";

std::string_view wanted() { return own_variable("NOTIFY_SOCKET"); }

kernel::Result<kernel::Fd<kernel::Path>> open_folder(const Folder& folder) {
  return kernel::openat<kernel::Path>(folder.fd(), folder_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/// Bound anew by each start: what an earlier one left has no listener any more.
kernel::Result<kernel::Fd<kernel::Socket>> bind_socket(const kernel::Fd<kernel::Path>& folder) {
  auto socket = TRY(kernel::unix_socket(SOCK_DGRAM));
  (void)kernel::unlinkat(folder.get(), socket_name);
  // By the folder's descriptor: a state root may be longer than sun_path.
  const auto address =
      TRY(kernel::unix_address(fmt::format("/proc/self/fd/{}/{}", folder.get(), socket_name).c_str()));
  // For whoever the process runs as. Not by a chmod of the name: a container that may mount can write to the
  // folder, and could put a link there.
  const auto callers = kernel::umask(0);
  const auto bound = kernel::bind(socket, address);
  kernel::umask(callers);
  TRY(bound);
  return socket;
}

Outcome<kernel::Fd<kernel::Socket>> connect_to_host() {
  const auto to = TRY(notify_address(wanted()));
  const auto doing = fmt::format("NOTIFY_SOCKET {}", wanted());
  auto socket = TRY(explained(kernel::unix_socket(SOCK_DGRAM), doing));
  TRY(explained(kernel::limit_sending(socket, 5), doing));  // s; a manager that reads nothing would hold us
  TRY(explained(kernel::connect(socket, to.address, to.size), doing));
  return socket;
}

}  // namespace

Outcome<> offer_notify(const Store& store, const std::string& id, Source& source) {
  if (wanted().empty() || !source.config.process) return {};
  TRY(notify_address(wanted()));
  source.config.mounts.push_back({.destination = std::string(inside),
                                  .type = "bind",
                                  .source = fmt::format("{}/{}/{}", store.root(), id, folder_name),
                                  .options = {"bind", "ro", "nosuid", "noexec", "nodev"}});
  auto& env = source.config.process->env;
  std::erase_if(env, [](const std::string& entry) { return entry.starts_with(variable); });
  env.push_back(fmt::format("{}{}/{}", variable, inside, socket_name));
  source.notify = true;
  return {};
}

Outcome<> make_notify_folder(const Folder& folder) {
  constexpr std::string_view doing = "making the folder of the notify socket";
  TRY(explained(kernel::mkdirat(folder.fd(), folder_name, 0755), doing));
  return explained(kernel::fchmodat(folder.fd(), folder_name, 0755), doing);  // whatever the umask
}

Outcome<std::optional<Notify>> Notify::open(const Folder& folder) {
  if (wanted().empty()) return std::nullopt;
  constexpr std::string_view doing = "making the container's notify socket";
  auto notify_folder = open_folder(folder);
  if (!notify_folder && notify_folder.error().code == ENOENT) return std::nullopt;
  Notify made;
  made.folder_ = TRY(explained(std::move(notify_folder), doing));
  made.host_ = TRY(connect_to_host());
  made.socket_ = TRY(explained(bind_socket(made.folder_), doing));
  return Outcome<std::optional<Notify>>(std::move(made));
}

Notify::~Notify() {
  if (socket_) (void)kernel::unlinkat(folder_.get(), socket_name);
}

Outcome<bool> Notify::pass_on(pid_t main_pid) const {
  char datagram[4097];  // longer ones than 4096 bytes are cut by read(2), told by the last byte, and dropped
  const auto size =
      TRY(explained(kernel::read(socket_.get(), datagram), "reading a notification of the container"));
  if (size == sizeof datagram) return false;
  auto text = notify_text({datagram, size});
  if (text.lines.empty()) return false;
  if (text.ready) text.lines += fmt::format("MAINPID={}\n", main_pid);
  TRY(explained(kernel::send(host_.get(), text.lines), fmt::format("NOTIFY_SOCKET {}: sending", wanted())));
  return text.ready;
}

/// sd_notify_barrier(3): the manager closes the descriptor when it has come to it. Without that it might look
/// for the sender of READY=1 only when we are gone, and not know whose service it was.
Outcome<> Notify::await_taken() const {
  constexpr long patience = 5000;  // ms; whoever does not know barriers drops the descriptor at once
  constexpr std::string_view doing = "waiting for the service manager";
  auto pipe = TRY(explained(kernel::pipe(), doing));
  const int fds[] = {pipe.writer.get()};
  TRY(explained(kernel::send(host_.get(), std::string_view("BARRIER=1"), fds), doing));
  pipe.writer = {};
  pollfd closed{pipe.reader.get(), 0, 0};
  TRY(explained(kernel::poll({&closed, 1}, patience), doing));
  return {};
}

Outcome<> Notify::await_ready(const kernel::Fd<kernel::Process>& process, pid_t main_pid) const {
  constexpr int most_after_end =
      1000;  // datagrams: more than a socket's queue holds (net.unix.max_dgram_qlen)
  int after_end = 0;
  pollfd set[] = {{socket_.get(), POLLIN, 0}, {process.get(), POLLIN, 0}};
  for (;;) {
    TRY(explained(kernel::poll(set, -1), "waiting for the container to be ready"));
    // Its last words count; whoever else has the socket does not keep us here.
    if (set[1].revents && ++after_end > most_after_end) return {};
    if (set[0].revents) {
      if (TRY(pass_on(main_pid))) return await_taken();
    } else if (set[1].revents) {
      return {};
    }
  }
}

}  // namespace lodger::container
