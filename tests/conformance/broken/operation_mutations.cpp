// Faults of the operations: commands that do something else, or say something else, than they should.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "mutation.hpp"
#include "tests/conformance/harness/files.hpp"

namespace conformance::broken {
namespace {

/// An answer of the real runtime's that is always success.
int swallow(const Call& call) {
  call.pass();
  return 0;
}

int swallow_start(const Call& call) { return call.command == "start" ? swallow(call) : call.pass(); }
int swallow_kill(const Call& call) { return call.command == "kill" ? swallow(call) : call.pass(); }
int swallow_create(const Call& call) { return call.command == "create" ? swallow(call) : call.pass(); }

int swallow_delete(const Call& call) {
  if (call.command != "delete") return call.pass();
  call.pass();
  return 0;
}

int swallow_state(const Call& call) {
  if (call.command != "state") return call.pass();
  if (call.pass() != 0) write(1, "{}\n", 3);
  return 0;
}

/// The signal is never sent.
int kill_nothing(const Call& call) { return call.command == "kill" ? 0 : call.pass(); }

/// Always the same signal, whatever was asked for.
int kill_with_winch(const Call& call) {
  if (call.command != "kill" || call.state().is_null()) return call.pass();
  return call.tell("kill", {"WINCH"});
}

/// A word that is no signal becomes one that does nothing.
int kill_takes_any_word(const Call& call) {
  if (call.command != "kill") return call.pass();
  const int status = call.pass();
  return status == 0 || call.state().value("status", "") != "running" ? status : call.tell("kill", {"WINCH"});
}

int delete_kills(const Call& call) {
  if (call.command != "delete" || call.id.empty() || call.state().is_null()) return call.pass();
  return call.tell("delete", {"--force"});
}

int delete_fails(const Call& call) { return call.command == "delete" ? 1 : call.pass(); }

int delete_does_nothing(const Call& call) {
  return call.command == "delete" && !call.state().is_null() ? 0 : call.pass();
}

/// The cgroup is there again after the delete.
int delete_leaves_cgroup(const Call& call) {
  if (call.command != "delete") return call.pass();
  const std::string bundle = call.state().value("bundle", "");
  const int status = call.pass();
  const json config = json::parse(read_file(bundle + "/config.json"), nullptr, false);
  if (config.is_discarded() || status != 0) return status;
  const std::string path = config["linux"].value("cgroupsPath", "");
  for (const char* base : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids"})
    if (exists(std::string(base) + "/cgroup.procs")) {
      mkdir((base + path.substr(0, path.rfind('/'))).c_str(), 0755);
      mkdir((base + path).c_str(), 0755);
    }
  return status;
}

/// What was mounted over the root's folder stays.
int delete_leaves_mount(const Call& call) {
  if (call.command != "delete") return call.pass();
  const std::string root = call.state().value("bundle", "") + "/rootfs";
  const int status = call.pass();
  if (status == 0) mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr);
  return status;
}

int delete_takes_bundle(const Call& call) {
  if (call.command != "delete") return call.pass();
  const std::string bundle = call.state().value("bundle", "");
  const int status = call.pass();
  if (status == 0 && bundle.starts_with("/tmp/") && bundle.find("lodger-conformance-") != std::string::npos)
    remove_tree(bundle);
  return status;
}

int delete_takes_neighbours(const Call& call) {
  if (call.command != "delete") return call.pass();
  const json config =
      json::parse(read_file(call.state().value("bundle", "") + "/config.json"), nullptr, false);
  const int status = call.pass();
  if (config.is_discarded()) return status;
  const std::string path = config["linux"].value("cgroupsPath", "");
  const std::string parent = "/sys/fs/cgroup/pids" + path.substr(0, path.rfind('/'));
  if (parent.find("lodger-conformance-") == std::string::npos) return status;
  for (const auto& name : names_in(parent)) rmdir((parent + "/" + name).c_str());
  return status;
}

/// The id stays taken.
int delete_keeps_id(const Call& call) {
  const std::string mark = call.root + "/deleted-" + call.id;
  if (call.command == "create" && exists(mark)) return 1;
  const int status = call.pass();
  if (call.command == "delete" && status == 0) write_file(mark, "");
  return status;
}

/// Create runs the program at once.
int create_starts(const Call& call) {
  if (call.command == "start") return call.state().value("status", "") == "running" ? 0 : call.pass();
  const int status = call.pass();
  if (call.command == "create" && status == 0) call.tell("start");
  return status;
}

/// Create of a taken id throws the old container away.
int create_replaces(const Call& call) {
  if (call.command == "create" && !call.state().is_null()) call.tell("delete", {"--force"});
  return call.pass();
}

/// Nothing was created, and the caller is not told.
int create_makes_nothing(const Call& call) {
  return call.command == "create" && exists(call.config_path()) ? 0 : call.pass();
}

/// A refused container's id stays taken.
int create_leaves_remains(const Call& call) {
  const std::string mark = call.root + "/failed-" + call.id;
  if (call.command == "create" && exists(mark)) return 1;
  const int status = call.pass();
  if (call.command == "create" && status != 0 && exists(call.config_path())) write_file(mark, "");
  return status;
}

int create_takes_any_id(const Call& call) {
  return call.command == "create" && (call.id.empty() || call.id.find_first_of("/.") != std::string::npos)
             ? 0
             : call.pass();
}

/// The container is made anew at start, from what config.json says by then.
int start_reads_config(const Call& call) {
  if (call.command != "start") return call.pass();
  const json state = call.state();
  if (state.is_null() || state["status"] != "created") return call.pass();
  const int out = open(("/proc/" + state["pid"].dump() + "/fd/1").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (out >= 0) dup2(out, 1);
  call.tell("delete", {"--force"});
  Call again = call;
  again.command = "create";
  again.pass({"--root", call.root, "create", "--bundle", state["bundle"], call.id});
  return call.pass();
}

/// A second start runs the program again, outside of any container.
int start_runs_again(const Call& call) {
  if (call.command != "start") return call.pass();
  const json state = call.state();
  const std::string status = state.is_null() ? "" : state.value("status", "");
  return status == "running" || status == "stopped" ? 0 : call.pass();
}

/// A container without a process gets one.
int create_invents_process(const Call& call) {
  const std::string given = call.command == "create" ? read_file(call.config_path()) : "";
  json config = json::parse(given, nullptr, false);
  if (config.is_discarded() || config.contains("process")) return call.pass();
  config["process"] = {{"args", {"/bin/probe"}}, {"cwd", "/"}, {"user", {{"uid", 0}, {"gid", 0}}}};
  write_file(call.config_path(), config.dump());
  return call.pass();
}

/// A configuration that cannot be read is taken for a small one.
int create_takes_any_text(const Call& call) {
  if (call.command != "create" || !exists(call.config_path())) return call.pass();
  if (!json::parse(read_file(call.config_path()), nullptr, false).is_object())
    write_file(
        call.config_path(),
        R"({"ociVersion":"1.0.2","root":{"path":"rootfs"},"process":{"args":["/bin/probe","hold"],"cwd":"/",)"
        R"("user":{"uid":0,"gid":0}},"linux":{"namespaces":[{"type":"mount"},{"type":"pid"}]}})");
  return call.pass();
}

/// The root filesystem is given to the container's root.
int create_changes_owners(const Call& call) {
  const int status = call.pass();
  if (call.command == "create" && exists(call.bundle + "/rootfs/etc/file"))
    return chown((call.bundle + "/rootfs/etc/file").c_str(), 100000, 100000) == 0 ? status : 1;
  return status;
}

int start_does_nothing(const Call& call) {
  return call.command == "start" && !call.state().is_null() ? 0 : call.pass();
}

int kill_crashes(const Call& call) {
  if (call.command == "kill") raise(SIGSEGV);
  return call.pass();
}

/// For the harness's time-out: the case ends, and is cleaned up.
int state_hangs(const Call& call) {
  if (call.command == "state")
    for (;;) pause();
  return call.pass();
}

void state_status(json& state) { state["status"] = "running"; }
void state_created(json& state) {
  if (state["status"] == "stopped") state["status"] = "created";
}
void state_never_stops(json& state) {
  if (state["status"] == "created") state["status"] = "stopped";
}
void state_pid(json& state) { state["pid"] = 1; }
void state_no_pid(json& state) { state.erase("pid"); }
void state_id(json& state) { state["id"] = state["id"].get<std::string>() + "x"; }
void state_bundle(json& state) { state["bundle"] = "."; }
void state_version(json& state) { state.erase("ociVersion"); }
void state_schema(json& state) { state["pid"] = state["pid"].dump(); }
void state_annotations(json& state) { state["annotations"] = {{"left", "over"}}; }

const std::vector<Mutation> table = {
    {"state-says-running", {"runtime-state/created", "runtime-state/stopped"}, nullptr, state_status},
    {"state-says-created-of-stopped",
     {"runtime-state/stopped", "runtime-state/stopped-without-start"},
     nullptr,
     state_created},
    {"state-says-stopped-of-created", {"runtime-state/created"}, nullptr, state_never_stops},
    {"state-with-wrong-pid", {"runtime-state/pid-when-running"}, nullptr, state_pid},
    {"state-without-pid", {"runtime-state/pid-when-created", "runtime-state/schema"}, nullptr, state_no_pid},
    {"state-with-wrong-id", {"runtime-state/id"}, nullptr, state_id},
    {"state-with-relative-bundle",
     {"runtime-state/bundle", "runtime-state/bundle-of-relative-path"},
     nullptr,
     state_bundle},
    {"state-without-version", {"runtime-state/oci-version", "runtime-state/schema"}, nullptr, state_version},
    {"state-with-pid-as-text", {"runtime-state/schema"}, nullptr, state_schema},
    {"state-with-annotations-of-nobody", {"runtime-state/no-annotations"}, nullptr, state_annotations},
    {"state-swallows-errors",
     {"runtime/state-of-unknown-is-error", "runtime/state-after-delete-is-error",
      "runtime/state-without-id-is-error"},
     nullptr,
     nullptr,
     swallow_state},
    {"start-swallows-errors",
     {
         "runtime/start-twice-is-error",
         "runtime/start-of-stopped-is-error",
         "runtime/start-of-unknown-is-error",
         "runtime/start-without-id-is-error",
     },
     nullptr,
     nullptr,
     swallow_start},
    {"kill-swallows-errors",
     {"runtime/kill-stopped-is-error", "runtime/kill-of-unknown-is-error", "runtime/kill-without-id-is-error",
      "runtime/kill-with-bad-signal-is-error=NOSUCH"},
     nullptr,
     nullptr,
     swallow_kill},
    {"create-swallows-errors",
     {"runtime/create-without-bundle-is-error", "runtime/create-without-config-is-error",
      "runtime/create-without-id-is-error", "runtime/create-with-taken-id-is-error",
      "runtime/create-failed-leaves-nothing", "runtime/create-with-bad-id-is-error=*"},
     nullptr,
     nullptr,
     swallow_create},
    {"delete-swallows-errors",
     {"runtime/delete-of-unknown-is-error", "runtime/delete-running-is-error",
      "runtime/delete-without-id-is-error", "runtime/delete-removes-container"},
     nullptr,
     nullptr,
     swallow_delete},
    {"kill-sends-nothing",
     {"runtime/kill-KILL", "runtime/kill-created", "runtime/kill-sends=*"},
     nullptr,
     nullptr,
     kill_nothing},
    {"kill-sends-another-signal",
     {"runtime/kill-sends=USR1", "runtime/kill-KILL"},
     nullptr,
     nullptr,
     kill_with_winch},
    {"kill-takes-any-word",
     {"runtime/kill-with-bad-signal-is-error=*"},
     nullptr,
     nullptr,
     kill_takes_any_word},
    {"kill-crashes", {"runtime/kill-stopped-is-error", "runtime/kill-KILL"}, nullptr, nullptr, kill_crashes},
    {"delete-ends-running", {"runtime/delete-running-is-error"}, nullptr, nullptr, delete_kills},
    {"delete-does-nothing",
     {"runtime/delete-removes-container", "runtime/delete-frees-id", "runtime/state-after-delete-is-error"},
     nullptr,
     nullptr,
     delete_does_nothing},
    {"delete-fails",
     {"runtime-lifecycle/program-fails", "runtime-lifecycle/poststop-hook-fails"},
     nullptr,
     nullptr,
     delete_fails},
    {"delete-leaves-cgroup", {"runtime/delete-removes-cgroup"}, nullptr, nullptr, delete_leaves_cgroup},
    {"delete-leaves-mount",
     {"linux-namespaces/inherited-mounts-are-removed"},
     nullptr,
     nullptr,
     delete_leaves_mount},
    {"delete-takes-bundle", {"runtime/delete-keeps-bundle"}, nullptr, nullptr, delete_takes_bundle},
    {"delete-takes-foreign-cgroup",
     {"runtime/delete-keeps-foreign-cgroup"},
     nullptr,
     nullptr,
     delete_takes_neighbours},
    {"delete-keeps-id-taken", {"runtime/delete-frees-id"}, nullptr, nullptr, delete_keeps_id},
    {"create-starts",
     {"runtime/create-does-not-run", "runtime-state/created"},
     nullptr,
     nullptr,
     create_starts},
    {"create-replaces-the-old", {"runtime/create-with-taken-id-is-error"}, nullptr, nullptr, create_replaces},
    {"create-makes-nothing", {"runtime/create-makes-container"}, nullptr, nullptr, create_makes_nothing},
    {"create-leaves-remains",
     {"runtime/create-failed-leaves-nothing"},
     nullptr,
     nullptr,
     create_leaves_remains},
    {"create-takes-any-id", {"runtime/create-with-bad-id-is-error=*"}, nullptr, nullptr, create_takes_any_id},
    {"create-invents-a-process",
     {"runtime/start-without-process-is-error"},
     nullptr,
     nullptr,
     create_invents_process},
    {"create-takes-any-text",
     {"config-values/no-configuration-is-error=*"},
     nullptr,
     nullptr,
     create_takes_any_text},
    {"create-changes-owners",
     {"linux-namespaces/user-keeps-owners"},
     nullptr,
     nullptr,
     create_changes_owners},
    {"start-reads-config-again",
     {"runtime/config-change-after-create"},
     nullptr,
     nullptr,
     start_reads_config},
    {"start-of-running-taken",
     {"runtime/start-twice-is-error", "runtime/start-of-stopped-is-error"},
     nullptr,
     nullptr,
     start_runs_again},
    {"start-does-nothing",
     {"runtime/start-runs", "runtime-state/running"},
     nullptr,
     nullptr,
     start_does_nothing},
    {"state-hangs", {"runtime-state/id"}, nullptr, nullptr, state_hangs},
};

}  // namespace

std::span<const Mutation> operation_mutations() { return table; }

}  // namespace conformance::broken
