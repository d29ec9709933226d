// The numbers of ioprio_set(2). <linux/ioprio.h> has them, too, but is no C++ where it declares
// ioprio_value(int class, ...), as Debian 12's linux-libc-dev 6.1.192 does.
#pragma once

namespace lodger::kernel {

inline constexpr int ioprio_class_rt = 1;
inline constexpr int ioprio_class_be = 2;
inline constexpr int ioprio_class_idle = 3;

/// What ioprio_set(2) takes for a class and a level in it.
constexpr int ioprio_value(int klass, int level) { return klass << 13 | level; }

}  // namespace lodger::kernel
