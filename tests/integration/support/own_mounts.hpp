// A mount namespace of the test's own, for as long as the object lives. What the test mounts goes with it.
#pragma once
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/descriptor.hpp"

namespace lodger::test {

/// To be made before the test has other threads: they go with it into the namespace, setns(2) does not.
class OwnMounts {
 public:
  OwnMounts()
      : before_(open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC)),
        folder_(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    REQUIRE(before_);
    REQUIRE(unshare(CLONE_NEWNS) == 0);
    REQUIRE(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
  }
  ~OwnMounts() {
    // what comes next would test the wrong machine
    if (setns(before_.get(), CLONE_NEWNS) != 0 || fchdir(folder_.get()) != 0) abort();
  }
  OwnMounts(const OwnMounts&) = delete;

 private:
  support::Descriptor before_, folder_;
};

}  // namespace lodger::test
