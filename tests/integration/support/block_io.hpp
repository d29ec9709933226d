// Containers with a disk of the test's own, and their cgroup of block I/O.
#pragma once
#include <nlohmann/json.hpp>

#include "cgroups.hpp"
#include "loop_disk.hpp"

namespace lodger::test {

/// The container's folder of the controller of block I/O; empty where this machine has none.
inline std::string block_io_folder(const Bundle& bundle) { return folder(bundle, v2() ? "io" : "blkio"); }
inline bool has_block_io() { return !block_io_folder(Bundle("hold")).empty(); }

/// A container that has the disk as /dev/disk.
inline Edit with(const LoopDisk& disk, const nlohmann::json& block_io = {}) {
  return [=, major = disk.major(), minor = disk.minor()](nlohmann::json& config) {
    config["linux"]["devices"] = {{{"type", "b"}, {"path", "/dev/disk"}, {"major", major}, {"minor", minor}}};
    resources(config)["devices"].push_back(
        {{"allow", true}, {"type", "b"}, {"major", major}, {"minor", minor}, {"access", "rw"}});
    if (!block_io.is_null()) resources(config)["blockIO"] = block_io;
  };
}

}  // namespace lodger::test
