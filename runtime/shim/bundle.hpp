// The folder that containerd starts a shim in.
#pragma once
#include <sys/types.h>

#include <string>

#include "kernel/failure.hpp"

namespace lodger::shim {

class Bundle {
 public:
  /// This process's working folder. Fails where that one is gone.
  static Outcome<Bundle> here();
  const std::string& path() const { return path_; }
  /// Whether it still has its name: containerd renames a bundle before it removes it, and may make another
  /// one of this name.
  bool is_there() const;

 private:
  Bundle(std::string path, dev_t device, ino_t inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}
  std::string path_;
  dev_t device_;
  ino_t inode_;
};

}  // namespace lodger::shim
