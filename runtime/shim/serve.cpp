#include "runtime/shim/serve.hpp"

#include <sys/prctl.h>

#include "kernel/file.hpp"
#include "runtime/shim/children.hpp"
#include "runtime/shim/rest.hpp"
#include "runtime/shim/tasks.hpp"

namespace lodger::shim {

/// A log that nobody reads must not hold up the containers: what does not fit is lost.
void log(cli::Level level, std::string_view message) {
  (void)kernel::write_some(2, cli::text_record(level, message));
}

Outcome<> serve(Service service) {
  TRY(explained(kernel::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "becoming a subreaper"));
  auto loop = TRY(Loop::make());
  const auto warn = [](std::string_view line) { log(cli::Level::warning, line); };
  Publisher publisher(loop, service.bootstrap.ttrpc_address, service.name_space, warn);
  Rest rest(loop);
  // While the library is at work its own children are among ours, and it waits for them itself.
  std::function<void()> reap;
  const auto work = TRY(Work::make(loop, [&] {
    reap();
    rest.begin();
  }));
  Tasks tasks({loop, *work, publisher, warn, service.name_space, service.bootstrap.options, [&] { reap(); }});
  reap = [&] {
    if (!work->any()) reap_children([&](pid_t pid) { return tasks.has(pid); });
  };
  const auto children = TRY(Children::watch(loop, reap, [&] { loop.stop(); }));
  Server server(loop, std::move(service.listener), [&](const wire::Request& request, const Reply& reply) {
    tasks.serve(request, reply);
    rest.begin();
  });
  TRY(server.listen());
  auto served = loop.run();
  (void)kernel::unlinkat(kernel::cwd, service.socket.c_str());  // a new shim may have removed it
  return served;
}

}  // namespace lodger::shim
