// A folder of a test's own, gone with the test.
#pragma once
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "kernel/file.hpp"

namespace lodger::tests {

class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/lodger-unit.XXXXXX";
    path_ = ::mkdtemp(name);
    fd_ = kernel::Fd<kernel::Path>(::open(name, O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    // By the shell's own rm: nothing in the folder was made by anybody but the test.
    const std::string command = "rm -rf '" + path_ + "'";
    (void)!std::system(command.c_str());
  }

  int fd() const { return fd_.get(); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  void write(const std::string& name, const std::string& text, unsigned mode = 0644) const {
    const kernel::Fd<kernel::File> file(
        ::open((*this / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    (void)kernel::write_all(file.get(), text);
  }
  std::string read(const std::string& name) const {
    const kernel::Fd<kernel::File> file(::open((*this / name).c_str(), O_RDONLY | O_CLOEXEC));
    char text[4096];
    const auto size = kernel::read(file.get(), text);
    return size ? std::string(text, *size) : "(" + name + " cannot be read)";
  }
  bool has(const std::string& name) const { return ::access((*this / name).c_str(), F_OK) == 0; }

 private:
  std::string path_;
  kernel::Fd<kernel::Path> fd_;
};

}  // namespace lodger::tests
