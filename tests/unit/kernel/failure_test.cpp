#include "kernel/failure.hpp"

#include <catch2/catch.hpp>

using namespace lodger;

TEST_CASE("explain names the call only where the error does not speak for itself") {
  CHECK(explain("root.path /x", {"openat", ENOENT}).text == "root.path /x: No such file or directory");
  CHECK(explain("mounts[1] /y", {"move_mount", EINVAL}).text == "mounts[1] /y: move_mount: Invalid argument");
  CHECK(explain("x", {"y", EACCES}).code == EACCES);
  CHECK(explain("x", {"openat2", ENOSYS}).text ==
        "x: openat2: Function not implemented (it needs Linux 5.6, and a seccomp filter around lodger that "
        "lets "
        "it pass)");
  CHECK(explain("x", {"keyctl", ENOSYS}).text == "x: keyctl: Function not implemented");
}

TEST_CASE("error_text knows every errno and survives others") {
  CHECK(error_text(EPERM) == "Operation not permitted");
  CHECK(error_text(99999) == "unknown error");
  CHECK(error_text(-1) == "unknown error");
}

TEST_CASE("explained keeps values and gives errors their words") {
  CHECK(explained(kernel::Result<int>(7), "doing").value() == 7);
  CHECK(explained(kernel::Result<>(), "doing").has_value());
  const auto failed = explained(kernel::Result<int>(kernel::fail("read", EIO)), "reading /z");
  REQUIRE(!failed);
  CHECK(failed.error().text == "reading /z: read: Input/output error");
}

TEST_CASE("TRY gives the value or leaves with the error") {
  const auto half = [](int n) -> kernel::Result<int> {
    if (n % 2) return kernel::fail("half", EDOM);
    return n / 2;
  };
  bool reached = false;
  const auto quarter = [&](int n) -> kernel::Result<int> {
    const int first = TRY(half(n));
    const int second = TRY(half(first));
    reached = true;
    return second;
  };
  CHECK(quarter(8).value() == 2);
  CHECK(reached);
  reached = false;
  const auto odd = quarter(6);
  REQUIRE(!odd);
  CHECK(odd.error().code == EDOM);
  CHECK(!reached);
}
