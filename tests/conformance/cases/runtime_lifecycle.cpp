// runtime.md, "Lifecycle": the order of events, from create to the end.
#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// The lines that hooks left in a file, by their tags: "createRuntime poststart".
std::string tags(const std::string& file) {
  std::string text;
  for (const auto& line : lines(read_file(file)))
    text += (text.empty() ? "" : " ") + line.substr(0, line.find(' '));
  return text;
}

/// A file that hooks inside and outside of the container can write: it lies in the root filesystem.
std::string hook_file(Container& box, bool inside) {
  return inside ? "/tmp/hooks" : box.rootfs("/tmp/hooks");
}

void tell(Container& box, const std::string& kind, const std::string& status = "0") {
  const bool inside = kind == "startContainer";
  box.add_hook(kind, "hook " + hook_file(box, inside) + " " + kind + " " + status);
}

void whole_order(Trial& t) {
  Container& box = t.container();
  for (const char* kind :
       {"poststop", "poststart", "startContainer", "createContainer", "createRuntime", "prestart"})
    tell(box, kind);
  box.payload("hook /tmp/hooks program");
  const std::string file = hook_file(box, false);
  box.created();
  t.expect_eq("hooks at the end of create", "prestart createRuntime createContainer", tags(file));
  t.require_success("start", box.start());
  box.await_stopped();
  const bool came = t.eventually([&] { return tags(file).find("poststart") != std::string::npos; });
  t.expect("poststart hook", came, "to be invoked", tags(file));
  const std::string before = "prestart createRuntime createContainer startContainer ";
  // poststart comes after the program was executed, which then may be faster or slower.
  t.expect("hooks and the program at the end of the program",
           tags(file) == before + "program poststart" || tags(file) == before + "poststart program",
           before + "program poststart", tags(file));
  box.removed();
  t.expect("hooks after delete", tags(file).ends_with(" poststop"), "poststop last", tags(file));
}

struct Kind {
  std::string_view name, text;
};
constexpr std::array early = {Kind{"prestart",
                                   "If any `prestart` hook fails, the runtime MUST generate an error, stop "
                                   "the container, and continue the lifecycle at step 12."},
                              Kind{"createRuntime",
                                   "If any `createRuntime` hook fails, the runtime MUST generate an error, "
                                   "stop the container, and continue the lifecycle at step 12."},
                              Kind{"createContainer",
                                   "If any `createContainer` hook fails, the runtime MUST generate an error, "
                                   "stop the container, and continue the lifecycle at step 12."}};

void failing_create_hook(Trial& t) {
  const std::string kind(early[t.row()].name);
  Container& box = t.container();
  tell(box, kind, "7");
  tell(box, "poststop");
  const std::string file = hook_file(box, false);
  t.expect_error("create with a " + kind + " hook that fails", box.create());
  t.expect("the container", !box.known(), "not to exist", "it does");
  t.expect_eq("hooks that were invoked", kind + " poststop", tags(file));
}

constexpr std::array late = {Kind{"startContainer",
                                  "If any `startContainer` hook fails, the runtime MUST generate an error, "
                                  "stop the container, and continue the lifecycle at step 12."},
                             Kind{"poststart",
                                  "If any `poststart` hook fails, the runtime MUST generate an error, stop "
                                  "the container, and continue the lifecycle at step 12."}};

void failing_start_hook(Trial& t) {
  const std::string kind(late[t.row()].name);
  Container& box = t.container();
  box.payload("hold");
  tell(box, kind, "7");
  box.created();
  t.expect_error("start with a " + kind + " hook that fails", box.start());
  const bool ended = t.eventually([&] { return !box.alive(); });
  t.expect("the container process", ended, "to be stopped", "it runs");
  if (kind == "startContainer") t.expect_eq("what the program said", "", box.output());
}

void failing_poststop(Trial& t) {
  Container& box = t.container();
  box.payload("exit 0");
  tell(box, "poststop", "7");
  box.add_hook("poststop", "hook " + hook_file(box, false) + " second");
  box.started();
  box.await_stopped();
  t.expect_success("delete with a poststop hook that fails", box.remove());
  t.expect_eq("hooks that were invoked", "poststop second", tags(hook_file(box, false)));
  t.expect("the container", !box.known(), "to be gone", "it exists");
}

/// What the configuration asks for is there before start: the container process has its namespaces and root.
void environment_at_create(Trial& t) {
  Container& box = t.container();
  box.config["hostname"] = "at-create";
  box.config["mounts"].push_back(mount_entry("/at-create", "tmpfs", "tmpfs", {}));
  box.created();
  const std::string mounts = read_file("/proc/" + std::to_string(box.pid()) + "/mountinfo");
  t.expect_has("mounts of the created container", " /at-create ", mounts);
}

/// A process that is ended by a signal, and one that ends itself, are alike to the lifecycle.
void crash(Trial& t) {
  Container& box = t.container();
  box.payload("exit 41");
  box.started();
  box.await_stopped();
  t.expect_success("delete after the program failed", box.remove());
}

void missing_program(Trial& t) {
  Container& box = t.container();
  box.config["process"]["args"] = {"/bin/not-there"};
  const Finished created = box.create();
  if (!created.succeeded()) {
    t.expect_error("create with a program that is not there", created);
    t.expect("the container", !box.known(), "not to exist", "it does");
    return;
  }
  t.expect_error("start with a program that is not there", box.start());
}

constexpr Clause step(std::string_view text) { return {"runtime.md", "Lifecycle", Level::must, text}; }

constexpr Case single[] = {
    {"runtime-lifecycle/order-of-hooks", step("The `prestart` hooks MUST be invoked by the runtime."),
     whole_order},
    {"runtime-lifecycle/poststop-hook-fails",
     step("If any `poststop` hook fails, the runtime MUST log a warning, but the remaining hooks and "
          "lifecycle continue as if the hook had succeeded."),
     failing_poststop},
    {"runtime-lifecycle/environment-at-create",
     step("While the resources requested in the `config.json` MUST be created, the user-specified program "
          "(from `process`) MUST NOT be run at this time."),
     environment_at_create},
    {"runtime-lifecycle/program-fails",
     step("This MAY happen due to erroring out, exiting, crashing or the runtime's `kill` operation being "
          "invoked."),
     crash},
    {"runtime-lifecycle/program-missing",
     step("The runtime MUST run the user-specified program, as specified by `process`."), missing_program},
};

constexpr auto cases =
    joined(std::to_array(single),
           each(early, {"runtime-lifecycle/create-hook-fails", step(""), failing_create_hook}),
           each(late, {"runtime-lifecycle/start-hook-fails", step(""), failing_start_hook}));

}  // namespace

std::span<const Case> runtime_lifecycle_cases() { return cases; }

}  // namespace conformance
