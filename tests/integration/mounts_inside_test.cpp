// config.md, "Mounts": "in the listed order". A source may lie where an earlier mount of the container is.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json mapping() { return json::array({{{"containerID", 0}, {"hostID", 100'000}, {"size", 65'536}}}); }

/// A bundle whose folder "source" holds a file and a folder, is bound at /first, and has a root with all of
/// the mount points that a user namespace could not make.
struct Inside {
  Bundle bundle;
  Container container;

  explicit Inside(const std::string& probe) : bundle(probe), container(bundle) {
    REQUIRE(mkdir(bundle.beside("source").c_str(), 0755) == 0);
    REQUIRE(mkdir(bundle.beside("source/folder").c_str(), 0755) == 0);
    write_file(bundle.beside("source/file"), "of the source");
    write_file(bundle.beside("source/folder/deep"), "of the folder");
    REQUIRE(symlink("/first/file", bundle.rootfs("/link").c_str()) == 0);
    for (const char* place : {"/first", "/second", "/third"})
      REQUIRE(mkdir(bundle.rootfs(place).c_str(), 0755) == 0);
    add("source", "/first", {"bind"});
  }
  void add(const std::string& from, const std::string& to, const std::vector<std::string>& options) {
    bundle.edit([&](json& config) {
      config["mounts"].push_back(
          {{"destination", to}, {"source", from}, {"type", "bind"}, {"options", options}});
    });
  }
  void in_user_namespace() {
    bundle.edit([](json& config) {
      config["linux"]["namespaces"].push_back({{"type", "user"}});
      config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = mapping();
    });
  }
  Facts run() {
    const Finished done = container.run();
    INFO(done.err);
    REQUIRE(done.status == 0);
    return Facts(done.out);
  }
};

}  // namespace

TEST_CASE("mounts inside: a source that an earlier mount shows, file and folder", "[mounts_inside]") {
  NEEDS_ROOT();
  Inside it("read /second/deep ; read /third/deep ; read /made");
  if (GENERATE(false, true)) it.in_user_namespace();
  write_file(it.bundle.rootfs("/made"), "");  // a mount point that a user namespace could not make
  it.add(it.bundle.rootfs("/first/folder"), "/second", {"bind"});
  it.add(it.bundle.rootfs("/second"), "/third", {"rbind", "ro"});
  it.add(it.bundle.rootfs("/first/file"), "/made", {"bind"});
  const Facts facts = it.run();
  CHECK(facts["read:/second/deep.data"] == "of the folder");
  CHECK(facts["read:/third/deep.data"] == "of the folder");
  CHECK(facts["read:/made.data"] == "of the source");
}

TEST_CASE("mounts inside: rbind takes along what the container mounted below", "[mounts_inside]") {
  NEEDS_ROOT();
  Inside it("read /second/file ; stat /third/shm");
  it.add(it.bundle.rootfs("/dev"), "/third", {"rbind"});
  it.add(it.bundle.rootfs("/first"), "/second", {"rbind"});
  const Facts facts = it.run();
  CHECK(facts["read:/second/file.data"] == "of the source");
  CHECK(facts["stat:/third/shm.mode"] == "1777");  // a tmpfs of the container, not a folder of the image
}

TEST_CASE("mounts inside: names are resolved inside the root", "[mounts_inside]") {
  NEEDS_ROOT();
  Inside it("read /out");
  // the link leads to the container's /first/file, whatever the host has there
  write_file(it.bundle.beside("source/file"), "inside");
  REQUIRE(symlink("/link", it.bundle.beside("source/jump").c_str()) == 0);
  it.add(it.bundle.rootfs("/first/jump"), "/out", {"bind"});
  CHECK(it.run()["read:/out.data"] == "inside");
}

TEST_CASE("mounts inside: what is not there is told by its name", "[mounts_inside]") {
  NEEDS_ROOT();
  Inside it("echo here");
  it.add(it.bundle.rootfs("/first/none"), "/second", {"bind"});
  const Finished done = it.container.run();
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/second: source /first/none in the root: ") &&
                           Catch::Contains("No such file or directory"));
}

TEST_CASE("mounts inside: such a source gets its own id map, in a user namespace, too", "[mounts_inside]") {
  NEEDS_ROOT();
  Inside it("stat /second/deep");
  const bool user_namespace = GENERATE(false, true);
  if (user_namespace) it.in_user_namespace();
  it.add(it.bundle.rootfs("/first/folder"), "/second", {"bind", "idmap"});
  it.bundle.edit([](json& config) {
    config["mounts"].back()["uidMappings"] = config["mounts"].back()["gidMappings"] = mapping();
  });
  const Finished done = it.container.run();
  INFO(done.err);
  NEEDS(!done.err.contains("does not support id-mapped mounts"), done.err);
  REQUIRE(done.status == 0);
  // where nothing is mapped it is the user namespace's nobody: 65534
  CHECK(Facts(done.out)["stat:/second/deep.owner"] == (user_namespace ? "0:0" : "100000:100000"));
}

/// Each tree is a word of init's and an answer, among the orders for the cgroup, the hooks and the terminal.
TEST_CASE("mounts inside: two such maps in a user namespace, around a cgroup mount, with hooks",
          "[mounts_inside]") {
  NEEDS_ROOT();
  Inside it("stat /second/deep ; stat /third/file ; list /cgroup");
  it.in_user_namespace();
  REQUIRE(mkdir(it.bundle.rootfs("/cgroup").c_str(), 0755) == 0);
  const auto map_last = [&] {
    it.bundle.edit([](json& config) {
      config["mounts"].back()["uidMappings"] = config["mounts"].back()["gidMappings"] = mapping();
    });
  };
  it.add(it.bundle.rootfs("/first/folder"), "/second", {"bind", "idmap"});
  map_last();
  it.bundle.edit([](json& config) {
    config["mounts"].push_back(
        {{"destination", "/cgroup"}, {"source", "cgroup"}, {"type", "cgroup"}, {"options", {"ro"}}});
    config["linux"]["namespaces"].push_back({{"type", "cgroup"}});
    for (const char* kind : {"createRuntime", "createContainer"})
      config["hooks"][kind] = {{{"path", "/bin/true"}}};
  });
  it.add(it.bundle.rootfs("/first"), "/third", {"bind", "idmap"});
  map_last();
  const Finished done = it.container.run();
  INFO(done.err);
  NEEDS(!done.err.contains("does not support id-mapped mounts"), done.err);
  REQUIRE(done.status == 0);
  CHECK(Facts(done.out)["stat:/second/deep.owner"] == "0:0");
  CHECK(Facts(done.out)["stat:/third/file.owner"] == "0:0");
}

TEST_CASE("mounts inside: a source in a user namespace that cannot be mapped is named", "[mounts_inside]") {
  NEEDS_ROOT();
  Inside it("ids");
  it.in_user_namespace();
  const std::string twice = it.bundle.rootfs("/second");
  it.add(it.bundle.rootfs("/first/folder"), "/second", {"bind", "idmap"});
  it.add(twice, "/third", {"bind", "idmap"});
  const Finished done = it.container.run();
  CHECK(done.status != 0);
  NEEDS(!done.err.contains("does not support id-mapped mounts"), done.err);
  CHECK_THAT(done.err, Catch::Contains("/third: source /second in the root: mount_setattr: ") &&
                           Catch::Contains("(the source is an id-mapped mount already)"));
  CHECK(it.container.leftovers() == std::vector<std::string>{});
}

TEST_CASE("mounts inside: a destination may carry the root's own path, as with runc", "[mounts_inside]") {
  NEEDS_ROOT();
  Inside it("read /second/deep");
  it.add("source/folder", it.bundle.rootfs("/second"), {"bind"});
  const Finished done = it.container.run();
  REQUIRE(done.status == 0);
  CHECK(Facts(done.out)["read:/second/deep.data"] == "of the folder");
  CHECK_THAT(done.err, Catch::Contains("taken as /second"));
}
