// A disk of the test's own: a loop device over a memory file. loop(4)
#pragma once
#include <string>

#include "tests/support/descriptor.hpp"

namespace lodger::test {

class LoopDisk {
 public:
  /// Where the machine has no loop device to give, present() is false.
  explicit LoopDisk(long mebibytes);
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;
  ~LoopDisk();

  bool present() const { return static_cast<bool>(device_); }
  unsigned major() const { return major_; }
  unsigned minor() const { return minor_; }
  /// "7:3", as control files name it.
  std::string numbers() const { return std::to_string(major_) + ":" + std::to_string(minor_); }
  /// Whether it has an I/O scheduler of this name from here on.
  bool schedule_by(const std::string& scheduler) const;
  /// Whether this setting of its queue, such as "iosched/slice_idle", has this value from here on.
  bool set(const std::string& setting, const std::string& value) const;

 private:
  std::string queue_file(const std::string& name) const;
  support::Descriptor device_;
  unsigned major_ = 0, minor_ = 0;
};

}  // namespace lodger::test
