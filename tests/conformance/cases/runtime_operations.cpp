// runtime.md, "Operations": what state, create and start do, and what they refuse without effect.
#include <unistd.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

// --- Query State

void state_without_id(Trial& t) { t.expect_error("state without an id", t.runtime({"state"})); }
void state_of_unknown(Trial& t) {
  t.expect_error("state of an id that is not there", t.container().state_command());
}

void state_after_delete(Trial& t) {
  Container& box = t.container();
  box.inside("exit 0");
  t.expect_error("state of a deleted container", box.state_command());
}

// --- Create

void create_makes(Trial& t) {
  Container& box = t.container();
  t.require_success("create", box.create());
  t.expect_success("state after create", box.state_command());
  t.expect("the container process", box.alive(), "to be there", "no process");
}

void create_without_id(Trial& t) {
  Container& box = t.container();
  box.save();
  t.expect_error("create without an id", t.runtime({"create", "--bundle", box.bundle()}));
}

void create_without_bundle(Trial& t) {
  Container& box = t.container();
  const std::string nowhere = t.folder() + "/nowhere";
  t.expect_error("create with a bundle that is not there",
                 t.runtime({"create", "--bundle", nowhere, box.id()}));
  t.expect("the container", !box.known(), "not to exist", "it does");
}

void create_without_config(Trial& t) {
  Container& box = t.container();
  t.expect_error("create of a bundle without config.json",
                 t.runtime({"create", "--bundle", box.bundle(), box.id()}));
  t.expect("the container", !box.known(), "not to exist", "it does");
}

void create_taken_id(Trial& t) {
  Container& first = t.container();
  first.payload("hold");
  first.created();
  Container& second = t.container_named(first.id());
  t.expect_error("create with the id of another container", second.create());
  t.expect_eq("bundle of the first container", first.bundle(), first.state().value("bundle", ""));
  t.expect_eq("status of the first container", "created", first.status());
  t.expect_success("start of the first container", first.start());
}

struct BadId {
  std::string_view name, id;
};
constexpr std::array bad_ids = {
    BadId{"empty", ""},     BadId{"slash", "a/b"},        BadId{"dot", "."},
    BadId{"dot-dot", ".."}, BadId{"parent", "../escape"},
};

void create_bad_id(Trial& t) {
  Container& box = t.container_named(std::string(bad_ids[t.row()].id));
  t.expect_error("create with the id \"" + box.id() + "\"", box.create());
  t.expect("something outside of the state folder", !exists(t.folder() + "/escape"), "not to be made",
           "escape");
}

void create_does_not_run(Trial& t) {
  Container& box = t.container();
  box.payload("echo ran ; hold");
  box.created();
  usleep(200'000);  // were it running, it would have spoken
  t.expect_eq("what the program said before start", "", box.output());
  t.require_success("start", box.start());
  box.await_output("echo=ran");
}

/// Whatever cannot be applied: nothing of the container may stay.
void create_failed_leaves_nothing(Trial& t) {
  Container& box = t.container();
  box.config["mounts"].push_back(mount_entry("/data", "none", box.beside("no-such-source"), {"bind"}));
  t.require("create with a bind mount of nothing", box.create().refused(), "an error", "success");
  t.expect("the container", !box.known(), "not to exist", "it does");
  box.config["mounts"].erase(box.config["mounts"].size() - 1);
  t.expect_success("create with the same id and a configuration that works", box.create());
}

void config_change_has_no_effect(Trial& t) {
  Container& box = t.container();
  box.payload("echo first ; hold");
  box.created();
  box.payload("echo second ; hold");
  box.save();
  t.require_success("start", box.start());
  box.await_output("echo=");
  t.expect_eq("what the program said", "first", Facts(box.output())["echo"]);
}

// --- Start

void start_without_id(Trial& t) { t.expect_error("start without an id", t.runtime({"start"})); }
void start_of_unknown(Trial& t) { t.expect_error("start of an id that is not there", t.container().start()); }

void start_twice(Trial& t) {
  Container& box = t.container();
  box.payload("echo ran ; hold");
  box.started();
  box.await_output("echo=ran");
  t.expect_error("start of a running container", box.start());
  t.expect_eq("status after it", "running", box.status());
  t.expect_eq("how often the program ran", 1U, Facts(box.output()).all("echo").size());
}

void start_of_stopped(Trial& t) {
  Container& box = t.container();
  box.payload("echo ran");
  box.started();
  box.await_stopped();
  t.expect_error("start of a stopped container", box.start());
  t.expect_eq("status after it", "stopped", box.status());
  t.expect_eq("how often the program ran", 1U, Facts(box.output()).all("echo").size());
}

void start_runs(Trial& t) {
  Container& box = t.container();
  t.expect_eq("what the program said", "ran", box.inside("echo ran")["echo"]);
}

void start_without_process(Trial& t) {
  Container& box = t.container();
  box.config.erase("process");
  const Finished created = box.create();
  if (created.succeeded()) t.expect_error("start of a container without process", box.start());
  // The specification allows such a container to be created, and no command can run it.
  else
    t.expect_error("create without process", created);
}

constexpr Clause query(std::string_view text) { return {"runtime.md", "Query State", Level::must, text}; }
constexpr Clause create(std::string_view text) { return {"runtime.md", "Create", Level::must, text}; }
constexpr Clause start(std::string_view text) { return {"runtime.md", "Start", Level::must, text}; }

constexpr std::string_view no_id =
    "This operation MUST generate an error if it is not provided the container ID.";
constexpr std::string_view no_bundle =
    "This operation MUST generate an error if it is not provided a path to the bundle and the container ID "
    "to associate with the container.";
constexpr std::string_view bad_id =
    "If the ID provided is not unique across all containers within the scope of the runtime, or is not valid "
    "in any other way, the implementation MUST generate an error and a new container MUST NOT be created.";
constexpr std::string_view not_created =
    "Attempting to `start` a container that is not `created` MUST have no effect on the container and MUST "
    "generate an error.";

constexpr Case single[] = {
    {"runtime/state-without-id-is-error",
     query("This operation MUST generate an error if it is not provided the ID of a container."),
     state_without_id},
    {"runtime/state-of-unknown-is-error",
     query("Attempting to query a container that does not exist MUST generate an error."), state_of_unknown},
    {"runtime/state-after-delete-is-error",
     query("Attempting to query a container that does not exist MUST generate an error."),
     state_after_delete},
    {"runtime/create-makes-container", create("This operation MUST create a new container."), create_makes},
    {"runtime/create-without-id-is-error", create(no_bundle), create_without_id},
    {"runtime/create-without-bundle-is-error", create(no_bundle), create_without_bundle},
    {"runtime/create-without-config-is-error", create(no_bundle), create_without_config},
    {"runtime/create-with-taken-id-is-error", create(bad_id), create_taken_id},
    {"runtime/create-does-not-run",
     create("`process.args` MUST NOT be applied until triggered by the `start` operation."),
     create_does_not_run},
    {"runtime/create-failed-leaves-nothing",
     create("If the runtime cannot apply a property as specified in the configuration, it MUST generate an "
            "error and a new container MUST NOT be created."),
     create_failed_leaves_nothing},
    {"runtime/config-change-after-create",
     create("Any changes made to the `config.json` file after this operation will not have an effect on the "
            "container."),
     config_change_has_no_effect},
    {"runtime/start-without-id-is-error", start(no_id), start_without_id},
    {"runtime/start-of-unknown-is-error", start(not_created), start_of_unknown},
    {"runtime/start-twice-is-error", start(not_created), start_twice},
    {"runtime/start-of-stopped-is-error", start(not_created), start_of_stopped},
    {"runtime/start-runs",
     start("This operation MUST run the user-specified program as specified by `process`."), start_runs},
    {"runtime/start-without-process-is-error",
     start("This operation MUST generate an error if `process` was not set."), start_without_process},
};

constexpr auto cases =
    joined(std::to_array(single),
           each(bad_ids, {"runtime/create-with-bad-id-is-error", create(bad_id), create_bad_id}));

}  // namespace

std::span<const Case> runtime_operations_cases() { return cases; }

}  // namespace conformance
