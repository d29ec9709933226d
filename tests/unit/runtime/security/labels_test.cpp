#include "runtime/security/labels.hpp"

#include <catch2/catch.hpp>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>

using namespace lodger;
using namespace lodger::security;

namespace {

constexpr LabelFiles none{"/nonexistent/apparmor", "/nonexistent/selinux"};

struct Answer {
  explicit Answer(const std::string& text) {
    char name[] = "/tmp/lodger-label-XXXXXX";
    const int fd = ::mkstemp(name);
    if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("mkstemp");
    ::close(fd);
    path = name;
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() { ::unlink(path.c_str()); }
  std::string path;
};

}  // namespace

TEST_CASE("no label asks for nothing") { CHECK(check_labels("", "", "", none)); }

TEST_CASE("a label without its module in the kernel is refused by property") {
  const auto apparmor = check_labels("docker-default", "", "", none);
  REQUIRE_FALSE(apparmor);
  CHECK_THAT(apparmor.error().text,
             Catch::StartsWith("process.apparmorProfile: AppArmor is not enabled in this kernel, so "
                               "\"docker-default\" cannot be applied"));
  const auto selinux = check_labels("", "a:b:c:s0", "", none);
  REQUIRE_FALSE(selinux);
  CHECK_THAT(selinux.error().text, Catch::StartsWith("process.selinuxLabel: SELinux is not enabled"));
  const auto mount = check_labels("", "", "a:b:c:s0", none);
  REQUIRE_FALSE(mount);
  CHECK_THAT(mount.error().text, Catch::StartsWith("linux.mountLabel: SELinux is not enabled"));
}

TEST_CASE("labels pass where the kernel has the module") {
  const Answer yes("Y\n"), no("N\n"), nothing("");
  CHECK(check_labels("x", "", "", {yes.path.c_str(), none.selinux}));
  CHECK_FALSE(check_labels("x", "", "", {no.path.c_str(), none.selinux}));
  CHECK_FALSE(check_labels("x", "", "", {nothing.path.c_str(), none.selinux}));
  CHECK(check_labels("", "l", "m", {none.apparmor, no.path.c_str()}));  // being there is enough
  CHECK_FALSE(check_labels("x", "l", "m", {none.apparmor, no.path.c_str()}));
}
