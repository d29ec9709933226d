#include "runtime/shim/serve.hpp"

#include <sys/prctl.h>

#include "kernel/file.hpp"
#include "runtime/shim/abandonment.hpp"
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
  Loggers loggers(loop);
  Rest rest(loop);
  // While the library is at work its own children are among ours, and it waits for them itself.
  std::function<void()> reap;
  const auto work = TRY(Work::make(loop, [&] {
    reap();
    rest.begin();
  }));
  std::function<void()> end;
  Tasks tasks({loop, *work, publisher, loggers, warn, service.name_space, service.socket,
               service.bootstrap.options, [&] { reap(); }, [&] { end(); }});
  reap = [&] {
    if (!work->any()) reap_children([&](pid_t pid) { return tasks.has(pid); });
  };
  const auto children = TRY(Children::watch(loop, reap, [&] { loop.stop(); }));
  std::function<void()> look;
  Server server(
      loop, std::move(service.listener),
      [&](const wire::Request& request, const Reply& reply) {
        tasks.serve(request, reply);
        rest.begin();
      },
      [&] { look(); });
  Abandonment abandonment(
      loop, std::move(service.bundle), [&] { return server.is_alone() && tasks.empty(); },
      [&] { tasks.end_if_empty(); });
  look = [&] { abandonment.look(); };
  TRY(server.listen());
  // The path is free first: whoever finds nobody there becomes the next shim.
  const auto leave = [&] {
    if (!server.serves()) return;
    (void)kernel::unlinkat(kernel::cwd, service.socket.c_str());
    server.close();
  };
  end = [&] {
    leave();
    loggers.when_none([&] { loop.stop(); });
  };
  abandonment.look();
  auto served = loop.run();
  leave();
  // A thread that is at work still has its hands on all of this.
  if (work->any()) kernel::exit(served ? 0 : 1);
  return served;
}

}  // namespace lodger::shim
