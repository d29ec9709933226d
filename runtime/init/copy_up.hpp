// tmpcopyup: a fresh tmpfs starts with what its mount point held. runtime-spec, config.md, "tmpcopyup".
#pragma once
#include "kernel/file.hpp"

namespace lodger::init {

/// Copies everything below folder `from` into folder `to`: folders, files, links, nodes, with owner and mode;
/// not extended attributes or times. Symlinks are copied, never followed.
kernel::Result<> copy_up(int from, int to);

}  // namespace lodger::init
