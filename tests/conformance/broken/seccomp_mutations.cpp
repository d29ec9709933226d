// Faults of seccomp.
#include "mutation.hpp"

namespace conformance::broken {
namespace {

bool filtered(const json& config) {
  return config.contains("linux") && config["linux"].contains("seccomp") &&
         config["linux"]["seccomp"].is_object();
}

template <class Change>
void each_rule(json& config, Change change) {
  if (!filtered(config)) return;
  for (json& rule : config["linux"]["seccomp"]["syscalls"])
    if (rule.is_object()) change(rule);
}

template <class Change>
void each_argument(json& config, Change change) {
  each_rule(config, [&](json& rule) {
    if (rule.contains("args"))
      for (json& argument : rule["args"]) change(argument);
  });
}

/// Another operator that some of three values tell from the given one.
std::string contrary(const std::string& op) {
  return op == "SCMP_CMP_EQ" ? "SCMP_CMP_NE" : op == "SCMP_CMP_MASKED_EQ" ? "SCMP_CMP_LT" : "SCMP_CMP_EQ";
}

void everything_is_forgiven(json& config) {
  if (!filtered(config)) return;
  json& seccomp = config["linux"]["seccomp"];
  seccomp = {{"defaultAction", "SCMP_ACT_ALLOW"}};
}

const std::vector<Mutation> table = {
    {"seccomp-ignored",
     {"linux-seccomp/action=SCMP_ACT_[EKT]*", "linux-seccomp/default*", "linux-seccomp/errnoRet",
      "linux-seccomp/several", "linux-seccomp/architectures=*", "linux-seccomp/flag=*",
      "linux-seccomp/invalid-is-error=*", "linux-seccomp/notify-*",
      "linux-seccomp/listenerPath-ignored-without-notify", "linux-seccomp/metadata-without-path-is-error"},
     everything_is_forgiven},
    {"seccomp-always",
     {"linux-seccomp/none"},
     [](json& c) {
       if (!filtered(c))
         c["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"},
                                  {"syscalls", {{{"names", {"acct"}}, {"action", "SCMP_ACT_ERRNO"}}}}};
     }},
    {"seccomp-actions-alike",
     {"linux-seccomp/action=*"},
     [](json& c) {
       each_rule(c, [](json& rule) { rule["action"] = "SCMP_ACT_ERRNO", rule["errnoRet"] = 77; });
     }},
    {"seccomp-errno-always-EPERM",
     {"linux-seccomp/errnoRet", "linux-seccomp/defaultErrnoRet", "linux-seccomp/several"},
     [](json& c) {
       each_rule(c, [](json& rule) { rule.erase("errnoRet"); });
       if (filtered(c)) c["linux"]["seccomp"].erase("defaultErrnoRet");
     }},
    {"seccomp-operators-contrary",
     {"linux-seccomp/operator=*"},
     [](json& c) { each_argument(c, [](json& a) { a["op"] = contrary(a["op"]); }); }},
    {"seccomp-arguments-ignored",
     {"linux-seccomp/index=*", "linux-seccomp/value-of-64-bits"},
     [](json& c) { each_rule(c, [](json& rule) { rule.erase("args"); }); }},
    {"seccomp-arguments-of-32-bits",
     {"linux-seccomp/value-of-64-bits"},
     [](json& c) {
       each_argument(c, [](json& a) { a["value"] = a["value"].get<std::uint64_t>() & 0xffffffff; });
     }},
    {"seccomp-metadata-changed",
     {"linux-seccomp/notify-state=/metadata"},
     [](json& c) {
       if (filtered(c)) c["linux"]["seccomp"]["listenerMetadata"] = "changed";
     }},
};

}  // namespace

std::span<const Mutation> seccomp_mutations() { return table; }

}  // namespace conformance::broken
