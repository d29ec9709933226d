// Faults of what config.json says beside "process", "mounts" and "linux": root, hooks, annotations, names.
#include <unistd.h>

#include <algorithm>

#include "mutation.hpp"
#include "tests/conformance/harness/files.hpp"

namespace conformance::broken {
namespace {

void drop_hooks(json& config, const char* kind) {
  if (config.contains("hooks")) config["hooks"].erase(kind);
}

/// Every hook of the configuration.
void each_hook(json& config, void (*change)(json& hook)) {
  if (!config.contains("hooks") || !config["hooks"].is_object()) return;
  for (auto& [kind, hooks] : config["hooks"].items())
    for (json& hook : hooks) change(hook);
}

void reverse_hooks(json& config) {
  if (!config.contains("hooks")) return;
  for (auto& [kind, hooks] : config["hooks"].items()) std::reverse(hooks.begin(), hooks.end());
}

/// Hooks of one kind are called as if they were of another.
void move_hooks(json& config, const char* from, const char* to) {
  if (!config.contains("hooks") || !config["hooks"].contains(from)) return;
  config["hooks"][to] = config["hooks"][from];
  config["hooks"].erase(from);
}

const std::vector<Mutation> table = {
    {"root-always-rootfs",
     {"config-root/bad-path-is-error=*", "config-root/absent-is-error", "config-root/path-absent-is-error"},
     [](json& c) {
       c["root"] = {{"path", "rootfs"}};
     }},
    {"root-always-beside",
     {"config-root/path-relative", "config-root/path-absolute", "config-root/path-beside-bundle"},
     [](json& c) { c["root"]["path"] = "/"; }},
    {"root-relative-to-caller",
     {"config-root/path-not-relative-to-caller"},
     [](json& c) {
       char here[4096] = "";
       if (getcwd(here, sizeof here) != nullptr && exists(std::string(here) + "/rootfs"))
         c["root"]["path"] = std::string(here) + "/rootfs";
     }},
    {"readonly-ignored", {"config-root/readonly-true"}, [](json& c) { c["root"].erase("readonly"); }},
    {"readonly-by-default",
     {"config-root/readonly-unset"},
     [](json& c) {
       if (!c["root"].contains("readonly")) c["root"]["readonly"] = true;
     }},
    {"readonly-forced", {"config-root/readonly-false"}, [](json& c) { c["root"]["readonly"] = true; }},
    {"hostname-ignored",
     {"config-hostname/set=*", "config-hostname/too-long-is-error"},
     [](json& c) { c.erase("hostname"); }},
    {"hostname-of-its-own", {"config-hostname/unset"}, [](json& c) { c["hostname"] = "of-its-own"; }},
    {"domainname-ignored", {"config-domainname/set=*"}, [](json& c) { c.erase("domainname"); }},
    {"hooks-reversed", {"config-hooks/order=*"}, reverse_hooks},
    {"hook-arguments-dropped",
     {"config-hooks/args-and-env=*"},
     [](json& c) { each_hook(c, [](json& hook) { hook["args"].erase(hook["args"].size() - 1); }); }},
    {"hook-environment-dropped",
     {"config-hooks/args-and-env=*"},
     [](json& c) { each_hook(c, [](json& hook) { hook.erase("env"); }); }},
    {"hook-timeouts-ignored",
     {"config-hooks/timeout-zero-is-error=*", "config-hooks/timeout-negative-is-error=*",
      "config-hooks/timeout=*"},
     [](json& c) { each_hook(c, [](json& hook) { hook.erase("timeout"); }); }},
    {"hook-paths-made-absolute",
     {"config-hooks/relative-path-is-error=*", "config-hooks/path-absent-is-error=*"},
     [](json& c) {
       const bool inside = c.contains("hooks") && c["hooks"].contains("startContainer");
       static std::string path;
       path = inside ? "/bin/probe" : "/bin/true";
       each_hook(c, [](json& hook) {
         if (!hook.value("path", "").starts_with("/")) hook["path"] = path;
       });
     }},
    {"startContainer-hooks-on-the-host",
     {"config-hooks/where=startContainer", "config-hooks/startContainer-path-inside",
      "config-hooks/when=startContainer"},
     [](json& c) { move_hooks(c, "startContainer", "createRuntime"); }},
    {"createContainer-hooks-on-the-host",
     {"config-hooks/where=createContainer"},
     [](json& c) { move_hooks(c, "createContainer", "createRuntime"); }},
    {"createRuntime-hooks-inside",
     {"config-hooks/where=createRuntime", "config-hooks/pid=createRuntime"},
     [](json& c) { move_hooks(c, "createRuntime", "createContainer"); }},
    {"prestart-hooks-inside",
     {"config-hooks/where=prestart", "config-hooks/pid=prestart"},
     [](json& c) { move_hooks(c, "prestart", "createContainer"); }},
    {"createContainer-hooks-after-pivot",
     {"config-hooks/createContainer-before-pivot"},
     [](json& c) {
       each_hook(c, [](json& hook) { hook["path"] = "/bin/probe", hook["args"][2] = "/tmp/hooks"; });
       move_hooks(c, "createContainer", "startContainer");
     }},
    {"later-hooks-inside",
     {"config-hooks/where=poststart", "config-hooks/where=poststop"},
     [](json& c) {
       for (const char* kind : {"poststart", "poststop"}) move_hooks(c, kind, "createContainer");
     }},
    {"poststart-hooks-at-create",
     {"config-hooks/when=poststart", "config-hooks/status=poststart"},
     [](json& c) { move_hooks(c, "poststart", "createRuntime"); }},
    {"poststop-hooks-at-start",
     {"config-hooks/when=poststop", "config-hooks/status=poststop"},
     [](json& c) { move_hooks(c, "poststop", "poststart"); }},
    {"create-hooks-at-start",
     {"config-hooks/when=prestart", "config-hooks/when=createRuntime", "config-hooks/when=createContainer",
      "config-hooks/status=prestart", "config-hooks/status=createRuntime",
      "config-hooks/status=createContainer", "config-hooks/createRuntime-after-environment"},
     [](json& c) {
       for (const char* kind : {"prestart", "createRuntime", "createContainer"})
         move_hooks(c, kind, "poststop");
     }},
    {"startContainer-hooks-at-the-end",
     {"config-hooks/status=startContainer", "config-hooks/pid=startContainer"},
     [](json& c) { move_hooks(c, "startContainer", "poststop"); }},
    {"hook-without-state",
     {"config-hooks/state=*", "config-hooks/status=*", "config-hooks/pid=*"},
     [](json& c) {
       each_hook(c, [](json& hook) { hook["args"].insert(hook["args"].begin() + 1, {"copy", ";"}); });
     }},
    {"annotations-trimmed", {"config-annotations/given=*"}, [](json& c) { c.erase("annotations"); }},
    {"empty-annotations-refused",
     {"config-annotations/empty-map"},
     [](json& c) {
       if (c.contains("annotations") && c["annotations"].empty()) c["annotations"] = 1;
     }},
    {"empty-keys-taken",
     {"config-annotations/empty-key-is-error"},
     [](json& c) {
       if (c.contains("annotations")) c["annotations"].erase("");
     }},
    {"unknown-properties-refused",
     {"config-extensibility/unknown-property-ignored=*"},
     [](json& c) {
       if (c.dump().find("orgExampleUnknown") != std::string::npos) c["root"]["path"] = "nowhere";
     }},
    {"any-version-taken",
     {"config-version/invalid-is-error=*", "config-version/absent-is-error"},
     [](json& c) { c["ociVersion"] = "1.0.2"; }},
    {"old-versions-refused",
     {"config-version/accepted=*"},
     [](json& c) {
       if (c["ociVersion"].get<std::string>().starts_with("1.0.")) c["ociVersion"] = "0.9";
     }},
    {"everything-invalid-forgiven",
     {"config-values/invalid-is-error=*"},
     [](json& c) {
       c = json::parse(
           R"({"ociVersion":"1.0.2","root":{"path":"rootfs"},"process":{"args":["/bin/probe","ids"],"cwd":"/",
         "user":{"uid":0,"gid":0}},"linux":{"namespaces":[{"type":"mount"},{"type":"pid"}]}})");
     }},
    {"prestart-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/create-hook-fails=prestart"},
     [](json& c) { drop_hooks(c, "prestart"); }},
    {"createRuntime-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/create-hook-fails=createRuntime"},
     [](json& c) { drop_hooks(c, "createRuntime"); }},
    {"createContainer-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/create-hook-fails=createContainer"},
     [](json& c) { drop_hooks(c, "createContainer"); }},
    {"startContainer-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/start-hook-fails=startContainer"},
     [](json& c) { drop_hooks(c, "startContainer"); }},
    {"poststart-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/start-hook-fails=poststart"},
     [](json& c) { drop_hooks(c, "poststart"); }},
    {"poststop-hooks-skipped",
     {"runtime-lifecycle/order-of-hooks", "runtime-lifecycle/poststop-hook-fails"},
     [](json& c) { drop_hooks(c, "poststop"); }},
    {"last-mount-dropped",
     {"runtime-lifecycle/environment-at-create"},
     [](json& c) { c["mounts"].erase(c["mounts"].size() - 1); }},
    {"annotations-dropped", {"runtime-state/annotations"}, [](json& c) { c.erase("annotations"); }},
    {"cgroup-path-ignored",
     {"runtime/delete-removes-cgroup"},
     [](json& c) { c["linux"]["cgroupsPath"] = "/lodger-conformance-elsewhere"; }},
};

}  // namespace

std::span<const Mutation> config_mutations() { return table; }

}  // namespace conformance::broken
