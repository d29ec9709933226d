// The "linux.seccomp" object. Source: runtime-spec 1.3, config-linux.md, "Seccomp".
#include "spec/read_model.hpp"
#include "spec/seccomp_words.hpp"

namespace lodger::spec {

static bool read(Value value, SeccompArg& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("index", out.index) && in.required("value", out.value) &&
         in.optional("valueTwo", out.value_two) &&
         in.required("op", out.op, Words<SeccompOperator>{"operator", seccomp_operators});
}

static bool read(Value value, SeccompSyscall& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("names", out.names) &&
         in.required("action", out.action, Words<SeccompAction>{"action", seccomp_actions}) &&
         in.optional("errnoRet", out.errno_ret) && in.optional("args", out.args);
}

bool read(Value value, Seccomp& out, const Where& where) {
  const Object in(value, where);
  if (!in) return false;
  if (in.has("flags") && !in.optional("flags", out.flags.emplace(), Names{"flag", seccomp_flags}))
    return false;
  return in.required("defaultAction", out.default_action, Words<SeccompAction>{"action", seccomp_actions}) &&
         in.optional("defaultErrnoRet", out.default_errno_ret) &&
         in.optional("architectures", out.architectures, Names{"architecture", seccomp_architectures}) &&
         in.optional("listenerPath", out.listener_path) &&
         in.optional("listenerMetadata", out.listener_metadata) && in.optional("syscalls", out.syscalls);
}

}  // namespace lodger::spec
