// What resources name of the machine itself: block devices, and sizes of huge pages.
#pragma once
#include <string>

#include "kernel/failure.hpp"
#include "spec/resources.hpp"

namespace lodger::cgroups {

/// Refuses a block device that is not there or is a partition (the kernel limits whole disks:
/// blkg_conf_open_bdev()), and a size of huge page that the kernel has not got, which are known before
/// anything is made. `sys` is where sysfs is mounted; what it does not tell is left for the kernel to refuse.
Outcome<> check_machine(const spec::Resources& resources, const std::string& sys = "/sys");

}  // namespace lodger::cgroups
