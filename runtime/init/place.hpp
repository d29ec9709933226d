// Places inside the container's root. Every name is resolved by the kernel within that root, whatever
// symlinks a hostile image holds, and what comes out is a descriptor: no name is looked up twice. Advisory
// classes: CVE-2019-18837, CVE-2021-30465, CVE-2024-45310, CVE-2026-41579.
#pragma once
#include "kernel/file.hpp"

namespace lodger::init {

using kernel::Fd;
using kernel::Result;

enum class Make : unsigned char { folder, file };

/// O_PATH of `name` (without leading slash; "" is the root) inside `root`; ENOENT when it is not there.
Result<Fd<kernel::Path>> open_place(int root, const char* name);

/// The same without any symlink on the way, and a folder: for procfs and sysfs (CVE-2019-19921).
Result<Fd<kernel::Path>> open_plain_folder(int root, const char* name);

/// open_place(), made with mode 0755 where it is missing: parents as folders, the last part as asked.
/// Dangling symlinks are followed inside the root, since images hold such (/etc/resolv.conf).
Result<Fd<kernel::Path>> open_or_make_place(int root, const char* name, Make what);

/// The folder that holds `name`, made where it is missing, and the name's last part.
struct Holder {
  Fd<kernel::Path> folder;
  const char* name;
};
Result<Holder> open_or_make_holder(int root, const char* name);

/// open_or_make_place() that does not follow a symlink in the last part: it is itself the place.
Result<Fd<kernel::Path>> open_or_make_last(int root, const char* name, Make what);

}  // namespace lodger::init
