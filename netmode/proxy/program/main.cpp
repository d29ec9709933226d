// lodger-proxy: published ports without NAT. Started by lodger (netmode/proxy/proxy.hpp), or by hand.
#include <cstdio>
#include <cstring>

#include "netmode/proxy/program/command_line.hpp"
#include "netmode/proxy/program/confine.hpp"
#include "netmode/proxy/program/session.hpp"

namespace {

using namespace lodger;
using namespace lodger::netmode::proxy;

/// Nobody's terminal, folder or signals are ours; a socket that its peer has closed is told by EPIPE, and not
/// by a signal as well. SIGTERM does what it always does.
kernel::Result<> detach(std::uint64_t signals_left) {
  TRY(kernel::signal_mask(SIG_SETMASK, ~signals_left));
  return kernel::chdir("/");
}

int failed(const char* what, const kernel::Error& error) {
  std::fprintf(stderr, "lodger-proxy: %s: %s: %s\n", what, error.call, std::strerror(error.code));
  return 1;
}

kernel::Result<> start(Server& server, const CommandLine& line) {
  kernel::Fd<kernel::Process> container;
  if (line.until) container = TRY(kernel::pidfd_open(line.until));
  TRY(server.prepare());
  TRY(confine());
  return server.begin(line.serve, std::move(container));
}

int serve_by_hand(Server& server, const CommandLine& line) {
  std::uint64_t limit = 0;
  const auto room = server.make_room(line.rows.all_tcp, line.rows.all_udp, limit);
  if (!room) return failed("the limit of descriptors", room.error());
  if (!*room) return failed("too many ports", {"RLIMIT_NOFILE", EMFILE});
  for (const Row& row : std::span(line.rows.rows, line.rows.count)) {
    const auto opened = server.doors().open(row, [](std::uint16_t port) { std::printf("port %u\n", port); });
    if (opened) continue;
    std::fprintf(stderr, "port %u: ", opened.error().port);
    return failed("opening it", opened.error().error);
  }
  std::fflush(stdout);
  if (const auto started = start(server, line); !started) return failed("starting", started.error());
  (void)kernel::write_once(STDOUT_FILENO, std::string_view("ready\n"));
  const auto served = server.run({});
  return served ? 0 : failed("serving", served.error());
}

}  // namespace

int main(int argc, char** argv) {
  static Server server;
  static CommandLine line;
  constexpr auto bit = [](int signal) { return std::uint64_t{1} << (signal - 1); };
  const bool by_hand = argc > 1;
  if (const auto detached = detach(bit(SIGTERM) | (by_hand ? bit(SIGINT) : 0)); !detached)
    return failed("starting", detached.error());
  if (!by_hand) return serve_lodger(server, kernel::Fd<kernel::Socket>(0));
  if (std::strcmp(argv[1], "--help") == 0) return std::fputs(usage, stdout) < 0;
  if (const char* wrong = read_command_line(std::span(argv + 1, static_cast<std::size_t>(argc - 1)), line)) {
    std::fprintf(stderr, "lodger-proxy: %s\n%s", wrong, usage);
    return 2;
  }
  return serve_by_hand(server, line);
}
