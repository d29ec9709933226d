// Faults of the document of features.
#include <unistd.h>

#include "mutation.hpp"

namespace conformance::broken {
namespace {

/// The real document, changed.
int told(const Call& call, void (*change)(json& document)) {
  if (call.command != "features") return call.pass();
  std::string out;
  const int status = call.pass(out);
  json document = json::parse(out, nullptr, false);
  if (status == 0 && document.is_object()) {
    change(document);
    out = document.dump();
  }
  return write(1, out.data(), out.size()) < 0 ? 1 : status;
}

void invent(json& value) {
  if (value.is_array())
    value.push_back("MADE_UP");
  else if (value.is_object())
    for (json& below : value) invent(below);
}

/// "linux.memoryPolicy" is no object any more, nor is anything that it contains what it was.
void retype(json& value) {
  if (value.is_object() && !value.empty())
    for (json& below : value) retype(below);
  else
    value = 5;
}

const std::vector<Mutation> table = {
    {"features-without-versions",
     {"features/versions", "features/version-accepted=*"},
     nullptr,
     nullptr,
     [](const Call& call) {
       return told(call, [](json& d) {
         d.erase("ociVersionMin");
         d.erase("ociVersionMax");
       });
     }},
    {"features-versions-reversed",
     {"features/versions-in-order"},
     nullptr,
     nullptr,
     [](const Call& call) {
       return told(call, [](json& d) { std::swap(d["ociVersionMin"], d["ociVersionMax"]); });
     }},
    {"features-of-other-types",
     {"features/type=/hooks", "features/type=/annotations", "features/type=/mountOptions",
      "features/type=*Annotations", "features/type=*/namespaces", "features/type=*/capabilities",
      "features/type=*/*/enabled", "features/type=*/cgroup/*", "features/type=*/seccomp/*",
      "features/type=*/memoryPolicy/*", "features/type=*/intelRdt/*"},
     nullptr,
     nullptr,
     [](const Call& call) { return told(call, retype); }},
    {"features-without-objects",
     {"features/type=/linux/cgroup", "features/type=/linux/seccomp", "features/type=/linux/apparmor",
      "features/type=/linux/selinux", "features/type=/linux/memoryPolicy", "features/type=/linux/intelRdt",
      "features/type=/linux/mountExtensions", "features/type=/linux/netDevices"},
     nullptr,
     nullptr,
     [](const Call& call) {
       return told(call, [](json& d) {
         for (json& part : d["linux"]) part = true;
       });
     }},
    {"features-linux-is-a-list",
     {"features/type=/linux"},
     nullptr,
     nullptr,
     [](const Call& call) { return told(call, [](json& d) { d["linux"] = json::array({"cgroup"}); }); }},
    {"features-idmap-is-true",
     {"features/type=/linux/mountExtensions/idmap"},
     nullptr,
     nullptr,
     [](const Call& call) {
       return told(call, [](json& d) { d["linux"]["mountExtensions"]["idmap"] = true; });
     }},
    {"features-made-up",
     {"features/*-recognized", "features/hooks-run", "features/seccomp-flags-supported"},
     nullptr,
     nullptr,
     [](const Call& call) { return told(call, invent); }},
    {"features-of-one's-own",
     {"features/defined"},
     nullptr,
     nullptr,
     [](const Call& call) { return told(call, [](json& d) { d["linux"]["speed"] = true; }); }},
    {"features-of-the-machine",
     {"features/irrespective-of-the-host"},
     nullptr,
     nullptr,
     [](const Call& call) {
       return told(call,
                   [](json& d) { d["linux"]["cgroup"]["v1"] = access("/sys/fs/cgroup/memory", F_OK) == 0; });
     }},
};

}  // namespace

std::span<const Mutation> features_mutations() { return table; }

}  // namespace conformance::broken
