#include "runtime/container/notify_text.hpp"

#include <catch2/catch.hpp>

#include <cstddef>

using namespace lodger::container;

TEST_CASE("notifications: what tells of the container passes") {
  const auto text = notify_text("STATUS=halfway there\nREADY=1\nWATCHDOG=1");
  CHECK(text.lines == "STATUS=halfway there\nREADY=1\nWATCHDOG=1\n");
  CHECK(text.ready);
  CHECK_FALSE(notify_text("STATUS=READY=1").ready);
  CHECK_FALSE(notify_text("READY=0\n").ready);
  CHECK(notify_text("STOPPING=1\n\n").lines == "STOPPING=1\n");
}

TEST_CASE("notifications: what would speak for other processes, or is none, does not pass") {
  for (const std::string_view line : {"MAINPID=1", "FDSTORE=1", "FDNAME=x", "NOTIFYACCESS=all", "BARRIER=1",
                                      "WATCHDOG_USEC=1", "READY", "", "ready=1", " READY=1", "BUSERROR=x"}) {
    INFO(line);
    const auto text = notify_text(line);
    CHECK(text.lines.empty());
    CHECK_FALSE(text.ready);
  }
  CHECK(notify_text({"STATUS=a\0b\nSTOPPING=1", 21}).lines == "STOPPING=1\n");
  CHECK(notify_text("READY=1\nMAINPID=1\n").lines == "READY=1\n");
}

TEST_CASE("NOTIFY_SOCKET: a path or an abstract name") {
  const auto path = notify_address("/run/x");
  REQUIRE(path);
  CHECK(std::string(path->address.sun_path) == "/run/x");
  CHECK(path->size == offsetof(sockaddr_un, sun_path) + 7);
  const auto abstract = notify_address("@x/y");
  REQUIRE(abstract);
  CHECK(abstract->address.sun_path[0] == '\0');
  CHECK(std::string(abstract->address.sun_path + 1) == "x/y");
  CHECK(abstract->size == offsetof(sockaddr_un, sun_path) + 4);
  for (const std::string& bad :
       {std::string("x"), std::string("/"), std::string("vsock:2:1"), "/" + std::string(107, 'x')})
    CHECK_FALSE(notify_address(bad));
}
