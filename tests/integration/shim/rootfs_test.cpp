// The root filesystem's mounts that come with Create.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "../support/census.hpp"
#include "../support/needs.hpp"
#include "caller.hpp"
#include "tests/support/files.hpp"

using namespace lodger::test;
using wire::Code;

namespace {

constexpr unsigned first_uid = 100'000, first_gid = 200'000;
constexpr const char* uidmap = "uidmap=0:100000:10,10:100010:65526";
constexpr const char* gidmap = "gidmap=0:200000:65536";

Edit with_user_namespace() {
  return [](nlohmann::json& config) {
    const auto lines = [](unsigned outside) {
      return nlohmann::json::array({{{"containerID", 0}, {"hostID", outside}, {"size", 65'536}}});
    };
    config["linux"]["namespaces"].push_back({{"type", "user"}});
    config["linux"]["uidMappings"] = lines(first_uid);
    config["linux"]["gidMappings"] = lines(first_gid);
  };
}

std::string owner(const std::string& path) {
  struct stat found {};
  INFO(path);
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return std::to_string(found.st_uid) + ":" + std::to_string(found.st_gid);
}

/// How many mounts of this namespace are at or below a path.
std::size_t mounts_below(const std::string& path) {
  std::ifstream mounts("/proc/self/mountinfo");
  std::size_t count = 0;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 5; ++i) fields >> field;
    count += (field + "/").starts_with(path + "/") ? 1 : 0;
  }
  return count;
}

/// A container whose image lies beside the bundle, owned by root of the host, with a file of another's.
struct Imaged {
  Place place;
  Bundle bundle;
  std::string image = place.path("image");

  explicit Imaged(const std::vector<std::string>& args, const Edit& edit = with_user_namespace())
      : bundle(args, edit) {
    REQUIRE(::rename(bundle.rootfs().c_str(), image.c_str()) == 0);
    support::write_file(image + "/of-root", "");
    support::write_file(image + "/of-other", "");
    REQUIRE(::chown((image + "/of-other").c_str(), 15, 6) == 0);
    for (const char* name : {"upper", "work"}) support::make_folder(place.path(name));
    // as containerd makes it for such a container
    REQUIRE(::chown(place.path("upper").c_str(), first_uid, first_gid) == 0);
  }
  wire::Mount overlay(const std::string& layers, std::vector<std::string> more = {uidmap, gidmap}) const {
    more.insert(more.end(),
                {"lowerdir=" + layers, "upperdir=" + place.path("upper"), "workdir=" + place.path("work")});
    return {"overlay", "overlay", "", std::move(more)};
  }
};

/// Empty where this machine maps the layers of overlays, else why not.
std::string cannot_map_layers() {
  const Imaged it(words("/bin/true"));
  Shim shim(it.bundle, it.place);
  auto request = shim.create_request();
  request.rootfs.push_back(it.overlay(it.image));
  const auto created = shim.call<wire::PidResponse>("Create", request);
  return created || !created.error().message.contains("on this kernel") &&
                        !created.error().message.contains("needs Linux")
             ? ""
             : created.error().message;
}

#define NEEDS_ID_MAPPED_LAYERS()                      \
  do {                                                \
    NEEDS_ROOT();                                     \
    const std::string why_not = cannot_map_layers();  \
    if (!why_not.empty()) SKIP_TEST(why_not.c_str()); \
  } while (false)

}  // namespace

TEST_CASE("shim: the root filesystem's mounts are made, and go with the container") {
  NEEDS_ROOT();
  const Bundle bundle({"/bin/sh", "-c", "cat /marker; ls /lower; echo x >/written"});
  const Place place;
  for (const char* name : {"upper", "work"}) support::make_folder(place.path(name));
  REQUIRE(::rename(bundle.rootfs().c_str(), place.path("lower").c_str()) == 0);
  support::write_file(place.path("lower") + "/marker", "from below\n");
  support::make_folder(place.path("lower") + "/lower");
  Shim shim(bundle, place);
  Reader out(place.fifo("out"));
  auto request = shim.create_request(place.path("out"));
  request.rootfs.push_back({"overlay",
                            "overlay",
                            "",
                            {"lowerdir=" + place.path("lower"), "upperdir=" + place.path("upper"),
                             "workdir=" + place.path("work")}});
  const auto created = shim.call<wire::PidResponse>("Create", request);
  REQUIRE(created);
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
  CHECK(out.all() == "from below\n");
  CHECK(traces_of(bundle.name()).size() > 0);
  REQUIRE(shim.remove());
  CHECK(traces_of(bundle.name()).empty());
  CHECK(support::read_file(place.path("upper") + "/written") == "x\n");

  request.rootfs[0].options[0] = "lowerdir=/does-not-exist";
  const auto failed = shim.call<wire::PidResponse>("Create", request);
  REQUIRE(!failed);
  CHECK_THAT(failed.error().message, Catch::Contains("mounting the root filesystem (overlay"));
  CHECK(traces_of(bundle.name()).empty());
}

TEST_CASE("shim: an image's layers are shown as a user namespace's own") {
  NEEDS_ID_MAPPED_LAYERS();
  const Imaged it(shell("stat -c %u:%g / /of-root /of-other; echo x >/written; sleep 1000"));
  const auto more = it.place.path("more");
  support::make_folder(more);
  support::write_file(more + "/of-root", "");
  Shim shim(it.bundle, it.place);
  Reader out(it.place.fifo("out"));
  auto request = shim.create_request(it.place.path("out"));
  request.rootfs.push_back(it.overlay(more + ":" + it.image));
  const auto created = shim.call<wire::PidResponse>("Create", request);
  INFO((created ? "" : created.error().message));
  REQUIRE(created);
  REQUIRE(shim.start());
  CHECK(support::eventually([&] {
    return support::exists(it.place.path("upper") + "/written") && out.text().ends_with("15:6\n");
  }));
  CHECK(out.text() == "0:0\n0:0\n15:6\n");
  CHECK(owner(it.bundle.rootfs("/of-root")) == "100000:200000");
  CHECK(owner(it.bundle.rootfs("/of-other")) == "100015:200006");
  CHECK(owner(it.place.path("upper") + "/written") == "100000:200000");
  CHECK(owner(it.image + "/of-root") == "0:0");
  CHECK(mounts_below(it.place.path("")) == 0);
  CHECK(mounts_below(it.bundle.rootfs()) == 1);
  REQUIRE(shim.kill(SIGKILL));
  CHECK(shim.wait());
  REQUIRE(shim.remove());
  CHECK(mounts_below(it.bundle.rootfs()) == 0);
}

TEST_CASE("shim: a long chain of mapped layers") {
  NEEDS_ID_MAPPED_LAYERS();
  const Imaged it(shell("stat -c %u:%g /in-0 /in-99 /of-root"));
  const auto folder = it.place.path("a-folder-with-a-name-that-is-long-enough");
  support::make_folder(folder);
  std::string layers;
  for (int i = 0; i < 100; ++i) {
    const auto number = std::to_string(i);
    support::make_folder(folder + "/" + number);
    support::write_file(folder + "/" + number + "/in-" + number, "");
    layers += folder + "/" + number + ":";
  }
  REQUIRE(::rename(it.image.c_str(), (folder + "/image").c_str()) == 0);
  Shim shim(it.bundle, it.place);
  Reader out(it.place.fifo("out"));
  auto request = shim.create_request(it.place.path("out"));
  request.rootfs.push_back(it.overlay(layers + folder + "/image"));
  const auto created = shim.call<wire::PidResponse>("Create", request);
  INFO((created ? "" : created.error().message));
  REQUIRE(created);
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
  CHECK(out.all() == "0:0\n0:0\n0:0\n");
}

TEST_CASE("shim: an image of one layer, bound and mapped") {
  NEEDS_ID_MAPPED_LAYERS();
  const bool read_only = GENERATE(false, true);
  const Imaged it(shell("stat -c %u:%g /of-root /of-other; echo x >/written && stat -c %u:%g /written"));
  Shim shim(it.bundle, it.place);
  Reader out(it.place.fifo("out"));
  auto request = shim.create_request(it.place.path("out"));
  request.rootfs.push_back({"bind", it.image, "", {uidmap, gidmap, read_only ? "ro" : "rw", "rbind"}});
  const auto created = shim.call<wire::PidResponse>("Create", request);
  INFO((created ? "" : created.error().message));
  REQUIRE(created);
  CHECK(owner(it.bundle.rootfs("/of-other")) == "100015:200006");
  REQUIRE(shim.start());
  CHECK((shim.wait()->exit_status == 0) == !read_only);
  CHECK(out.all() == (read_only ? "0:0\n15:6\n" : "0:0\n15:6\n0:0\n"));
  if (!read_only) CHECK(owner(it.image + "/written") == "0:0");
}

TEST_CASE("shim: a filesystem of another kind, mapped") {
  NEEDS_ID_MAPPED_LAYERS();
  const Imaged it(words("/bin/true"));
  Shim shim(it.bundle, it.place);
  auto request = shim.create_request();
  request.rootfs.push_back({"tmpfs", "tmpfs", "", {"mode=755", "uid=3", uidmap, gidmap}});
  request.rootfs.push_back({"bind", it.image, "/", {"rbind", uidmap, gidmap}});
  const auto created = shim.call<wire::PidResponse>("Create", request);
  if (!created && created.error().message.contains("does not support id-mapped mounts"))
    SKIP_TEST(created.error().message);  // tmpfs: Linux 6.3
  INFO((created ? "" : created.error().message));
  REQUIRE(created);
  CHECK(mounts_below(it.bundle.rootfs()) == 2);
  CHECK(owner(it.bundle.rootfs("/of-root")) == "100000:200000");
}

TEST_CASE("shim: maps that cannot be had are refused by name, and leave nothing") {
  NEEDS_ROOT();
  const Imaged it(words("/bin/true"));
  Shim shim(it.bundle, it.place);
  auto request = shim.create_request();
  const auto refusal = [&](wire::Mount mount) {
    request.rootfs = {std::move(mount)};
    const auto created = shim.call<wire::PidResponse>("Create", request);
    REQUIRE(!created);
    CHECK(mounts_below(it.bundle.path()) == 0);
    CHECK(mounts_below(it.place.path("")) == 0);
    return created.error().message;
  };
  const auto with = [&](std::vector<std::string> options) {
    return refusal(it.overlay(it.image, std::move(options)));
  };
  using Catch::Contains;
  const auto names_it = Contains("mounting the root filesystem (overlay overlay)");
  CHECK_THAT(with({uidmap}), names_it && Contains("gidmap= is missing"));
  CHECK_THAT(with({gidmap}), names_it && Contains("uidmap= is missing"));
  CHECK_THAT(with({uidmap, "gidmap=0:1"}), names_it && Contains("gidmap: \"0:1\" is no mapping"));
  CHECK_THAT(with({uidmap, "gidmap=0:-1:5"}), names_it && Contains("gidmap: \"0:-1:5\" is no mapping"));
  CHECK_THAT(with({"uidmap=", gidmap}), names_it && Contains("uidmap: \"\" is no mapping"));
  CHECK_THAT(with({"uidmap=0:1:5,3:9:1", gidmap}), names_it && Contains("uidmap[1]: overlaps uidmap[0]"));
  CHECK_THAT(with({"uidmap=0:4294967295:2", gidmap}), names_it && Contains("go beyond the last id"));
  CHECK_THAT(with({uidmap, gidmap, "ridmap"}), names_it && Contains("uidmap= and gidmap="));
  CHECK_THAT(refusal(it.overlay("/does-not-exist")),
             names_it && Contains("layer /does-not-exist: No such file or directory"));
  CHECK_THAT(refusal(it.overlay("/proc/sys")),
             names_it && Contains("layer /proc/sys") && Contains("does not support id-mapped mounts"));
  CHECK_THAT(refusal({"bind", "/proc/sys", "", {"bind", uidmap, gidmap}}),
             Contains("(bind /proc/sys)") && Contains("does not support id-mapped mounts"));
  auto missing = it.overlay(it.image);
  missing.options.back() = "workdir=/does-not-exist";
  CHECK_THAT(refusal(std::move(missing)), names_it && Contains("No such file or directory"));
  const auto descriptors = [&] {
    return support::names_in("/proc/" + std::to_string(shim.pid()) + "/fd").size();
  };
  const auto before = descriptors();
  // one that is there already goes again
  request.rootfs = {it.overlay(it.image, {})};
  request.rootfs.push_back({"bind", "/proc/sys", "/tmp", {"bind", uidmap, gidmap}});
  CHECK(!shim.call<wire::PidResponse>("Create", request));
  CHECK(mounts_below(it.bundle.path()) == 0);
  CHECK(descriptors() == before);
}

TEST_CASE("shim: a mount's own target is found in the image, whatever links lie there") {
  NEEDS_ROOT();
  const Imaged it(shell("cat /inside/found"), {});
  for (const char* name : {"outside", "volume"}) support::make_folder(it.place.path(name));
  support::write_file(it.place.path("volume") + "/found", "inside\n");
  support::make_folder(it.image + "/inside");
  REQUIRE(::symlink("/inside", (it.image + "/link").c_str()) == 0);
  REQUIRE(::symlink(it.place.path("outside").c_str(), (it.image + "/link-out").c_str()) == 0);
  Shim shim(it.bundle, it.place);
  Reader out(it.place.fifo("out"));
  auto request = shim.create_request(it.place.path("out"));
  request.rootfs = {it.overlay(it.image, {}), {"bind", it.place.path("volume"), "/link-out", {"bind"}}};
  const auto refused = shim.call<wire::PidResponse>("Create", request);
  REQUIRE(!refused);
  CHECK_THAT(refused.error().message, Catch::Contains("rootfs/link-out: No such file or directory"));
  CHECK(mounts_below(it.place.path("outside")) == 0);
  request.rootfs[1].target = "/link";
  const auto created = shim.call<wire::PidResponse>("Create", request);
  INFO((created ? "" : created.error().message));
  REQUIRE(created);
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 0);
  CHECK(out.all() == "inside\n");
}
