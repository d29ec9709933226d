#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string said(const char* property) {
  return std::string(property) + ": not supported by this version of lodger";
}

TEST_CASE("not yet: each property is refused by its name") {
  CHECK(check_after([](Config& c) { c.linux->intel_rdt.emplace(); }) == said("linux.intelRdt"));
  CHECK(check_after([](Config& c) { c.linux->net_devices["eth0"]; }) == said("linux.netDevices"));
  const auto resources = [](Resources value) {
    return check_after([&](Config& c) { c.linux->resources = std::move(value); });
  };
  CHECK(resources({.block_io = BlockIo{.weight = 10}}) == said("linux.resources.blockIO"));
  CHECK(resources({.block_io = BlockIo{.leaf_weight = 10}}) == said("linux.resources.blockIO"));
  CHECK(resources({.block_io = BlockIo{.weight_device = {{}}}}) == said("linux.resources.blockIO"));
  CHECK(resources({.block_io = BlockIo{.throttle_read_bps_device = {{}}}}) ==
        said("linux.resources.blockIO"));
  CHECK(resources({.block_io = BlockIo{.throttle_write_bps_device = {{}}}}) ==
        said("linux.resources.blockIO"));
  CHECK(resources({.block_io = BlockIo{.throttle_read_iops_device = {{}}}}) ==
        said("linux.resources.blockIO"));
  CHECK(resources({.block_io = BlockIo{.throttle_write_iops_device = {{}}}}) ==
        said("linux.resources.blockIO"));
  CHECK(resources({.hugepage_limits = {{"2MB", 1}}}) == said("linux.resources.hugepageLimits"));
  CHECK(resources({.network = Network{.class_id = 1}}) == said("linux.resources.network"));
  CHECK(resources({.network = Network{.priorities = {{}}}}) == said("linux.resources.network"));
  CHECK(resources({.rdma = {{"mlx5_1", {}}}}) == said("linux.resources.rdma"));
}

TEST_CASE("not yet: seccomp notifications") {
  const std::string notify = said("SCMP_ACT_NOTIFY in linux.seccomp");
  const auto seccomp = [](Seccomp value) {
    return check_after([&](Config& c) { c.linux->seccomp = std::move(value); });
  };
  CHECK(seccomp({.default_action = SeccompAction::notify}) == notify);
  CHECK(seccomp({.syscalls = {{.names = {"a"}}, {.names = {"b"}, .action = SeccompAction::notify}}}) ==
        notify);
}

TEST_CASE("not yet: what is present but asks for nothing passes") {
  CHECK(check_after([](Config& c) {
          c.linux->resources = Resources{.block_io = BlockIo{}, .network = Network{}};
          c.linux->net_devices.clear();
        }) == "accepted");
  // As Docker writes it; a weight of 0 is none that a kernel has.
  CHECK(check_after([](Config& c) {
          c.linux->resources = Resources{.block_io = BlockIo{.weight = 0, .leaf_weight = 0}};
        }) == "accepted");
}
