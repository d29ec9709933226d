// config.md, "Process": who the container process is and what it is given.
#include <sys/resource.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/console.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

json& process(Container& box) { return box.config["process"]; }

// --- args, cwd, env

void args(Trial& t) {
  Container& box = t.container();
  process(box)["args"] = {"/bin/probe", "args", ";", "echo", "two words", ";", "echo", ""};
  box.started();
  box.await_stopped();
  const Facts facts(box.output());
  t.expect_eq("number of arguments", "8", facts["arg.count"]);
  t.expect_eq("arguments 0, 4 and 7", "/bin/probe|two words|",
              facts["arg.0"] + "|" + facts["arg.4"] + "|" + facts["arg.7"]);
}

/// "that entry is used with the same semantics as execvp's file": looked for in PATH where it has no slash.
void args_path(Trial& t) {
  Container& box = t.container();
  process(box)["env"] = {"PATH=/nowhere:/bin"};
  process(box)["args"] = {"probe", "args"};
  box.started();
  box.await_stopped();
  t.expect_eq("argument 0", "probe", Facts(box.output())["arg.0"]);
}

void args_empty(Trial& t) {
  Container& box = t.container();
  process(box)["args"] = json::array();
  const Finished created = box.create();
  t.expect_error("a process without args", created.succeeded() ? box.start() : created);
}

void cwd(Trial& t) {
  Container& box = t.container();
  process(box)["cwd"] = "/etc";
  t.expect_eq("working directory", "/etc", box.inside("cwd")["cwd"]);
}

void cwd_relative(Trial& t) {
  Container& box = t.container();
  process(box)["cwd"] = "etc";
  const Finished created = box.create();
  t.expect_error("a relative cwd", created.succeeded() ? box.start() : created);
}

void env(Trial& t) {
  Container& box = t.container();
  process(box)["env"] = {"PATH=/bin", "FIRST=1", "EMPTY=", "EQUALS=a=b", "BLANK=two words"};
  const Facts facts = box.inside("env");
  for (const char* pair : {"PATH=/bin", "FIRST=1", "EMPTY=", "EQUALS=a=b", "BLANK=two words"}) {
    const std::string text = pair, key = text.substr(0, text.find('='));
    t.expect_eq("variable " + key, text.substr(key.size() + 1), facts["env." + key]);
  }
}

/// The runtime's own environment is no part of the configuration.
void env_not_inherited(Trial& t) {
  Container& box = t.container();
  box.payload("env");
  box.created({}, {.env = {"CONFORMANCE_OUTSIDE=1"}});
  t.require_success("start", box.start());
  box.await_stopped();
  const Facts facts(box.output());
  t.expect("a variable of the runtime's environment", !facts.has("env.CONFORMANCE_OUTSIDE"),
           "not to be inside", "it is");
  t.expect_eq("PATH", "/bin", facts["env.PATH"]);
}

// --- user

void user(Trial& t) {
  Container& box = t.container();
  process(box)["user"] = {{"uid", 1234}, {"gid", 5678}};
  const Facts facts = box.inside("ids");
  for (const char* key : {"uid", "euid", "suid"}) t.expect_eq(key, 1234, facts[key]);
  for (const char* key : {"gid", "egid", "sgid"}) t.expect_eq(key, 5678, facts[key]);
}

void additional_gids(Trial& t) {
  Container& box = t.container();
  process(box)["user"] = {{"uid", 1234}, {"gid", 5678}, {"additionalGids", {7, 5, 100000}}};
  t.expect_eq("additional groups", "5,7,100000", box.inside("ids")["groups"]);
}

struct Umask {
  std::string_view name;
  unsigned value;
};
constexpr std::array umasks = {Umask{"0000", 0}, Umask{"0022", 022}, Umask{"0027", 027}, Umask{"0077", 077}};

void umask_value(Trial& t) {
  Container& box = t.container();
  process(box)["user"]["umask"] = umasks[t.row()].value;
  t.expect_eq("umask", umasks[t.row()].name, box.inside("umask")["umask"]);
}

// --- rlimits

struct Limit {
  std::string_view name;
  __rlimit_resource number;
  std::uint64_t soft, hard;
};
constexpr std::array limits = {
    Limit{"RLIMIT_AS", RLIMIT_AS, 1U << 30, 1U << 31},
    Limit{"RLIMIT_CORE", RLIMIT_CORE, 0, 1024},
    Limit{"RLIMIT_CPU", RLIMIT_CPU, 100, 200},
    Limit{"RLIMIT_DATA", RLIMIT_DATA, 1U << 30, 1U << 31},
    Limit{"RLIMIT_FSIZE", RLIMIT_FSIZE, 1U << 20, 1U << 21},
    Limit{"RLIMIT_LOCKS", RLIMIT_LOCKS, 10, 20},
    Limit{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK, 4096, 8192},
    Limit{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE, 1000, 2000},
    Limit{"RLIMIT_NICE", RLIMIT_NICE, 0, 0},
    Limit{"RLIMIT_NOFILE", RLIMIT_NOFILE, 128, 256},
    Limit{"RLIMIT_NPROC", RLIMIT_NPROC, 500, 600},
    Limit{"RLIMIT_RSS", RLIMIT_RSS, 1U << 20, 1U << 21},
    Limit{"RLIMIT_RTPRIO", RLIMIT_RTPRIO, 0, 0},
    Limit{"RLIMIT_RTTIME", RLIMIT_RTTIME, 1000000, 2000000},
    Limit{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING, 100, 200},
    Limit{"RLIMIT_STACK", RLIMIT_STACK, 1U << 20, 1U << 22},
};

/// Above our own hard limit only the right to raise it leads: setrlimit(2), CAP_SYS_RESOURCE.
void within_ours(Trial& t, const Limit& limit) {
  rlimit ours{};
  getrlimit(limit.number, &ours);
  if (ours.rlim_max < limit.hard)
    t.skip("needs a hard " + std::string(limit.name) + " of " + std::to_string(limit.hard));
}

void rlimit_value(Trial& t) {
  const Limit& limit = limits[t.row()];
  within_ours(t, limit);
  Container& box = t.container();
  process(box)["rlimits"] = {{{"type", limit.name}, {"soft", limit.soft}, {"hard", limit.hard}}};
  t.expect_eq("soft:hard", std::to_string(limit.soft) + ":" + std::to_string(limit.hard),
              box.inside("rlimits")["rlimit." + std::string(limit.name.substr(7))]);
}

void refused(Trial& t, const std::string& what, const json& rlimits) {
  Container& box = t.container();
  process(box)["rlimits"] = rlimits;
  const Finished created = box.create();
  t.expect_error(what, created.succeeded() ? box.start() : created);
}

void rlimit_unknown(Trial& t) {
  refused(t, "an rlimit that no kernel has", {{{"type", "RLIMIT_NOSUCH"}, {"soft", 1}, {"hard", 1}}});
}

void rlimit_twice(Trial& t) {
  refused(t, "two entries of the same type",
          {{{"type", "RLIMIT_NOFILE"}, {"soft", 128}, {"hard", 256}},
           {{"type", "RLIMIT_NOFILE"}, {"soft", 64}, {"hard", 64}}});
}

void no_terminal(Trial& t) {
  Container& box = t.container();
  process(box)["consoleSize"] = {{"height", 25}, {"width", 80}};
  const Facts facts = box.inside("tty");
  for (const char* stream : {"tty.0", "tty.1", "tty.2"}) t.expect_eq(stream, "0", facts[stream]);
}

/// The terminal goes to the caller over the console socket; the program has its other end.
Facts with_terminal(Trial& t, Container& box) {
  process(box)["terminal"] = true;
  box.config["mounts"].push_back(
      mount_entry("/dev/pts", "devpts", "devpts", {"newinstance", "ptmxmode=0666", "mode=0620"}));
  box.payload("tty ; echo done");
  ConsoleSocket console(box.beside("tty.sock"));
  box.created({"--console-socket", box.beside("tty.sock")});
  t.require("a terminal on the console socket", console.receive(), "to come", "nothing came");
  t.require_success("start", box.start());
  t.eventually([&] { return console.output().find("echo=done") != std::string::npos; });
  std::string text = console.output();
  std::erase(text, '\r');
  return Facts(text);
}

void terminal(Trial& t) {
  Container& box = t.container();
  const Facts facts = with_terminal(t, box);
  for (const char* stream : {"tty.0", "tty.1", "tty.2"}) t.expect_eq(stream, "1", facts[stream]);
  t.expect_eq("errno of opening /dev/tty", "0", facts["tty.controlling.errno"]);
}

void console_size(Trial& t) {
  Container& box = t.container();
  process(box)["consoleSize"] = {{"height", 25}, {"width", 87}};
  t.expect_eq("rows x columns", "25x87", with_terminal(t, box)["tty.size"]);
}

constexpr Clause clause(std::string_view section, std::string_view text, Level level = Level::must) {
  return {"config.md", section, level, text};
}
constexpr std::string_view args_text =
    "This specification extends the IEEE standard in that at least one entry is REQUIRED (non-Windows), and "
    "that entry is used with the same semantics as `execvp`'s file.";
constexpr std::string_view env_text =
    "`env` (array of strings, OPTIONAL) with the same semantics as IEEE Std 1003.1-2008's `environ`.";

constexpr Case single[] = {
    {"config-process/args",
     clause("Process",
            "`args` (array of strings, OPTIONAL) with similar semantics to IEEE Std 1003.1-2008 `execvp`'s "
            "argv."),
     args},
    {"config-process/args-looked-up-in-PATH", clause("Process", args_text), args_path},
    {"config-process/args-empty-is-error", clause("Process", args_text), args_empty},
    {"config-process/cwd",
     clause("Process",
            "`cwd` (string, REQUIRED) is the working directory that will be set for the executable."),
     cwd},
    {"config-process/cwd-relative-is-error", clause("Process", "This value MUST be an absolute path."),
     cwd_relative},
    {"config-process/env", clause("Process", env_text), env},
    {"config-process/env-of-runtime-stays-outside", clause("Process", env_text), env_not_inherited},
    {"config-process/terminal-true",
     clause("Process",
            "`terminal` (bool, OPTIONAL) specifies whether a terminal is attached to the process, defaults "
            "to false."),
     terminal},
    {"config-process/consoleSize",
     clause("Process",
            "`consoleSize` (object, OPTIONAL) specifies the console size in characters of the terminal."),
     console_size},
    {"config-process/terminal-false",
     clause("Process", "Runtimes MUST ignore `consoleSize` if `terminal` is `false` or unset."), no_terminal},
    {"config-process/rlimit-unknown-is-error",
     clause("POSIX process",
            "The runtime MUST generate an error for any values which cannot be mapped to a relevant kernel "
            "interface."),
     rlimit_unknown},
    {"config-process/rlimit-twice-is-error",
     clause("POSIX process",
            "If `rlimits` contains duplicated entries with same `type`, the runtime MUST generate an error."),
     rlimit_twice},
    {"config-process/user",
     clause("POSIX-platform User", "`uid` (int, REQUIRED) specifies the user ID in the container namespace."),
     user,
     {&needs::root}},
    {"config-process/additionalGids",
     clause("POSIX-platform User",
            "`additionalGids` (array of ints, OPTIONAL) specifies additional group IDs in the container "
            "namespace to be added to the process."),
     additional_gids,
     {&needs::root}},
};

constexpr auto cases = joined(
    std::to_array(single),
    each(umasks, {"config-process/umask",
                  clause("POSIX-platform User", "`umask` (int, OPTIONAL) specifies the umask of the user."),
                  umask_value}),
    each(limits,
         {"config-process/rlimit",
          clause("POSIX process", "`rlim.rlim_cur` MUST match the configured value."), rlimit_value}));

}  // namespace

std::span<const Case> config_process_cases() { return cases; }

}  // namespace conformance
