// runtime.md, "Operations": what kill and delete do, and what they refuse without effect.
#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

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

constexpr Clause kill(std::string_view text) { return {"runtime.md", "Kill", Level::must, text}; }
constexpr Clause removal(std::string_view text, Level level = Level::must) {
  return {"runtime.md", "Delete", level, text};
}

constexpr std::string_view no_id =
    "This operation MUST generate an error if it is not provided the container ID.";
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
    joined(std::to_array(single), each(signals, {"runtime/kill-sends", kill(sends), kill_sends}),
           each(bad_signals, {"runtime/kill-with-bad-signal-is-error", kill(sends), kill_bad_signal}));

}  // namespace

std::span<const Case> runtime_kill_delete_cases() { return cases; }

}  // namespace conformance
