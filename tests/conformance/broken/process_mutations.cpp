// Faults of the container process: the real runtime reads a configuration whose "process" lacks something.
#include "mutation.hpp"

namespace conformance::broken {
namespace {

const std::vector<Mutation> table = {
    {"environment-dropped", {"config-process/env"}, [](json& c) { c["process"]["env"] = {"PATH=/bin"}; }},
    {"environment-of-the-runtime-added",
     {"config-process/env-of-runtime-stays-outside"},
     [](json& c) { c["process"]["env"].push_back("CONFORMANCE_OUTSIDE=1"); }},
    {"arguments-dropped",
     {"config-process/args"},
     [](json& c) { c["process"]["args"].erase(c["process"]["args"].size() - 1); }},
    {"program-made-absolute",
     {"config-process/args-looked-up-in-PATH"},
     [](json& c) {
       if (c["process"]["args"].size() > 0 && c["process"]["args"][0] == "probe")
         c["process"]["args"][0] = "/bin/probe";
     }},
    {"cwd-ignored", {"config-process/cwd"}, [](json& c) { c["process"]["cwd"] = "/"; }},
    {"relative-cwd-taken",
     {"config-process/cwd-relative-is-error"},
     [](json& c) { c["process"]["cwd"] = "/" + c["process"]["cwd"].get<std::string>(); }},
    {"uid-ignored", {"config-process/user"}, [](json& c) { c["process"]["user"]["uid"] = 0; }},
    {"gid-ignored", {"config-process/user"}, [](json& c) { c["process"]["user"]["gid"] = 0; }},
    {"additional-groups-ignored",
     {"config-process/additionalGids"},
     [](json& c) { c["process"]["user"].erase("additionalGids"); }},
    {"umask-ignored",
     {"config-process/umask=00[07]*", "config-process/umask=0027"},
     [](json& c) { c["process"]["user"].erase("umask"); }},
    {"rlimits-ignored",
     {"config-process/rlimit=RLIMIT_[!NR]*", "config-process/rlimit=RLIMIT_N[!I]*",
      "config-process/rlimit=RLIMIT_RSS", "config-process/rlimit=RLIMIT_RTTIME",
      "config-process/rlimit-twice-is-error", "config-process/rlimit-unknown-is-error"},
     [](json& c) { c["process"].erase("rlimits"); }},
    {"hard-limits-lowered",
     {"config-process/rlimit=RLIMIT_CPU"},
     [](json& c) {
       if (c["process"].contains("rlimits"))
         for (json& limit : c["process"]["rlimits"]) limit["hard"] = limit["soft"];
     }},
    {"capabilities-ignored",
     {"config-process/capabilities-none", "config-process/capabilities-of-root=*",
      "config-process/capabilities-of-user=bounding", "host-network/raw-without-CAP_NET_RAW"},
     [](json& c) {
       const json all = {"CAP_CHOWN", "CAP_KILL", "CAP_SYS_CHROOT", "CAP_NET_RAW"};
       c["process"]["capabilities"] = {{"bounding", all}, {"permitted", all}, {"effective", all}};
     }},
    {"inheritable-capabilities-dropped",
     {"config-process/capabilities-of-user=inheritable"},
     [](json& c) { c["process"]["capabilities"].erase("inheritable"); }},
    {"ambient-capabilities-dropped",
     {"config-process/capabilities-of-user=ambient"},
     [](json& c) { c["process"]["capabilities"].erase("ambient"); }},
    {"noNewPrivileges-ignored",
     {"config-process/noNewPrivileges-true"},
     [](json& c) { c["process"].erase("noNewPrivileges"); }},
    {"noNewPrivileges-forced",
     {"config-process/noNewPrivileges-false"},
     [](json& c) { c["process"]["noNewPrivileges"] = true; }},
    {"oom-score-ignored",
     {"config-process/oomScoreAdj=500", "config-process/oomScoreAdj=1000"},
     [](json& c) { c["process"].erase("oomScoreAdj"); }},
    {"oom-score-forced",
     {"config-process/oomScoreAdj-unset", "config-process/oomScoreAdj=*"},
     [](json& c) { c["process"]["oomScoreAdj"] = 77; }},
    {"umask-of-its-own", {"config-process/umask=*"}, [](json& c) { c["process"]["user"]["umask"] = 011; }},
    {"unknown-capabilities-refused",
     {"config-process/capability-unknown-is-warning"},
     [](json& c) {
       if (c.dump().find("CAP_NO_SUCH_THING") != std::string::npos) c["root"]["path"] = "nowhere";
     }},
    {"console-size-makes-a-terminal",
     {"config-process/terminal-false"},
     [](json& c) { c["process"]["terminal"] = true; }},
    {"terminal-ignored", {"config-process/terminal-true"}, [](json& c) { c["process"]["terminal"] = false; }},
    {"console-size-ignored",
     {"config-process/consoleSize"},
     [](json& c) { c["process"].erase("consoleSize"); }},
    {"scheduler-ignored",
     {"config-process/scheduler=*", "config-process/scheduler-unknown-is-error"},
     [](json& c) { c["process"].erase("scheduler"); }},
    {"io-priority-ignored",
     {"config-process/ioPriority=*"},
     [](json& c) { c["process"].erase("ioPriority"); }},
    {"newer-rlimits-unknown",
     {"config-process/rlimit=RLIMIT_NICE", "config-process/rlimit=RLIMIT_RTPRIO",
      "config-process/rlimit=RLIMIT_RTTIME"},
     [](json& c) {
       if (c["process"].contains("rlimits"))
         for (json& limit : c["process"]["rlimits"])
           for (const char* newer : {"RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME"})
             if (limit["type"] == newer) limit["type"] = "RLIMIT_UNKNOWN";
     }},
    {"missing-program-replaced",
     {"runtime-lifecycle/program-missing"},
     [](json& c) {
       if (!c["process"]["args"].empty() && c["process"]["args"][0] == "/bin/not-there")
         c["process"]["args"][0] = "/bin/probe";
     }},
    {"empty-arguments-filled",
     {"config-process/args-empty-is-error"},
     [](json& c) {
       if (c["process"]["args"].empty()) c["process"]["args"] = {"/bin/probe"};
     }},
};

}  // namespace

std::span<const Mutation> process_mutations() { return table; }

}  // namespace conformance::broken
