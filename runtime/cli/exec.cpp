#include "runtime/container/exec.hpp"

#include <fmt/core.h>

#include <utility>

#include "runtime/cli/command.hpp"
#include "runtime/container/source.hpp"

namespace lodger::cli {
namespace {

std::vector<Flag> exec_flags(container::ExecRequest& request, std::string& process,
                             std::vector<std::string>& user) {
  return {
      {"console-socket", 0, "SOCKET", "where to send the terminal's master end", &request.console_socket},
      {"pidfd-socket", 0, "SOCKET", "where to send a pidfd of the process", &request.pidfd_socket},
      {"cwd", 0, "PATH", "working directory in the container", &request.cwd},
      {"env", 'e', "NAME=VALUE", "a further environment variable; may be repeated", &request.env},
      {"tty", 't', "", "give the process a terminal", &request.terminal},
      {"user", 'u', "UID[:GID]", "run as this user and group, by number", &user},
      {"additional-gids", 'g', "GID", "a further group, by number; may be repeated", &request.groups},
      {"process", 'p', "FILE", "read the whole process from this file", &process},
      {"detach", 'd', "", "return once the process has started", &request.detach},
      {"pid-file", 0, "FILE", "where to write the process id", &request.pid_file},
      {"process-label", 0, "LABEL", "SELinux label of the process", &request.process_label},
      {"apparmor", 0, "PROFILE", "AppArmor profile of the process", &request.apparmor},
      {"no-new-privs", 0, "", "never let it gain privileges", &request.no_new_privileges},
      {"cap", 'c', "CAPABILITY", "a further capability; may be repeated", &request.capabilities},
      {"preserve-fds", 0, "N", "hand on N descriptors behind stdio and $LISTEN_FDS", &request.preserve_fds},
      {"cgroup", 0, "[CONTROLLER,...:]PATH", "run in this cgroup below the container's; may be repeated",
       &request.cgroups},
      {"ignore-paused", 0, "", "also in a paused container: it goes on with the others",
       &request.ignore_paused},
  };
}

/// Peers take no notice of them. --tty is not among them: callers give it there, and the file decides.
Outcome<> check_alone(const container::ExecRequest& request) {
  const std::pair<const char*, bool> given[] = {
      {"a command", !request.args.empty()},
      {"--cwd", !request.cwd.empty()},
      {"--env", !request.env.empty()},
      {"--user", request.user.has_value()},
      {"--additional-gids", !request.groups.empty()},
      {"--process-label", !request.process_label.empty()},
      {"--apparmor", !request.apparmor.empty()},
      {"--no-new-privs", request.no_new_privileges},
      {"--cap", !request.capabilities.empty()},
  };
  for (const auto& [what, is_given] : given)
    if (is_given)
      return refuse(
          fmt::format("exec: --process and {} exclude each other: the file says all of the process", what),
          EINVAL);
  return {};
}

Outcome<> take_process(container::ExecRequest& request, const std::string& process,
                       const std::vector<std::string>& user) {
  if (!user.empty()) request.user = user.back();
  if (!process.empty()) TRY(check_alone(request));
  if (process.empty() && request.args.empty())
    return refuse("exec: wanted is a command behind the container's id, or --process", EINVAL);
  if (!process.empty()) request.process = TRY(container::read_file(process, container::Pipe::allowed));
  return {};
}

}  // namespace

Outcome<int> exec(const Context& context, Words words) {
  container::ExecRequest request;
  std::string process;
  std::vector<std::string> user;  // a list: an empty word is no user, but it was given
  const auto flags = exec_flags(request, process, user);
  const Usage usage{"exec",
                    "<container-id> [command [argument...]]",
                    "Runs a further process in a container, waits for it and gives its exit status.",
                    1,
                    any_number,
                    Order::first};
  const auto given = TRY(arguments(context, words, usage, flags));
  if (!given) return 0;
  // Not for a wrong call. From here on callers have to tell a failure from the process's own status.
  context.globals.failure = 255;
  request.id = given->words.front();
  request.args.assign(given->words.begin() + 1, given->words.end());
  // "exec ID -- command": the id has ended the flags already.
  if (!request.args.empty() && request.args.front() == "--") request.args.erase(request.args.begin());
  TRY(take_process(request, process, user));
  return container::exec(context.store, request, context.notices);
}

}  // namespace lodger::cli
