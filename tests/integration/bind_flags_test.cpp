// What becomes of the flags that a bind mount's source has: config.md, "Linux mount options" (after
// mount(8)), mount(2), "Remounting an existing mount"; in a user namespace mount_namespaces(7), "Restrictions
// on mount namespaces".
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

using Options = std::vector<std::string>;

/// A container that shows its mounts, with its bundle's folder "source" bound at /data.
struct Bound {
  Bundle bundle;
  Container container;

  Bound(const Options& options, bool user_namespace)
      : bundle(
            Options{"/bin/busybox", "cat", "/proc/self/mountinfo"},
            [&](json& config) {
              config["mounts"].push_back(
                  {{"destination", "/data"}, {"source", "source"}, {"type", "bind"}, {"options", options}});
              if (!user_namespace) return;
              config["linux"]["namespaces"].push_back({{"type", "user"}});
              config["linux"]["uidMappings"] = config["linux"]["gidMappings"] =
                  json::array({{{"containerID", 0}, {"hostID", 100'000}, {"size", 65'536}}});
            }),
        container(bundle) {
    REQUIRE(mkdir(bundle.beside("source").c_str(), 0755) == 0);
    REQUIRE(mkdir(bundle.rootfs("/data").c_str(), 0755) == 0);
  }
  Finished run(const std::string& source_flags) {
    return container.run_with_mounts(bundle.beside("source"), source_flags);
  }
};

/// The flags of the mount at /data, between commas: ",ro,nodev,relatime,".
std::string flags_in(const std::string& mountinfo) {
  constexpr std::string_view point = " /data ";
  const auto at = mountinfo.find(point);
  REQUIRE(at != mountinfo.npos);
  const auto from = at + point.size();
  return "," + mountinfo.substr(from, mountinfo.find(' ', from) - from) + ",";
}

using Row = std::tuple<std::string, Options, std::string>;

void check_row(const Row& row, bool user_namespace) {
  const auto& [source, options, expected] = row;
  INFO("source " << source << ", options " << json(options).dump());
  Bound it(options, user_namespace);
  const Finished done = it.run(source);
  INFO(done.err);
  REQUIRE(done.status == 0);
  CHECK(flags_in(done.out) == expected);
}

}  // namespace

TEST_CASE("bind flags: without a flag the source's stay, with one they go", "[bind_flags]") {
  NEEDS_ROOT();
  check_row(GENERATE(table<std::string, Options, std::string>({
                {"ro,noexec,nosymfollow,nodiratime", {"bind"}, ",ro,noexec,nodiratime,relatime,nosymfollow,"},
                {"ro,nodev", {"rbind", "rprivate", "rnosuid"}, ",ro,nosuid,nodev,relatime,"},
                {"ro,noexec,nosymfollow,nodiratime", {"bind", "dev"}, ",rw,nodiratime,relatime,"},
                {"ro", {"bind", "nosuid", "nodev"}, ",rw,nosuid,nodev,relatime,"},
                {"nodev,nosuid,noatime", {"rbind", "ro"}, ",ro,noatime,"},
                {"ro,nodev", {"rbind", "noexec", "rro"}, ",ro,noexec,relatime,"},
            })),
            false);
}

TEST_CASE("bind flags: the access time mode stays until an option of its group is named", "[bind_flags]") {
  NEEDS_ROOT();
  check_row(GENERATE(table<std::string, Options, std::string>({
                {"noatime", {"bind", "norelatime"}, ",rw,noatime,"},
                {"noatime,nodiratime", {"bind", "relatime"}, ",rw,relatime,"},
                {"noatime", {"bind", "nodiratime"}, ",rw,nodiratime,relatime,"},
                {"noatime,nodiratime", {"bind", "diratime"}, ",rw,noatime,"},
                {"nodiratime", {"bind", "strictatime"}, ",rw,"},
                {"noatime", {"bind", "nodiratime", "strictatime"}, ",rw,nodiratime,"},
                {"noatime", {"bind", "atime"}, ",rw,relatime,"},
            })),
            false);
}

// rbind: what has a mount below it can only be bound with that there.
TEST_CASE("bind flags: a user namespace keeps what is locked and was not asked for", "[bind_flags]") {
  NEEDS_ROOT();
  check_row(
      GENERATE(table<std::string, Options, std::string>({
          {"ro,noexec,nosymfollow,nodiratime", {"rbind"}, ",ro,noexec,nodiratime,relatime,nosymfollow,"},
          {"ro,noexec,nosymfollow,nodiratime", {"rbind", "dev"}, ",ro,noexec,nodiratime,relatime,"},
          {"ro", {"rbind", "nosuid"}, ",ro,nosuid,relatime,"},
          {"nodev,nosuid,noexec,noatime", {"rbind", "ro"}, ",ro,nosuid,nodev,noexec,noatime,"},
          {"nodev,nosymfollow", {"rbind", "ro", "symfollow"}, ",ro,nodev,relatime,"},
      })),
      true);
}

TEST_CASE("bind flags: a user namespace refuses to clear what is locked", "[bind_flags]") {
  NEEDS_ROOT();
  const auto [source, options] = GENERATE(table<std::string, Options>({
      {"ro", {"rbind", "rw", "nosuid"}},
      {"nodev", {"rbind", "ro", "dev"}},
      {"noatime", {"rbind", "relatime"}},
      {"relatime", {"rbind", "nodiratime"}},
      {"noatime", {"rbind", "atime"}},
  }));
  INFO("source " << source << ", options " << json(options).dump());
  Bound it(options, true);
  const Finished done = it.run(source);
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/data: mount_setattr: Operation not permitted") &&
                           Catch::Contains("locked in a user namespace"));
}
