#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string said(const char* property) {
  return std::string(property) + ": not supported by this version of lodger";
}

TEST_CASE("not yet: each property is refused by its name") {
  CHECK(check_after([](Config& c) { c.linux->intel_rdt.emplace(); }) == said("linux.intelRdt"));
}

TEST_CASE("not yet: seccomp notifications") {
  const std::string notify = said("SCMP_ACT_NOTIFY in linux.seccomp");
  const auto seccomp = [](Seccomp value) {
    return check_after([&](Config& c) { c.linux->seccomp = std::move(value); });
  };
  CHECK(seccomp({.default_action = SeccompAction::notify}) == notify);
  CHECK(seccomp({.syscalls = {{.names = {"a"}}, {.names = {"b"}, .action = SeccompAction::notify}}}) ==
        notify);
}
