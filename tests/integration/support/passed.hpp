// A memory file with a text, as a caller would pass it in.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "terminal.hpp"

namespace lodger::test {

struct Passed {
  int fd;
  explicit Passed(const std::string& text) : fd(memfd_create("passed", MFD_CLOEXEC)) {
    write_all(fd, text);
    lseek(fd, 0, SEEK_SET);
  }
  Passed(const Passed&) = delete;
  Passed& operator=(const Passed&) = delete;
  ~Passed() { close(fd); }
};

}  // namespace lodger::test
