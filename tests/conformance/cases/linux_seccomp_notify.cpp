// config-linux.md, "Seccomp": `listenerPath`, and "The Container Process State" that comes through it.
#include <sys/syscall.h>

#include <cerrno>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/agent.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// A container that asks the agent about getpgid.
Container& asking(Trial& t, const std::string& path) {
  Container& box = t.container();
  box.config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"},
                                    {"listenerPath", path},
                                    {"syscalls", {{{"names", {"getpgid"}}, {"action", "SCMP_ACT_NOTIFY"}}}}};
  return box;
}

const std::string call = std::to_string(SYS_getpgid);

/// What the agent got, once the container has been started.
json told(Trial& t, Container& box, SeccompAgent& agent, support::Delivery& message) {
  box.started();
  message = agent.take();
  const json document = json::parse(message.text, nullptr, false);
  t.require("the container process state", document.is_object(), "an object of JSON", message.text);
  return document;
}

void decided(Trial& t) {
  const std::string path = t.folder() + "/agent";
  SeccompAgent agent(path);
  Container& box = asking(t, path);
  box.payload("syscall " + call);
  support::Delivery message;
  told(t, box, agent, message);
  t.require("the call that the agent is asked about", agent.answer(ENOMEDIUM) == SYS_getpgid, "getpgid",
            "none");
  box.await_stopped();
  t.expect_eq("the errno of the call", std::to_string(ENOMEDIUM),
              Facts(box.output())["syscall:" + call + ".errno"]);
}

void one_state(Trial& t) {
  const std::string path = t.folder() + "/agent";
  SeccompAgent agent(path);
  Container& box = asking(t, path);
  support::Delivery message;
  told(t, box, agent, message);
  t.expect_eq("the connection is closed", true, message.closed);
  t.expect_eq("descriptors", 1, message.descriptors.size());
  t.expect_eq("descriptors of the first message", 1, message.at_first);
}

/// What the document has to say: `name` is a JSON pointer; `wanted` may be no constant.
struct Member {
  std::string_view name, text;
  json (*wanted)(Container& box);
};
constexpr std::array members = {
    Member{"/fds",
           "`fds` (array, OPTIONAL) is a string array containing the names of the file descriptors passed.",
           [](Container&) { return json({"seccompFd"}); }},
    Member{"/pid", "`pid` (int, REQUIRED) is the container process ID, as seen by the runtime.",
           [](Container& box) { return json(box.pid()); }},
    Member{"/metadata", "`metadata` (string, OPTIONAL) opaque metadata.",
           [](Container&) { return json("as \"it\" is\n"); }},
    Member{"/state/id", "`state` (state, REQUIRED) is the state of the container.",
           [](Container& box) { return json(box.id()); }},
    Member{"/state/bundle", "`state` (state, REQUIRED) is the state of the container.",
           [](Container& box) { return json(box.bundle()); }},
    Member{"/state/pid", "`state` (state, REQUIRED) is the state of the container.",
           [](Container& box) { return json(box.pid()); }},
    Member{"/state/annotations", "`state` (state, REQUIRED) is the state of the container.",
           [](Container&) {
             return json({{"key", "value"}});
           }},
};

void has_member(Trial& t) {
  const Member& one = members[t.row()];
  const std::string path = t.folder() + "/agent";
  SeccompAgent agent(path);
  Container& box = asking(t, path);
  box.config["linux"]["seccomp"]["listenerMetadata"] = "as \"it\" is\n";
  box.config["annotations"] = {{"key", "value"}};
  support::Delivery message;
  const json document = told(t, box, agent, message);
  t.expect_eq(one.name, one.wanted(box), document.value(json::json_pointer{std::string(one.name)}, json()));
}

void versions(Trial& t) {
  const std::string path = t.folder() + "/agent";
  SeccompAgent agent(path);
  support::Delivery message;
  const json document = told(t, asking(t, path), agent, message);
  for (const char* name : {"/ociVersion", "/state/ociVersion", "/state/status"})
    t.expect(name, document.value(json::json_pointer{name}, json()).is_string(), "a string", document.dump());
}

// --- errors

/// The error may come with create, or with start where the filter comes last.
void refused(Trial& t, Container& box) {
  const Finished created = box.create();
  t.expect_error("create, or start", created.succeeded() ? box.start() : created);
}

void nobody_listens(Trial& t) { refused(t, asking(t, t.folder() + "/nobody")); }

void no_path(Trial& t) {
  Container& box = asking(t, "");
  box.config["linux"]["seccomp"].erase("listenerPath");
  refused(t, box);
}

void metadata_alone(Trial& t) {
  Container& box = t.container();
  box.config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"}, {"listenerMetadata", "alone"}};
  refused(t, box);
}

void ignored(Trial& t) {
  Container& box = asking(t, t.folder() + "/nobody");
  box.config["linux"]["seccomp"]["syscalls"][0]["action"] = "SCMP_ACT_ERRNO";
  t.expect_eq("the errno of the call", std::to_string(EPERM),
              box.inside("syscall " + call)["syscall:" + call + ".errno"]);
}

constexpr Clause clause(std::string_view text, std::string_view section = "Seccomp") {
  return {"config-linux.md", section, Level::must, text};
}
constexpr Need listener{"Linux 5.5", [](const Machine& m) { return m.kernel(5, 5); }};

constexpr Case single[] = {
    {"linux-seccomp/notify-decides",
     clause("`seccompFd` (string, REQUIRED) is the seccomp file descriptor returned by the seccomp syscall."),
     decided,
     {&listener}},
    {"linux-seccomp/notify-once",
     clause("The connection MUST NOT be reused and it MUST be closed after sending a seccomp state."),
     one_state,
     {&listener}},
    {"linux-seccomp/notify-versions",
     clause(
         "`ociVersion` (string, REQUIRED) is version of the Open Container Initiative Runtime Specification "
         "with which the container process state complies.",
         "The Container Process State"),
     versions,
     {&listener}},
    {"linux-seccomp/notify-nobody-listens-is-error",
     clause("If sending to this socket fails, the runtime MUST generate an error."),
     nobody_listens,
     {&listener}},
    {"linux-seccomp/notify-without-path-is-error",
     clause("`listenerPath` (string, OPTIONAL) - specifies the path of UNIX domain socket over which the "
            "runtime will send the container process state data structure when the `SCMP_ACT_NOTIFY` action "
            "is used."),
     no_path,
     {&listener}},
    {"linux-seccomp/metadata-without-path-is-error",
     clause("This field MUST NOT be set if `listenerPath` is not set."), metadata_alone},
    {"linux-seccomp/listenerPath-ignored-without-notify",
     clause("If the `SCMP_ACT_NOTIFY` action is not used this value is ignored."), ignored},
};
constexpr auto cases = joined(
    std::to_array(single),
    each(members,
         {"linux-seccomp/notify-state", clause("", "The Container Process State"), has_member, {&listener}}));

}  // namespace

std::span<const Case> linux_seccomp_notify_cases() { return cases; }

}  // namespace conformance
