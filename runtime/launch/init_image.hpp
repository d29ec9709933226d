// The init program, which the build embeds, as a file that can be executed and never changed.
#pragma once
#include "kernel/memory.hpp"

namespace lodger::launch {

/// A sealed memory file with the program: what a container may find behind /proc/PID/exe (CVE-2019-5736).
kernel::Result<kernel::Fd<kernel::Memory>> init_image();

}  // namespace lodger::launch
