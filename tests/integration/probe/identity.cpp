// Who the process is and what it was given: ids, capabilities, limits, names, arguments, environment.
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <vector>

#include "probe.hpp"

namespace probe {
namespace {

void ids(Words) {
  uid_t r = 0, e = 0, s = 0;
  getresuid(&r, &e, &s);
  say("uid", r), say("euid", e), say("suid", s);
  getresgid(&r, &e, &s);
  say("gid", r), say("egid", e), say("sgid", s);
  std::vector<gid_t> groups(1024);
  groups.resize(static_cast<std::size_t>(std::max(0, getgroups(1024, groups.data()))));
  std::sort(groups.begin(), groups.end());
  std::string text;
  for (const gid_t g : groups) text += (text.empty() ? "" : ",") + std::to_string(g);
  say("groups", text);
}

/// The lines of /proc/self/status, each as status.NAME.
void status(Words) {
  const std::string text = slurp("/proc/self/status");
  if (text.empty()) say("status.errno", errno);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at), colon = text.find(':', at);
    std::size_t value = colon + 1;
    while (value < end && (text[value] == '\t' || text[value] == ' ')) ++value;
    say("status." + text.substr(at, colon - at), text.substr(value, end - value));
    at = end + 1;
  }
}

void umask_verb(Words) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", umask(0));
  say("umask", text);
}

void cwd(Words) {
  char path[4096] = "";
  // The system call and not getcwd(3), which hides "(unreachable)".
  say_errno("cwd", syscall(SYS_getcwd, path, sizeof path));
  say("cwd", path);
}

std::string limit(rlim_t value) { return value == RLIM_INFINITY ? "unlimited" : std::to_string(value); }

void rlimits(Words) {
  static constexpr const char* names[] = {"CPU",      "FSIZE",  "DATA",    "STACK", "CORE",  "RSS",
                                          "NPROC",    "NOFILE", "MEMLOCK", "AS",    "LOCKS", "SIGPENDING",
                                          "MSGQUEUE", "NICE",   "RTPRIO",  "RTTIME"};
  for (unsigned i = 0; i < std::size(names); ++i) {
    rlimit now{};
    getrlimit(static_cast<__rlimit_resource_t>(i), &now);
    say(std::string("rlimit.") + names[i], limit(now.rlim_cur) + ":" + limit(now.rlim_max));
  }
}

void attributes(Words) {
  say("nnp", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  say("securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
  say("dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
  int signal = 0;
  prctl(PR_GET_PDEATHSIG, &signal);
  say("pdeathsig", signal);
  say("personality", personality(0xffffffff));
  say("oom_score_adj", slurp("/proc/self/oom_score_adj"));
  say("pid", getpid());
  say("sid", getsid(0));
  say("policy", syscall(SYS_sched_getscheduler, 0));
  say("ioprio", syscall(SYS_ioprio_get, 1, 0));
  say("nice", getpriority(PRIO_PROCESS, 0));
}

/// sched_getattr(2), sched_getaffinity(2) and get_mempolicy(2), as numbers.
void scheduling(Words) {
  struct {
    unsigned size, policy;
    unsigned long flags;
    int nice;
    unsigned priority;
    unsigned long runtime, deadline, period;
    unsigned util_min, util_max;
  } now{};
  const long got = syscall(SYS_sched_getattr, 0, &now, sizeof now, 0);
  say_errno("sched", got);
  say("sched.policy", static_cast<long>(now.policy));
  say("sched.flags", static_cast<long>(now.flags));
  say("sched.priority", static_cast<long>(now.priority));
  say("sched.runtime", static_cast<long>(now.runtime));
  say("sched.deadline", static_cast<long>(now.deadline));
  say("sched.period", static_cast<long>(now.period));
  unsigned long cpus[128] = {}, nodes[16] = {};
  say_errno("cpus", syscall(SYS_sched_getaffinity, 0, sizeof cpus, cpus));
  say("cpus", static_cast<long>(cpus[0]));
  int mode = -1;
  say_errno("memory", syscall(SYS_get_mempolicy, &mode, nodes, sizeof nodes * 8, 0, 0));
  say("memory.mode", mode);
  say("memory.nodes", static_cast<long>(nodes[0]));
}

/// The session keyring: whether a key "lodger-outside" is found from it, and whether one of our own can be
/// put there and found again. keyctl(2)
void keyring(Words) {
  constexpr int session = -3;  // KEY_SPEC_SESSION_KEYRING
  say_errno("keyring.outside",
            syscall(SYS_keyctl, 10 /* KEYCTL_SEARCH */, session, "user", "lodger-outside", 0));
  say_errno("keyring.add", syscall(SYS_add_key, "user", "lodger-inside", "x", 1, session));
  say_errno("keyring.find", syscall(SYS_keyctl, 10, session, "user", "lodger-inside", 0));
}

void uts(Words) {
  utsname names{};
  uname(&names);
  say("hostname", names.nodename);
  say("domainname", names.domainname);
  say("machine", names.machine);
}

void env(Words) {
  long count = 0;
  for (char** e = environ; *e != nullptr; ++e, ++count) {
    const std::string entry = *e;
    const std::size_t equals = entry.find('=');
    say("env." + entry.substr(0, equals), equals == std::string::npos ? "" : entry.substr(equals + 1));
  }
  say("env.count", count);
}

/// The command line as the kernel keeps it, argv[0] included.
void args(Words) {
  const std::string text = slurp("/proc/self/cmdline");
  long count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const std::size_t end = text.find('\0', at);
    say("arg." + std::to_string(count), text.substr(at, end - at));
    at = end + 1;
  }
  say("arg.count", count);
}

void namespaces(Words) {
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}) {
    char target[128] = "";
    const ssize_t n = readlink((std::string("/proc/self/ns/") + name).c_str(), target, sizeof target - 1);
    say(std::string("ns.") + name, std::string(target, n > 0 ? static_cast<std::size_t>(n) : 0));
  }
}

constexpr Verb verbs[] = {
    {"ids", 0, ids},         {"status", 0, status},   {"umask", 0, umask_verb},
    {"cwd", 0, cwd},         {"rlimits", 0, rlimits}, {"attributes", 0, attributes},
    {"uts", 0, uts},         {"env", 0, env},         {"scheduling", 0, scheduling},
    {"keyring", 0, keyring}, {"args", 0, args},       {"ns", 0, namespaces},
};

}  // namespace

std::span<const Verb> identity_verbs() { return verbs; }

}  // namespace probe
