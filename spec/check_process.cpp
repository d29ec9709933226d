// The clauses of "process". Source: runtime-spec 1.3, config.md, "Process" and below.
#include <fmt/core.h>

#include <limits>

#include "spec/clauses.hpp"
#include "spec/json.hpp"

namespace lodger::spec {

namespace {

Outcome<> args(const Process& process) {
  if (process.command_line) return refuse("process.commandLine: for Windows only; use process.args");
  if (process.args.empty()) return refuse("process.args: must have at least one entry, the program");
  return {};
}

/// environ(7): "name=value". execve(2) takes anything, and what has no name no program finds.
Outcome<> env(const Process& process) {
  for (std::size_t i = 0; i < process.env.size(); ++i) {
    const auto equals = process.env[i].find('=');
    if (equals == std::string::npos)
      return refuse(fmt::format("process.env[{}]: expected NAME=VALUE, found {}", i, quoted(process.env[i])));
    if (equals == 0)
      return refuse(fmt::format("process.env[{}]: the name is empty in {}", i, quoted(process.env[i])));
  }
  return {};
}

Outcome<> cwd(const Process& process) {
  if (process.cwd.starts_with('/')) return {};
  return refuse(fmt::format("process.cwd: must be an absolute path, found {}", quoted(process.cwd)));
}

/// struct winsize of ioctl_tty(2) has 16 bits for each.
Outcome<> console_size(const Process& process) {
  constexpr unsigned most = std::numeric_limits<unsigned short>::max();
  const auto& box = process.console_size;
  if (!box || (box->height <= most && box->width <= most)) return {};
  return refuse(fmt::format("process.consoleSize: {} x {} is more than a terminal's {} x {}", box->width,
                            box->height, most, most));
}

Outcome<> rlimits(const Process& process) {
  const auto& list = process.rlimits;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].soft > list[i].hard)
      return refuse(fmt::format("process.rlimits[{}].soft: {} is above the hard limit of {}", i, list[i].soft,
                                list[i].hard));
    for (std::size_t earlier = 0; earlier < i; ++earlier)
      if (list[earlier].type == list[i].type)
        return refuse(
            fmt::format("process.rlimits[{}].type: the same as that of process.rlimits[{}]", i, earlier));
  }
  return {};
}

/// proc(5), oom_score_adj.
Outcome<> oom_score_adj(const Process& process) {
  if (!process.oom_score_adj || (*process.oom_score_adj >= -1000 && *process.oom_score_adj <= 1000))
    return {};
  return refuse(fmt::format("process.oomScoreAdj: expected -1000 to 1000, found {}", *process.oom_score_adj));
}

/// umask(2) keeps nine bits and drops the rest without a word. -1 as an id means "leave it" to setresuid(2).
Outcome<> user(const Process& process) {
  const User& user = process.user;
  if (user.umask && *user.umask > 0777)
    return refuse(fmt::format("process.user.umask: expected 0 to 511 (octal 777), found {}", *user.umask));
  constexpr auto none = static_cast<uid_t>(-1);
  if (user.uid == none || user.gid == none)
    return refuse(fmt::format("process.user: {} is no user or group", none));
  for (std::size_t i = 0; i < user.additional_gids.size(); ++i)
    if (user.additional_gids[i] == none)
      return refuse(fmt::format("process.user.additionalGids[{}]: {} is no group", i, none));
  return {};
}

constexpr Clause<Process> clauses[] = {args, env, cwd, user, console_size, rlimits, oom_score_adj};

}  // namespace

std::span<const Clause<Process>> process_clauses() { return clauses; }

}  // namespace lodger::spec
