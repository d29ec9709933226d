#include "runtime/shim/start.hpp"

#include <fmt/core.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cgroups/join.hpp"
#include "kernel/file.hpp"
#include "runtime/container/source.hpp"
#include "runtime/shim/leavings.hpp"
#include "runtime/shim/serve.hpp"
#include "runtime/shim/socket.hpp"
#include "spec/text.hpp"

namespace lodger::shim {
namespace {

Outcome<std::string> standard_input() {
  constexpr std::size_t most = 10U << 20;  // as containerd has it
  std::string text;
  for (char part[4096];;) {
    const auto size = TRY(explained(kernel::read(0, part), "reading containerd's parameters from stdin"));
    if (size == 0) return text;
    text.append(part, size);
    if (text.size() > most) return refuse("containerd's parameters: larger than 10 MiB", EFBIG);
  }
}

/// containerd is to outlive its shims where memory runs out, and they their containers. proc(5).
void stand_behind_containerd() {
  constexpr int most = 1000;
  const auto of_parent = container::read_file(fmt::format("/proc/{}/oom_score_adj", ::getppid()));
  if (!of_parent) return;
  const auto score = spec::whole_number<int>(std::string_view(*of_parent).substr(0, of_parent->find('\n')));
  const auto own = kernel::openat(kernel::cwd, "/proc/self/oom_score_adj", O_WRONLY);
  // An ordinary user may only raise it: then it stays as it is.
  if (score && own) (void)kernel::write_once(own->get(), std::to_string(std::min(*score + 1, most)));
}

/// prctl(2), PR_SCHED_CORE: containerd wants the container and its shim on cores of their own.
Outcome<> take_core() {
  constexpr int group = 2;  // PR_SCHED_CORE_SCOPE_PROCESS_GROUP
  if (!::getenv("SCHED_CORE")) return {};
  return explained(kernel::prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, group, 0), "core scheduling");
}

/// Nothing of containerd's stays open, what it lets its children inherit by mistake included: it waits for
/// the end of our output. stderr becomes its log, which may have no reader.
Outcome<> leave_containerd(const kernel::Fd<kernel::Socket>& listener) {
  constexpr std::string_view doing = "detaching the shim from containerd";
  auto null = TRY(explained(kernel::openat(kernel::cwd, "/dev/null", O_RDWR), doing));
  auto log = kernel::openat(kernel::cwd, "log", O_RDWR | O_NONBLOCK);
  TRY(explained(kernel::place(null.get(), 0), doing));
  TRY(explained(kernel::place(null.get(), 1), doing));
  TRY(explained(kernel::place(log ? log->get() : null.get(), 2), doing));
  null = {};
  if (log) *log = {};
  const auto kept = static_cast<unsigned>(listener.get());
  TRY(explained(kernel::close_all(3, kept - 1), doing));
  TRY(explained(kernel::close_from(kept + 1), doing));
  return explained(kernel::setsid(), doing);
}

/// The cgroup has to be there: it is for whoever limits shims to make it.
Outcome<> take_cgroup(const std::string& path) {
  if (path.empty()) return {};
  const auto layout = TRY(cgroups::detect());
  auto joined = cgroups::join(layout, path);
  if (!joined) joined.error().text = fmt::format("option ShimCgroup \"{}\": {}", path, joined.error().text);
  return joined;
}

[[noreturn]] void stay(Service service) {
  const auto socket = service.socket;
  auto served = leave_containerd(service.listener);
  if (served) served = shim::serve(std::move(service));
  if (served) kernel::exit(0);
  (void)remove_dead_socket(socket);
  log(cli::Level::error, served.error().text);
  kernel::exit(1);
}

/// What a shim has of its surroundings it has from this process: it is a copy of it.
Outcome<> leave_shim(Service& service, const Options& options) {
  TRY(take_core());
  TRY(take_cgroup(options.shim_cgroup));
  stand_behind_containerd();
  clone_args how{};
  how.exit_signal = SIGCHLD;
  const auto pid = TRY(explained(kernel::fork3(how), "leaving a shim behind"));
  if (pid == 0) stay(std::move(service));
  return {};
}

}  // namespace

Outcome<std::string> start(const Invocation& invocation) {
  const auto input = TRY(standard_input());
  Service service{TRY(Bundle::here()), {}, {}, {}, {}};
  service.bootstrap = TRY(read_bootstrap(input, invocation));
  service.name_space = invocation.name_space;
  const auto options = TRY(decode_options(service.bootstrap.options));
  const auto config = TRY(container::read_file("config.json"));
  const auto group = TRY(group_of(config, invocation.id));
  service.socket = socket_path(service.bootstrap, service.name_space, group);
  // First: "delete" finds by it what a killed one leaves.
  TRY(leave_address(service.bundle.path(), service.socket));
  service.listener = TRY(take_socket(service.socket));
  if (!service.listener) return bootstrap_answer(service.bootstrap, service.socket);
  const auto left = leave_shim(service, options);
  // While it is open: who finds it closed takes the path for another.
  if (!left) (void)kernel::unlinkat(kernel::cwd, service.socket.c_str());
  TRY(left);
  return bootstrap_answer(service.bootstrap, service.socket);
}

}  // namespace lodger::shim
