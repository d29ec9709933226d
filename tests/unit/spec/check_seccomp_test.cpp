#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string with(Seccomp seccomp) {
  return check_after([&](Config& c) { c.linux->seccomp = std::move(seccomp); });
}
static std::string with(SeccompSyscall rule) {
  return with(Seccomp{.syscalls = {{.names = {"read"}}, std::move(rule)}});
}

TEST_CASE("check seccomp: only some actions take an errno") {
  using enum SeccompAction;
  for (const auto action : {errno_, trace}) {
    CHECK(with(Seccomp{.default_action = action, .default_errno_ret = 38}) == "accepted");
    CHECK(with(SeccompSyscall{.names = {"a"}, .action = action, .errno_ret = 4095}) == "accepted");
  }
  for (const auto action : {kill, kill_process, kill_thread, trap, allow, log}) {
    CHECK(with(Seccomp{.default_action = action, .default_errno_ret = 1}) ==
          "linux.seccomp.defaultErrnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one");
    CHECK(with(SeccompSyscall{.names = {"a"}, .action = action, .errno_ret = 1}) ==
          "linux.seccomp.syscalls[1].errnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one");
    CHECK(with(SeccompSyscall{.names = {"a"}, .action = action}) == "accepted");
  }
  CHECK(with(SeccompSyscall{.names = {"a"}, .action = errno_, .errno_ret = 4096}) ==
        "linux.seccomp.syscalls[1].errnoRet: expected 0 to 4095, found 4096");
  CHECK(with(SeccompSyscall{.names = {"a"}, .action = trace, .errno_ret = 65535}) == "accepted");
  CHECK(with(SeccompSyscall{.names = {"a"}, .action = trace, .errno_ret = 65536}).ends_with("found 65536"));
}

TEST_CASE("check seccomp: rules name calls and look at six arguments") {
  CHECK(with(SeccompSyscall{.names = {}}) == "linux.seccomp.syscalls[1].names: must have at least one entry");
  CHECK(with(SeccompSyscall{.names = {"a"}, .args = {{.index = 5}}}) == "accepted");
  CHECK(with(SeccompSyscall{.names = {"a"}, .args = {{.index = 0}, {.index = 6}}}) ==
        "linux.seccomp.syscalls[1].args[1].index: expected 0 to 5, found 6");
}

TEST_CASE("check seccomp: the listener") {
  CHECK(with(Seccomp{.listener_path = "/s", .listener_metadata = "m"}) ==
        "accepted");  // ignored, says the text
  CHECK(with(Seccomp{.listener_metadata = "m"}) ==
        "linux.seccomp.listenerMetadata: must not be set without listenerPath");
  const std::vector<SeccompSyscall> asks = {{.names = {"mkdir"}, .action = SeccompAction::notify}};
  CHECK(with(Seccomp{.listener_path = "/s", .listener_metadata = "m", .syscalls = asks}) == "accepted");
  CHECK(with(Seccomp{.listener_path = "s"}) == "accepted");
  CHECK(with(Seccomp{.listener_path = "s", .syscalls = asks}) ==
        "linux.seccomp.listenerPath: must be an absolute path, found \"s\"");
  CHECK(with(Seccomp{.syscalls = asks}) ==
        "linux.seccomp.listenerPath: missing, and rules have the action SCMP_ACT_NOTIFY");
}

TEST_CASE("check seccomp: what may not wait for an agent") {
  const auto asks = [](const char* call) {
    return with(Seccomp{
        .listener_path = "/s",
        .syscalls = {{.names = {"read"}}, {.names = {"mkdir", call}, .action = SeccompAction::notify}}});
  };
  CHECK(asks("read") == "accepted");
  for (const char* call : {"sendmsg", "recvmsg", "write"})
    CHECK(asks(call).starts_with("linux.seccomp.syscalls[1]: SCMP_ACT_NOTIFY cannot be used for the " +
                                 std::string(call)));
  CHECK(with(Seccomp{.default_action = SeccompAction::notify, .listener_path = "/s"})
            .starts_with("linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default"));
}

TEST_CASE("check seccomp: a flag about notifications needs some") {
  Seccomp seccomp{.listener_path = "/s"};
  seccomp.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  CHECK(with(seccomp).starts_with("linux.seccomp.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is about"));
  seccomp.syscalls = {{.names = {"mkdir"}, .action = SeccompAction::notify}};
  CHECK(with(seccomp) == "accepted");
}
