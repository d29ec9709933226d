// runtime.md, "State": what the state operation answers in each phase of a container's life.
#include <unistd.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

constexpr Clause property(std::string_view text) { return {"runtime.md", "State", Level::must, text}; }

void created(Trial& t) {
  Container& box = t.container();
  box.created();
  t.expect_eq("status between create and start", "created", box.status());
}

void running(Trial& t) {
  Container& box = t.container();
  box.payload("hold");
  box.started();
  box.await_output("holding=1");
  t.expect_eq("status while the program runs", "running", box.status());
}

void stopped(Trial& t) {
  Container& box = t.container();
  box.payload("exit 0");
  box.started();
  box.await_stopped();
  t.expect_eq("status after the program's end", "stopped", box.status());
}

/// A container process that a signal ended before its start is stopped as well.
void stopped_unstarted(Trial& t) {
  Container& box = t.container();
  box.created();
  t.require_success("kill KILL of the created container", box.kill("KILL"));
  box.await_stopped();
  t.expect_eq("status after the end of a container that was never started", "stopped", box.status());
}

void id(Trial& t) {
  Container& box = t.container();
  box.created();
  t.expect_eq("id", box.id(), box.state().value("id", ""));
}

void oci_version(Trial& t) {
  Container& box = t.container();
  box.created();
  const std::string version = box.state().value("ociVersion", "");
  t.expect("ociVersion", version.starts_with("1."), "a version 1.x.y", version);
}

void bundle(Trial& t) {
  Container& box = t.container();
  box.created();
  t.expect_eq("bundle", box.bundle(), box.state().value("bundle", ""));
}

/// The caller may say it relative to where it stands.
void bundle_relative(Trial& t) {
  Container& box = t.container();
  box.save();
  const Setting there{.folder = box.bundle()};
  t.require_success("create --bundle .", t.runtime({"create", "--bundle", ".", box.id()}, there));
  t.expect_eq("bundle", box.bundle(), box.state().value("bundle", ""));
}

/// The process that the state names is the one that runs the container's program.
void pid(Trial& t, bool start) {
  Container& box = t.container();
  box.payload("ns ; hold");
  box.created();
  if (start) {
    t.require_success("start", box.start());
    box.await_output("holding=1");
  }
  const json state = box.state();
  t.require("pid", state.contains("pid") && state["pid"].is_number_integer(), "a number", state.dump());
  const std::string folder = "/proc/" + state["pid"].dump();
  t.expect("the process of this pid", exists(folder), "to exist", "no " + folder);
  if (!start) return;
  char target[64] = "";
  if (readlink((folder + "/ns/pid").c_str(), target, sizeof target - 1) < 0) target[0] = 0;
  t.expect_eq("its pid namespace", Facts(box.output())["ns.pid"], target);
}

void pid_created(Trial& t) { pid(t, false); }
void pid_running(Trial& t) { pid(t, true); }

void annotations(Trial& t) {
  Container& box = t.container();
  box.config["annotations"] = {{"org.example.first", "1"}, {"org.example.second", "a = b, \"c\" \u00e9"}};
  box.created();
  const json state = box.state();
  const json given = state.value("annotations", json::object());
  for (const auto& [key, value] : box.config["annotations"].items())
    t.expect_eq("annotations[" + key + "]", value, given.value(key, "(absent)"));
}

void no_annotations(Trial& t) {
  Container& box = t.container();
  box.created();
  const json state = box.state();
  const bool empty =
      !state.contains("annotations") || state["annotations"].is_null() || state["annotations"].empty();
  t.expect("annotations of a container that has none", empty, "absent or empty", state.dump());
}

/// schema/state-schema.json: the types of the properties.
void schema(Trial& t) {
  Container& box = t.container();
  box.created();
  const json state = box.state();
  for (const char* key : {"ociVersion", "id", "status", "bundle"})
    t.expect(key, state.contains(key) && state[key].is_string(), "a string", state.dump());
  t.expect("id", !state.value("id", "").empty(), "at least one character", state.dump());
  t.expect("pid", state.contains("pid") && state["pid"].is_number_unsigned(), "a number that is not negative",
           state.dump());
}

constexpr Case cases[] = {
    {"runtime-state/created",
     property("`created`: the runtime has finished the create operation (after step 2 in the lifecycle), and "
              "the container process has neither exited nor executed the user-specified program"),
     created},
    {"runtime-state/running",
     property("`running`: the container process has executed the user-specified program but has not exited "
              "(after step 8 in the lifecycle)"),
     running},
    {"runtime-state/stopped",
     property("`stopped`: the container process has exited (step 10 in the lifecycle)"), stopped},
    {"runtime-state/stopped-without-start",
     property("`stopped`: the container process has exited (step 10 in the lifecycle)"), stopped_unstarted},
    {"runtime-state/id", property("`id` (string, REQUIRED) is the container's ID."), id},
    {"runtime-state/oci-version",
     property("`ociVersion` (string, REQUIRED) is version of the Open Container Initiative Runtime "
              "Specification with which the state complies."),
     oci_version},
    {"runtime-state/bundle",
     property("`bundle` (string, REQUIRED) is the absolute path to the container's bundle directory."),
     bundle},
    {"runtime-state/bundle-of-relative-path",
     property("`bundle` (string, REQUIRED) is the absolute path to the container's bundle directory."),
     bundle_relative},
    {"runtime-state/pid-when-created",
     property("`pid` (int, REQUIRED when `status` is `created` or `running` on Linux, OPTIONAL on other "
              "platforms) is the ID of the container process."),
     pid_created},
    {"runtime-state/pid-when-running",
     property("`pid` (int, REQUIRED when `status` is `created` or `running` on Linux, OPTIONAL on other "
              "platforms) is the ID of the container process."),
     pid_running},
    {"runtime-state/annotations",
     property(
         "`annotations` (map, OPTIONAL) contains the list of annotations associated with the container."),
     annotations},
    {"runtime-state/no-annotations",
     property("If no annotations were provided then this property MAY either be absent or an empty map."),
     no_annotations},
    {"runtime-state/schema",
     property(
         "When serialized in JSON, the format MUST adhere to the JSON Schema `schema/state-schema.json`."),
     schema},
};

}  // namespace

std::span<const Case> runtime_state_cases() { return cases; }

}  // namespace conformance
