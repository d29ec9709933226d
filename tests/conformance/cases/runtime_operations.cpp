// runtime.md, "Operations": what each operation does, and what it refuses without effect.
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

// --- Kill

void kill_without_id(Trial& t) { t.expect_error("kill without an id", t.runtime({"kill"})); }
void kill_of_unknown(Trial& t) {
  t.expect_error("kill of an id that is not there", t.container().kill("TERM"));
}

void kill_stopped(Trial& t) {
  Container& box = t.container();
  box.payload("exit 0");
  box.started();
  box.await_stopped();
  t.expect_error("kill of a stopped container", box.kill("TERM"));
  t.expect_eq("status after it", "stopped", box.status());
}

void kill_created(Trial& t) {
  Container& box = t.container();
  box.created();
  t.expect_success("kill KILL of a created container", box.kill("KILL"));
  box.await_stopped();
}

struct Signal {
  std::string_view name, word;
  int number;
};
constexpr std::array signals = {
    Signal{"TERM", "TERM", 15}, Signal{"SIGTERM", "SIGTERM", 15}, Signal{"15", "15", 15},
    Signal{"HUP", "HUP", 1},    Signal{"INT", "INT", 2},          Signal{"QUIT", "QUIT", 3},
    Signal{"USR1", "USR1", 10}, Signal{"USR2", "USR2", 12},       Signal{"WINCH", "WINCH", 28},
};

/// The probe says which signal it got.
void kill_sends(Trial& t) {
  const Signal& signal = signals[t.row()];
  Container& box = t.container();
  box.payload("await " + std::to_string(signal.number) + " 0");
  box.started();
  box.await_output("awaiting=");
  t.expect_success("kill " + std::string(signal.word), box.kill(std::string(signal.word)));
  box.await_stopped();
  t.expect_eq("the signal that came", signal.number, Facts(box.output())["signal"]);
}

void kill_kills(Trial& t) {
  Container& box = t.container();
  box.payload("hold");
  box.started();
  box.await_output("holding=1");
  t.expect_success("kill KILL", box.kill("KILL"));
  box.await_stopped();
}

struct BadSignal {
  std::string_view name;
};
constexpr std::array bad_signals = {BadSignal{"NOSUCH"}, BadSignal{"999"}, BadSignal{"-1"}};

void kill_bad_signal(Trial& t) {
  Container& box = t.container();
  box.payload("hold");
  box.started();
  box.await_output("holding=1");
  const std::string word(bad_signals[t.row()].name);
  t.expect_error("kill with the signal " + word, t.runtime({"kill", "--", box.id(), word}));
  t.expect_eq("status after it", "running", box.status());
}

// --- Delete

void delete_without_id(Trial& t) { t.expect_error("delete without an id", t.runtime({"delete"})); }
void delete_of_unknown(Trial& t) {
  t.expect_error("delete of an id that is not there", t.container().remove());
}

void delete_running(Trial& t) {
  Container& box = t.container();
  box.payload("hold");
  box.started();
  box.await_output("holding=1");
  t.expect_error("delete of a running container", box.remove());
  t.expect_eq("status after it", "running", box.status());
  t.expect("the container process", box.alive(), "to run on", "it is gone");
}

/// Not stopped either; runc deletes it all the same, since engines ask for that.
void delete_created(Trial& t) {
  Container& box = t.container();
  box.created();
  t.expect_error("delete of a created container", box.remove());
  t.expect_success("state after it", box.state_command());
  t.expect("the container process", box.alive(), "to be there still", "it is gone");
}

void delete_removes(Trial& t) {
  Container& box = t.container();
  box.payload("exit 0");
  box.started();
  box.await_stopped();
  t.expect_success("delete of a stopped container", box.remove());
  t.expect_error("state of the deleted container", box.state_command());
  t.expect_error("delete of the deleted container", box.remove());
}

void delete_removes_cgroup(Trial& t) {
  Container& box = t.container();
  box.payload("hold");
  box.started();
  std::vector<std::string> folders;
  for (const Hierarchy& h : t.machine().cgroups) {
    const std::string folder = box.cgroup(h.v2 ? "" : h.controllers.front());
    if (!folder.empty() && folder.find(t.name()) != std::string::npos) folders.push_back(folder);
  }
  t.require("cgroups of the container", !folders.empty(), "at least one", "none");
  t.require_success("kill KILL", box.kill("KILL"));
  box.await_stopped();
  box.removed();
  for (const auto& folder : folders)
    t.expect("the cgroup " + folder, !exists(folder), "to be removed", "it is there");
}

/// The bundle was there before the container, and stays.
void delete_keeps_bundle(Trial& t) {
  Container& box = t.container();
  box.inside("exit 0");
  for (const auto& path : {box.beside("config.json"), box.rootfs("/bin/probe"), box.rootfs("/proc")})
    t.expect("after delete, " + path, exists(path), "to be there still", "it is gone");
}

/// A cgroup that somebody else made below a shared parent is not the container's.
void delete_keeps_foreign_cgroup(Trial& t) {
  const Hierarchy* pids = t.machine().controller("pids");
  const std::string parent = t.run().cgroup + "/" + t.name() + "-shared";
  const std::string foreign = pids->path + parent + "/foreign";
  make_folder(pids->path + t.run().cgroup);
  make_folder(pids->path + parent);
  make_folder(foreign);
  Container& box = t.container();
  box.config["linux"]["cgroupsPath"] = parent + "/ours";
  box.inside("exit 0");
  t.expect("a cgroup beside the container's", exists(foreign), "to be there still", "it is gone");
}

void delete_frees_id(Trial& t) {
  Container& box = t.container();
  t.expect_eq("what the first container said", "1", box.inside("echo 1")["echo"]);
  t.expect_eq("what the second of the same id said", "2", box.inside("echo 2")["echo"]);
}

constexpr Clause query(std::string_view text) { return {"runtime.md", "Query State", Level::must, text}; }
constexpr Clause create(std::string_view text) { return {"runtime.md", "Create", Level::must, text}; }
constexpr Clause start(std::string_view text) { return {"runtime.md", "Start", Level::must, text}; }
constexpr Clause kill(std::string_view text) { return {"runtime.md", "Kill", Level::must, text}; }
constexpr Clause removal(std::string_view text, Level level = Level::must) {
  return {"runtime.md", "Delete", level, text};
}

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
constexpr std::string_view not_alive =
    "Attempting to send a signal to a container that is neither `created` nor `running` MUST have no effect "
    "on the container and MUST generate an error.";
constexpr std::string_view sends = "This operation MUST send the specified signal to the container process.";
constexpr std::string_view not_stopped =
    "Attempting to `delete` a container that is not `stopped` MUST have no effect on the container and MUST "
    "generate an error.";
constexpr std::string_view resources =
    "Deleting a container MUST delete the resources that were created during the `create` step.";
constexpr std::string_view foreign =
    "Note that resources associated with the container, but not created by this container, MUST NOT be "
    "deleted.";

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
    {"runtime/kill-without-id-is-error", kill(no_id), kill_without_id},
    {"runtime/kill-of-unknown-is-error", kill(not_alive), kill_of_unknown},
    {"runtime/kill-stopped-is-error", kill(not_alive), kill_stopped},
    {"runtime/kill-created", kill(sends), kill_created},
    {"runtime/kill-KILL", kill(sends), kill_kills},
    {"runtime/delete-without-id-is-error", removal(no_id), delete_without_id},
    {"runtime/delete-of-unknown-is-error", removal(not_stopped), delete_of_unknown},
    {"runtime/delete-running-is-error", removal(not_stopped), delete_running},
    {"runtime/delete-created-is-error", removal(not_stopped), delete_created},
    {"runtime/delete-removes-container", removal(resources), delete_removes},
    {"runtime/delete-removes-cgroup", removal(resources), delete_removes_cgroup, {&needs::root}},
    {"runtime/delete-keeps-bundle", removal(foreign), delete_keeps_bundle},
    {"runtime/delete-keeps-foreign-cgroup",
     removal(foreign),
     delete_keeps_foreign_cgroup,
     {&needs::root, &needs::pids}},
    {"runtime/delete-frees-id",
     removal("Once a container is deleted its ID MAY be used by a subsequent container."), delete_frees_id},
};

constexpr auto cases =
    joined(std::to_array(single),
           each(bad_ids, {"runtime/create-with-bad-id-is-error", create(bad_id), create_bad_id}),
           each(signals, {"runtime/kill-sends", kill(sends), kill_sends}),
           each(bad_signals, {"runtime/kill-with-bad-signal-is-error", kill(sends), kill_bad_signal}));

}  // namespace

std::span<const Case> runtime_operations_cases() { return cases; }

}  // namespace conformance
