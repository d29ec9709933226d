// config.md, "Mounts" (uidMappings, gidMappings) and "Linux mount options" (idmap, ridmap); crun(1), "idmap
// mount options".
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json lines(std::initializer_list<std::array<unsigned, 3>> of) {
  json out = json::array();
  for (const auto& [container, host, size] : of)
    out.push_back({{"containerID", container}, {"hostID", host}, {"size", size}});
  return out;
}

/// A bundle with files of known owners in a folder that is bound at /data.
struct Mapped {
  Bundle bundle;
  Container container;

  Mapped(const std::string& probe, const Edit& edit) : bundle(probe), container(bundle) {
    for (const auto& [name, uid, gid] :
         {std::tuple{"root", 0U, 0U}, {"user", 1000U, 1001U}, {"other", 5U, 6U}}) {
      write_file(source() + "." + name, "");
      REQUIRE(chown((source() + "." + name).c_str(), uid, gid) == 0);
    }
    REQUIRE(mkdir(source().c_str(), 0777) == 0);
    REQUIRE(chmod(source().c_str(), 0777) == 0);
    for (const char* name : {"root", "user", "other"})
      REQUIRE(rename((source() + "." + name).c_str(), (source() + "/" + name).c_str()) == 0);
    REQUIRE(mkdir(bundle.rootfs("/data").c_str(), 0755) == 0);
    bundle.edit([&](json& config) {
      config["mounts"].push_back({{"destination", "/data"}, {"source", "data"}, {"type", "bind"}});
      edit(config);
    });
  }
  std::string source() const { return bundle.beside("data"); }
  Facts run() {
    const Finished done = container.run();
    INFO(done.err);
    REQUIRE(done.status == 0);
    return Facts(done.out);
  }
};

json& mount(json& config) { return config["mounts"].back(); }

/// Empty where this machine can map mounts, else why not.
std::string cannot_map() {
  Mapped it("echo here", [](json& config) {
    mount(config)["options"] = {"bind", "idmap"};
    mount(config)["uidMappings"] = mount(config)["gidMappings"] = lines({{0, 0, 10}});
  });
  const Finished done = it.container.run();
  if (done.status == 0 || done.err.find("idmap: mount_setattr") == std::string::npos) return "";
  return "this machine maps no mounts: " + done.err;
}

#define NEEDS_ID_MAPPED_MOUNTS()                      \
  do {                                                \
    NEEDS_ROOT();                                     \
    const std::string why_not = cannot_map();         \
    if (!why_not.empty()) SKIP_TEST(why_not.c_str()); \
  } while (false)

constexpr const char* look = "stat /data/root ; stat /data/user ; stat /data/other";

Edit with_user_namespace(const Edit& more) {
  return [more](json& config) {
    config["linux"]["namespaces"].push_back({{"type", "user"}});
    config["linux"]["uidMappings"] = lines({{0, 100'000, 1}, {1, 100'001, 65'535}});
    config["linux"]["gidMappings"] = lines({{0, 200'000, 65'536}});
    more(config);
  };
}

}  // namespace

TEST_CASE("idmap: the mount's own mappings decide who owns what (config.md, Mounts)", "[idmap]") {
  NEEDS_ID_MAPPED_MOUNTS();
  const Edit maps = [](json& config) {
    mount(config)["uidMappings"] = lines({{0, 3000, 1}, {1000, 4000, 1}});
    mount(config)["gidMappings"] = lines({{0, 5000, 2000}});
  };
  const auto [options] =
      GENERATE(table<json>({{json{"bind", "idmap"}}, {json{"rbind", "ridmap"}}, {json{"bind"}}}));
  const json given = options;
  Mapped it(std::string(look) + " ; create /data/new", [&](json& config) {
    mount(config)["options"] = given;
    maps(config);
    config["process"]["user"] = {{"uid", 4000}, {"gid", 5007}};
  });
  const Facts facts = it.run();
  CHECK(facts["stat:/data/root.owner"] == "3000:5000");
  CHECK(facts["stat:/data/user.owner"] == "4000:6001");
  CHECK(facts["stat:/data/other.owner"] == "65534:5006");  // not in the map
  CHECK(facts["create:/data/new.errno"] == "0");
  struct stat made;
  REQUIRE(stat((it.source() + "/new").c_str(), &made) == 0);  // on the filesystem: the other way round
  CHECK(made.st_uid == 1000);
  CHECK(made.st_gid == 7);
}

TEST_CASE("idmap: without any mapping the source shows as it is", "[idmap]") {
  NEEDS_ROOT();
  Mapped it(look, [](json& config) { mount(config)["options"] = {"bind"}; });
  const Facts facts = it.run();
  CHECK(facts["stat:/data/root.owner"] == "0:0");
  CHECK(facts["stat:/data/user.owner"] == "1000:1001");
}

TEST_CASE("idmap: the option alone takes the container's user namespace", "[idmap]") {
  NEEDS_ID_MAPPED_MOUNTS();
  const std::string probe = std::string(look) + " ; create /data/new";
  Mapped it(probe, with_user_namespace([](json& config) { mount(config)["options"] = {"bind", "idmap"}; }));
  const Facts facts = it.run();
  CHECK(facts["stat:/data/root.owner"] == "0:0");
  CHECK(facts["stat:/data/user.owner"] == "1000:1001");
  CHECK(facts["create:/data/new.errno"] == "0");
  struct stat made {};
  REQUIRE(stat((it.source() + "/new").c_str(), &made) == 0);
  CHECK(made.st_uid == 0);
  Mapped unmapped(look, with_user_namespace([](json& config) { mount(config)["options"] = {"bind"}; }));
  CHECK(unmapped.run()["stat:/data/root.owner"] == "65534:65534");
}

TEST_CASE("idmap: a joined user namespace lends its map", "[idmap]") {
  NEEDS_ID_MAPPED_MOUNTS();
  const Bundle first("hold", with_user_namespace([](json&) {}));
  Container lender(first);
  lender.create();
  Mapped it(look, [&](json& config) {
    config["linux"]["namespaces"].push_back(
        {{"type", "user"}, {"path", "/proc/" + std::to_string(lender.pid()) + "/ns/user"}});
    mount(config)["options"] = {"bind", "idmap"};
  });
  CHECK(it.run()["stat:/data/user.owner"] == "1000:1001");
}

TEST_CASE("idmap: a map in the option, absolute and relative to the user namespace (crun's form)",
          "[idmap]") {
  NEEDS_ID_MAPPED_MOUNTS();
  Mapped absolute(look, [](json& config) {
    mount(config)["options"] = {"bind", "idmap=uids=0-3000-1#1000-4000-1;gids=0-5000-2000"};
  });
  const Facts facts = absolute.run();
  CHECK(facts["stat:/data/root.owner"] == "3000:5000");
  CHECK(facts["stat:/data/user.owner"] == "4000:6001");
  // The first line spans two lines of the user namespace's map.
  Mapped relative(look, with_user_namespace([](json& config) {
                    mount(config)["options"] = {"bind", "idmap=uids=@0-0-6#@1000-42-1;gids=@0-7-2000"};
                  }));
  const Facts inside = relative.run();
  CHECK(inside["stat:/data/root.owner"] == "0:7");
  CHECK(inside["stat:/data/user.owner"] == "42:1008");
  CHECK(inside["stat:/data/other.owner"] == "5:13");
}

TEST_CASE("idmap: idmap maps the top, ridmap everything below", "[idmap]") {
  NEEDS_ID_MAPPED_MOUNTS();
  const auto [option, owner_below] =
      GENERATE(table<std::string, std::string>({{"idmap", "0:0"}, {"ridmap", "3000:3000"}}));
  const std::string given = option;
  Mapped it("stat /data ; stat /data/below", [&](json& config) {
    mount(config)["options"] = {"rbind", given};
    mount(config)["uidMappings"] = mount(config)["gidMappings"] = lines({{0, 3000, 1}});
  });
  const Finished done = it.container.run_with_mounts(it.source());
  INFO(done.err);
  REQUIRE(done.status == 0);
  CHECK(Facts(done.out)["stat:/data.owner"] == "3000:3000");
  CHECK(Facts(done.out)["stat:/data/below.owner"] == owner_below);
}

TEST_CASE("idmap: a filesystem that cannot be mapped is named", "[idmap]") {
  NEEDS_ID_MAPPED_MOUNTS();
  refused(
      [](json& config) {
        config["mounts"].push_back({{"destination", "/data"},
                                    {"source", "/proc/sys"},
                                    {"type", "bind"},
                                    {"options", {"bind", "idmap"}},
                                    {"uidMappings", lines({{0, 1, 1}})},
                                    {"gidMappings", lines({{0, 1, 1}})}});
      },
      {"mounts[", "/data", "proc", "does not support id-mapped mounts"});
}

TEST_CASE("idmap: what cannot be meant is refused before anything is made", "[idmap]") {
  NEEDS_ROOT();
  const auto refusal = [](const json& options, const std::string& type, const std::string& why) {
    refused(
        [&](json& config) {
          config["mounts"].push_back(
              {{"destination", "/data"}, {"source", "/tmp"}, {"type", type}, {"options", options}});
        },
        {"mounts[", ".options: idmap", why});
  };
  refusal({"bind", "idmap"}, "bind", "it has none");
  refusal({"idmap=uids=0-1-1;gids=0-1-1"}, "tmpfs", "only bind mounts");
  refusal({"bind", "idmap=uids=0-1-1"}, "bind", "gids are missing");
  refusal({"bind", "idmap=uids=0-1-x;gids=0-1-1"}, "bind", "0-1-x");
  refusal({"bind", "idmap=uids=@0-1-1;gids=0-1-1"}, "bind", "id 1 is not mapped");
}
