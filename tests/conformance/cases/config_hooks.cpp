// config.md, "POSIX-platform Hooks": each kind of hook, when and where it runs and what it is given.
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// `phase`: the operation that has to call it: 0 create, 1 start, 2 delete.
struct Kind {
  std::string_view name;
  bool inside;
  int phase;
  std::string_view status;
};
constexpr std::array kinds = {
    Kind{"prestart", false, 0, "creating"},       Kind{"createRuntime", false, 0, "creating"},
    Kind{"createContainer", true, 0, "creating"}, Kind{"startContainer", true, 1, "created"},
    Kind{"poststart", false, 1, "running"},       Kind{"poststop", false, 2, "stopped"},
};

/// One line that the probe's hook left: its tag, its mount namespace, the inode of its root, its folder, its
/// input.
struct Seen {
  std::string tag, mount_namespace, root_inode, folder, input;
};

std::vector<Seen> seen(const std::string& file) {
  std::vector<Seen> all;
  for (const auto& line : lines(read_file(file))) {
    std::istringstream words(line);
    Seen one;
    words >> one.tag >> one.mount_namespace >> one.root_inode >> one.folder;
    std::getline(words, one.input);
    all.push_back(one);
  }
  return all;
}

/// The file that hooks of this kind write, as they see it: createContainer hooks still have the host's root.
std::string inner(const Container& box, const Kind& kind) {
  return kind.name == "startContainer" ? "/tmp/hooks" : box.rootfs("/tmp/hooks");
}
std::string outer(const Container& box) { return box.rootfs("/tmp/hooks"); }

void tell(Container& box, const Kind& kind, const std::string& tag = "tag",
          const json& more = json::object()) {
  box.add_hook(std::string(kind.name), "hook " + inner(box, kind) + " " + tag, more);
}

std::string link_of(const std::string& path) {
  char target[256] = "";
  const ssize_t n = readlink(path.c_str(), target, sizeof target - 1);
  return std::string(target, n > 0 ? static_cast<std::size_t>(n) : 0);
}

/// The whole life of a container; its mount namespace, while it was created.
std::string live(Trial& t, Container& box) {
  box.payload("echo lived");
  box.created();
  const std::string space = link_of("/proc/" + std::to_string(box.pid()) + "/ns/mnt");
  t.require_success("start", box.start());
  box.await_stopped();
  box.removed();
  return space;
}

Seen only(Trial& t, const Container& box) {
  const auto all = seen(outer(box));
  t.require("hooks that ran", all.size() == 1, "1", std::to_string(all.size()));
  return all.front();
}

json state_in(Trial& t, const Seen& hook) {
  const json state = json::parse(hook.input, nullptr, false);
  t.require("what the hook read", state.is_object(), "the state as JSON", hook.input);
  return state;
}

void when(Trial& t) {
  const Kind& kind = kinds[t.row()];
  Container& box = t.container();
  tell(box, kind);
  box.payload("hold");
  const auto ran = [&] { return static_cast<int>(seen(outer(box)).size()); };
  box.created();
  t.expect_eq("times that it ran at the end of create", kind.phase == 0 ? 1 : 0, ran());
  t.require_success("start", box.start());
  // A startContainer hook comes before the program, which may come after the operation's end.
  if (kind.name == "startContainer") box.await_output("holding=1");
  t.expect_eq("times that it ran at the end of start", kind.phase <= 1 ? 1 : 0, ran());
  t.require_success("kill KILL", box.kill("KILL"));
  box.await_stopped();
  t.expect_eq("times that it ran at the container's end", kind.phase <= 1 ? 1 : 0, ran());
  box.removed();
  t.expect_eq("times that it ran at the end of delete", 1, ran());
}

void where(Trial& t) {
  const Kind& kind = kinds[t.row()];
  Container& box = t.container();
  tell(box, kind);
  const std::string container = live(t, box), ours = link_of("/proc/self/ns/mnt");
  // An ordinary user may not look at a process before its execve: proc(5), ptrace(2).
  if (kind.inside && container.empty())
    return void(t.expect_ne("the hook's mount namespace", ours, only(t, box).mount_namespace));
  t.expect_eq("the hook's mount namespace", kind.inside ? container : ours, only(t, box).mount_namespace);
}

void given_state(Trial& t) {
  const Kind& kind = kinds[t.row()];
  Container& box = t.container();
  box.config["annotations"] = {{"org.example.key", "value"}};
  tell(box, kind);
  live(t, box);
  const json state = state_in(t, only(t, box));
  t.expect_eq("id", box.id(), state.value("id", "(none)"));
  t.expect_eq("bundle", box.bundle(), state.value("bundle", "(none)"));
  t.expect("ociVersion", state.value("ociVersion", "").starts_with("1."), "1.x.y", state.dump());
  t.expect_eq("annotations", R"({"org.example.key":"value"})", state.value("annotations", json()).dump());
}

void given_status(Trial& t) {
  const Kind& kind = kinds[t.row()];
  Container& box = t.container();
  tell(box, kind);
  live(t, box);
  t.expect_eq("status", kind.status, state_in(t, only(t, box)).value("status", "(none)"));
}

void given_pid(Trial& t) {
  const Kind& kind = kinds[t.row()];
  Container& box = t.container();
  tell(box, kind);
  live(t, box);
  const json state = state_in(t, only(t, box));
  const json pid = state.value("pid", json());
  if (kind.name == "poststop") {  // OPTIONAL once the process is gone
    t.expect("pid of a stopped container", pid.is_null() || pid.is_number_unsigned(), "absent or a number",
             state.dump());
    return;
  }
  t.expect_eq("pid", kind.inside ? "1" : std::to_string(box.pid()), pid.dump());
}

void given_arguments(Trial& t) {
  const Kind& kind = kinds[t.row()];
  Container& box = t.container();
  box.add_hook(std::string(kind.name), "hook-env " + inner(box, kind) + " last-argument",
               {{"env", {"HOOK_KEY=hook value"}}});
  live(t, box);
  const std::string text = read_file(outer(box));
  const std::string words = std::string("cmdline /bin/probe\0hook-env\0", 28) + inner(box, kind) +
                            std::string("\0last-argument\0", 15);
  t.expect("arguments", text.find(words) != std::string::npos, "/bin/probe hook-env FILE last-argument",
           text);
  t.expect_has("environment", "HOOK_KEY=hook value\n", text);
}

void in_order(Trial& t) {
  const Kind& kind = kinds[t.row()];
  Container& box = t.container();
  for (const char* tag : {"first", "second", "third"}) tell(box, kind, tag);
  live(t, box);
  std::string order;
  for (const Seen& one : seen(outer(box))) order += (order.empty() ? "" : " ") + one.tag;
  t.expect_eq("order", "first second third", order);
}

void time_out(Trial& t) {
  const Kind& kind = kinds[t.row()];
  Container& box = t.container();
  box.payload("hold");
  box.add_hook(std::string(kind.name), "sleep 600000", {{"timeout", 1}});
  tell(box, kind, "second");
  const Finished created = box.create();
  if (kind.phase == 0)
    return void(t.expect_error("create with a hook that takes longer than its timeout", created));
  t.require_success("create", created);
  const Finished started = box.start();
  if (kind.phase == 1)
    return void(t.expect_error("start with a hook that takes longer than its timeout", started));
  t.require_success("start", started);
  t.require_success("kill KILL", box.kill("KILL"));
  box.await_stopped();
  t.expect_success("delete with a hook that takes longer than its timeout", box.remove());
}

/// A configuration that is refused, by create or at the latest when the hook's turn comes.
void refused_hook(Trial& t, const json& hook) {
  const Kind& kind = kinds[t.row()];
  Container& box = t.container();
  box.payload("hold");
  box.config["hooks"][std::string(kind.name)] = {hook};
  const Finished created = box.create();
  if (!created.succeeded() || kind.phase == 0) return void(t.expect_error("create", created));
  const Finished started = box.start();
  t.expect_error("create or start", started);
}

/// A hook that would work, where it is called.
json good_hook(Trial& t) {
  const std::string path = kinds[t.row()].name == "startContainer" ? "/bin/probe" : t.run().probe();
  return {{"path", path}, {"args", {"probe", "exit", "0"}}};
}

json changed(json hook, const char* key, const json& value) {
  hook[key] = value;
  return hook;
}

void relative_path(Trial& t) { refused_hook(t, changed(good_hook(t), "path", "bin/probe")); }
void zero_time_out(Trial& t) { refused_hook(t, changed(good_hook(t), "timeout", 0)); }
void negative_time_out(Trial& t) { refused_hook(t, changed(good_hook(t), "timeout", -1)); }
void no_path(Trial& t) { refused_hook(t, {{"args", {"probe", "exit", "0"}}}); }

/// createContainer hooks run in the container's mount namespace, but with the host's root.
void before_pivot(Trial& t) {
  Container& box = t.container();
  tell(box, kinds[2]);
  live(t, box);
  struct stat ours {};
  stat("/", &ours);
  t.expect_eq("inode of the hook's root", ours.st_ino, only(t, box).root_inode);
}

void path_inside(Trial& t) {
  Container& box = t.container();
  box.payload("hold");
  box.config["hooks"]["startContainer"] = {{{"path", t.run().probe()}, {"args", {"probe", "exit", "0"}}}};
  box.created();
  t.expect_error("start with a startContainer hook whose path is only on the host", box.start());
}

/// The container process is there, in namespaces of its own, before createRuntime hooks are called.
void after_environment(Trial& t) {
  Container& box = t.container();
  tell(box, kinds[1]);
  box.created();
  const Seen hook = only(t, box);
  t.expect_eq("pid that the hook was told", std::to_string(box.pid()),
              state_in(t, hook).value("pid", json()).dump());
  const std::string space = link_of("/proc/" + std::to_string(box.pid()) + "/ns/mnt");
  t.expect("the container's mount namespace", !space.empty() && space != hook.mount_namespace,
           "another than the hook's", space);
}

constexpr Clause clause(std::string_view text) {
  return {"config.md", "POSIX-platform Hooks", Level::must, text};
}
constexpr std::string_view timeout_text = "If set, `timeout` MUST be greater than zero.";

struct When {
  std::string_view name, section, text;
};
constexpr std::array whens = {
    When{"prestart", "Prestart",
         "The `prestart` hooks MUST be called as part of the `create` operation after the runtime "
         "environment has been created (according to the configuration in config.json) but before the "
         "`pivot_root` or any equivalent operation has been executed."},
    When{"createRuntime", "CreateRuntime Hooks",
         "The `createRuntime` hooks MUST be called as part of the `create` operation after the runtime "
         "environment has been created (according to the configuration in config.json) but before the "
         "`pivot_root` or any equivalent operation has been executed."},
    When{"createContainer", "CreateContainer Hooks",
         "The `createContainer` hooks MUST be called as part of the `create` operation after the runtime "
         "environment has been created (according to the configuration in config.json) but before the "
         "`pivot_root` or any equivalent operation has been executed."},
    When{"startContainer", "StartContainer Hooks",
         "The `startContainer` hooks MUST be called before the user-specified process is executed as part of "
         "the `start` operation."},
    When{"poststart", "Poststart",
         "The `poststart` hooks MUST be called after the user-specified process is executed but before the "
         "`start` operation returns."},
    When{"poststop", "Poststop",
         "The `poststop` hooks MUST be called after the container is deleted but before the `delete` "
         "operation returns."},
};
constexpr std::array wheres = {
    When{"prestart", "Prestart", "The `prestart` hooks MUST be executed in the runtime namespace."},
    When{"createRuntime", "CreateRuntime Hooks",
         "The `createRuntime` hooks MUST be executed in the runtime namespace."},
    When{"createContainer", "CreateContainer Hooks",
         "The `createContainer` hooks MUST be executed in the container namespace."},
    When{"startContainer", "StartContainer Hooks",
         "The `startContainer` hooks MUST be executed in the container namespace."},
    When{"poststart", "Poststart", "The `poststart` hooks MUST be executed in the runtime namespace."},
    When{"poststop", "Poststop", "The `poststop` hooks MUST be executed in the runtime namespace."},
};

constexpr Case single[] = {
    {"config-hooks/createContainer-before-pivot",
     {"config.md", whens[2].section, Level::must, whens[2].text},
     before_pivot},
    {"config-hooks/createRuntime-after-environment",
     {"config.md", whens[1].section, Level::must, whens[1].text},
     after_environment,
     {&needs::root}},
    {"config-hooks/startContainer-path-inside",
     {"config.md", "StartContainer Hooks", Level::must,
      "The `startContainer` hooks' path MUST resolve in the container namespace."},
     path_inside},
};

constexpr auto cases = joined(
    each(whens, {"config-hooks/when", clause(""), when}),
    each(wheres, {"config-hooks/where", clause(""), where}),
    each(kinds, {"config-hooks/state",
                 clause("The state of the container MUST be passed to hooks over stdin so that they may do "
                        "work appropriate to the current state of the container."),
                 given_state}),
    each(kinds, {"config-hooks/status",
                 clause("The state of the container MUST be passed to hooks over stdin so that they may do "
                        "work appropriate to the current state of the container."),
                 given_status}),
    each(kinds, {"config-hooks/pid",
                 {"runtime.md", "State", Level::must,
                  "For hooks executed in the runtime namespace, it is the pid as seen by the runtime. For "
                  "hooks executed in the container namespace, it is the pid as seen by the container."},
                 given_pid}),
    each(kinds, {"config-hooks/args-and-env",
                 clause("`args` (array of strings, OPTIONAL) with the same semantics as IEEE Std 1003.1-2008 "
                        "`execv`'s argv."),
                 given_arguments}),
    each(kinds, {"config-hooks/order", clause("Hooks MUST be called in the listed order."), in_order}),
    each(kinds,
         {"config-hooks/timeout",
          clause("`timeout` (int, OPTIONAL) is the number of seconds before aborting the hook."), time_out}),
    each(kinds, {"config-hooks/relative-path-is-error",
                 clause("This specification extends the IEEE standard in that `path` MUST be absolute."),
                 relative_path}),
    each(kinds,
         {"config-hooks/path-absent-is-error",
          clause("`path` (string, REQUIRED) with similar semantics to IEEE Std 1003.1-2008 `execv`'s path."),
          no_path}),
    each(kinds, {"config-hooks/timeout-zero-is-error", clause(timeout_text), zero_time_out}),
    each(kinds, {"config-hooks/timeout-negative-is-error", clause(timeout_text), negative_time_out}),
    std::to_array(single));

}  // namespace

std::span<const Case> config_hooks_cases() { return cases; }

}  // namespace conformance
