#include "runtime/shim/options.hpp"

#include <catch2/catch.hpp>

using namespace lodger::shim;

namespace {

wire::Any toml(const std::string& text) {
  wire::RuntimeOptions options;
  options.config_body = text;
  return {"type.googleapis.com/runtimeoptions.v1.Options", wire::encode(options)};
}

std::string refusal(const wire::Any& any) {
  const auto options = decode_options(any);
  REQUIRE(!options);
  return options.error().text;
}

}  // namespace

TEST_CASE("options: none are those by default") {
  const auto options = decode_options({});
  REQUIRE(options);
  CHECK(!options->systemd_cgroup);
  CHECK(state_root(*options, "moby") == "/run/containerd/lodger/moby");
}

TEST_CASE("options: runc's own") {
  wire::RuncOptions given;
  given.no_pivot_root = given.no_new_keyring = given.systemd_cgroup = true;
  given.io_uid = 7;
  given.io_gid = 8;
  given.root = "/run/docker/runtime";
  given.shim_cgroup = "/system.slice/shims";
  given.binary_name = "/usr/local/bin/lodger";
  const auto options = decode_options({"containerd.runc.v1.Options", wire::encode(given)});
  REQUIRE(options);
  CHECK(options->no_pivot);
  CHECK(options->no_new_keyring);
  CHECK(options->systemd_cgroup == true);
  CHECK(options->io_uid == 7);
  CHECK(options->io_gid == 8);
  CHECK(options->shim_cgroup == "/system.slice/shims");
  CHECK(state_root(*options, "moby") == "/run/docker/runtime/moby");
}

TEST_CASE("options: those that clients of containerd 1.x send to a runtime that is not named runc") {
  wire::RuncCreateOptions given;
  given.no_pivot_root = given.no_new_keyring = true;
  given.io_uid = 7;
  given.io_gid = 8;
  given.shim_cgroup = "/system.slice/shims";
  const auto options = decode_options({"containerd.linux.runc.CreateOptions", wire::encode(given)});
  REQUIRE(options);
  CHECK(options->no_pivot);
  CHECK(options->no_new_keyring);
  CHECK(!options->systemd_cgroup);
  CHECK(options->io_uid == 7);
  CHECK(options->io_gid == 8);
  CHECK(options->shim_cgroup == "/system.slice/shims");
}

TEST_CASE("options: in TOML, as CRI and Docker send them to shims that they do not know") {
  const auto options = decode_options(toml("Root = \"/r\"\nSystemdCgroup = false\nIoUid = 4294967295\n"));
  REQUIRE(options);
  CHECK(options->systemd_cgroup == false);
  CHECK(options->root == "/r");
  CHECK(options->io_uid == 4294967295);
  CHECK(decode_options(toml("")).has_value());
  CHECK(decode_options(toml("ShimCgroup = \"/x\""))->shim_cgroup == "/x");
}

TEST_CASE("options: what is not done is refused by name") {
  CHECK_THAT(refusal(toml("IoUid = -1")), Catch::Contains("\"IoUid\" has a value of another kind"));
  CHECK_THAT(refusal(toml("IoUid = 4294967296")), Catch::Contains("another kind"));
  CHECK_THAT(refusal(toml("SystemdCgroup = 1")), Catch::Contains("another kind"));
  CHECK_THAT(refusal(toml("SystemdCgroups = true")), Catch::Contains("unknown option \"SystemdCgroups\""));
  CHECK_THAT(refusal(toml("\n[x")), Catch::Contains("line 2"));
  CHECK_THAT(refusal(toml("BinaryName = \"runc\"")), Catch::Contains("BinaryName \"runc\""));
  CHECK_THAT(refusal({"x.Options", ""}), Catch::Contains("x.Options"));
  CHECK(!decode_options({"containerd.runc.v1.Options", "\xff"}));
}
