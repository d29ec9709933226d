#include "loop_disk.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>

#include "bundle.hpp"

namespace lodger::test {

LoopDisk::LoopDisk(long mebibytes) {
  const support::Descriptor control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  support::Descriptor file(memfd_create("disk", MFD_CLOEXEC));
  if (!control || !file || ftruncate(file.get(), mebibytes << 20) != 0) return;
  // Somebody else may take the one that was free.
  for (int attempt = 0; attempt < 20 && !device_; ++attempt) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return;
    support::Descriptor device(open(("/dev/loop" + std::to_string(number)).c_str(), O_RDWR | O_CLOEXEC));
    if (!device) return;
    if (ioctl(device.get(), LOOP_SET_FD, file.get()) == 0) device_ = std::move(device);
  }
  struct stat what {};
  if (!device_ || fstat(device_.get(), &what) != 0) return;
  major_ = ::major(what.st_rdev);
  minor_ = ::minor(what.st_rdev);
}

LoopDisk::~LoopDisk() {
  if (device_) ioctl(device_.get(), LOOP_CLR_FD);
}

std::string LoopDisk::queue_file(const std::string& name) const {
  return "/sys/dev/block/" + numbers() + "/queue/" + name;
}

bool LoopDisk::schedule_by(const std::string& scheduler) const {
  std::ofstream(queue_file("scheduler")) << scheduler << std::flush;
  return read_file(queue_file("scheduler")).find("[" + scheduler + "]") != std::string::npos;
}

bool LoopDisk::set(const std::string& setting, const std::string& value) const {
  std::ofstream(queue_file(setting)) << value << std::flush;
  return read_file(queue_file(setting)) == value + "\n";
}

}  // namespace lodger::test
