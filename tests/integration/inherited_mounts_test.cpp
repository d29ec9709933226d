// A container without a mount namespace of its own: config-linux.md, "Namespaces" ("the container MUST
// inherit the runtime namespace of that type"); runtime.md, "Delete". Each test is in a mount namespace of
// its own, and looks at its mounts from there.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>
#include <sstream>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

void inherit(json& config) {
  auto& namespaces = config["linux"]["namespaces"];
  namespaces.erase(std::remove_if(namespaces.begin(), namespaces.end(),
                                  [](const json& entry) { return entry["type"] == "mount"; }),
                   namespaces.end());
  // It leads out of such a root, which is warned of.
  for (auto& set : config["process"]["capabilities"])
    set.erase(std::remove(set.begin(), set.end(), "CAP_SYS_CHROOT"), set.end());
}

/// `script` with $run, $lodger and $id, where `mounts` prints all mounts without their numbers and with their
/// propagation left out.
Finished in_namespace(const Container& container, const Bundle& bundle, const std::string& propagation,
                      const std::string& script) {
  const std::string prelude = "mount --make-r" + propagation + " / ; lodger='" + runtime_path() + " --root " +
                              container.root() + "'; id=" + container.id() + "; run=\"$lodger run --bundle " +
                              bundle.path() + "\"; mounts() { cut -d' ' -f4-6 /proc/self/mountinfo; }; cd " +
                              bundle.path() + "; mounts > before; ";
  return run_command(
      {"/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh", "-c", prelude + script});
}

/// Prints "same" where the namespace's mounts are those from before.
constexpr const char* compare = "mounts > after; cmp before after && echo same; ";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("inherited mounts: the container is in the runtime's mount namespace, below its own root",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  const std::string propagation = GENERATE("private", "shared");
  const Bundle bundle(
      std::vector<std::string>{"/bin/sh", "-c",
                               "readlink /proc/self/ns/mnt; ls -d /bin /etc/fstab; echo x > /made; "
                               "ls /proc/fs; echo > /proc/sys/kernel/hostname; echo done"},
      [](json& c) {
        inherit(c);
        c["linux"]["maskedPaths"] = {"/proc/fs"};
        c["linux"]["readonlyPaths"] = {"/proc/sys"};
      });
  Container container(bundle);
  const auto done = in_namespace(container, bundle, propagation,
                                 std::string("readlink /proc/self/ns/mnt; $run $id; ") + compare);
  INFO(done.out << done.err);
  const auto said = lines_of(done.out);
  REQUIRE(said.size() == 5);
  CHECK(said[0] == said[1]);
  CHECK(said[2] == "/bin");
  CHECK(said[3] == "done");
  CHECK(said[4] == "same");
  CHECK_THAT(done.err, Catch::Contains("/proc/sys/kernel/hostname: Read-only file system"));
  CHECK(read_file(bundle.rootfs("/made")) == "x\n");
}

TEST_CASE("inherited mounts: a path that leads to the runtime's own is the same", "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"/bin/sh", "-c", "readlink /proc/self/ns/mnt"}, [](json& c) {
    inherit(c);
    c["linux"]["namespaces"].push_back({{"type", "mount"}, {"path", "/proc/self/ns/mnt"}});
  });
  Container container(bundle);
  const auto done = in_namespace(container, bundle, "shared",
                                 std::string("readlink /proc/self/ns/mnt; $run $id; ") + compare);
  INFO(done.out << done.err);
  const auto said = lines_of(done.out);
  REQUIRE(said.size() == 3);
  CHECK(said[0] == said[1]);
  CHECK(said[2] == "same");
}

TEST_CASE("inherited mounts: what fails leaves no mount, and what the bundle says of propagation is its own",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  const std::string value = GENERATE("", "shared", "rslave", "private", "unbindable"),
                    spoil = GENERATE("", "program", "mount", "hook", "hook over /");
  const Bundle bundle("echo ran", [&](json& c) {
    inherit(c);
    if (!value.empty()) c["linux"]["rootfsPropagation"] = value;
    if (spoil == "program") c["process"]["args"] = {"/none"};
    if (spoil == "mount")
      c["mounts"].push_back({{"destination", "/x"}, {"type", "tmpfs"}, {"options", {"size=none"}}});
    if (spoil == "hook over /")
      c["mounts"].push_back(
          {{"destination", "/"}, {"type", "bind"}, {"source", "rootfs"}, {"options", {"rbind"}}});
    if (spoil.starts_with("hook")) c["hooks"]["createContainer"] = {{{"path", "/bin/false"}}};
  });
  Container container(bundle);
  const auto done = in_namespace(container, bundle, "shared",
                                 std::string("$run $id >/dev/null 2>&1; echo $?; ") +
                                     "grep -c -v shared: /proc/self/mountinfo; " + compare);
  INFO(value << " " << spoil << ": " << done.out << done.err);
  const auto said = lines_of(done.out);
  REQUIRE(said.size() == 3);
  CHECK((said.front() == "0") == spoil.empty());
  CHECK(said[1] == "0");  // the host's mounts are shared, all of them, as before
  CHECK(said.back() == "same");
}

TEST_CASE("inherited mounts: exec sees the container's root, and delete takes it away",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& c) {
    inherit(c);
    c["mounts"].push_back({{"destination", "/data"}, {"type", "tmpfs"}});
  });
  Container container(bundle);
  const auto done = in_namespace(
      container, bundle, "shared",
      std::string("touch beside; $run --detach $id >/dev/null; $lodger exec $id /bin/sh -c 'ls -d /bin/probe "
                  "/etc/fstab; "
                  "busybox stat -f -c %T /data; ls -d " +
                  bundle.path() +
                  " ; pwd' 2>/dev/null; $lodger exec $id /bin/busybox readlink /proc/1/ns/mnt; "
                  "readlink /proc/self/ns/mnt; $lodger kill $id KILL; $lodger delete --force $id; ") +
          compare);
  INFO(done.out << done.err);
  const auto said = lines_of(done.out);
  REQUIRE(said.size() == 6);
  CHECK(said[0] == "/bin/probe");
  CHECK(said[1] == "tmpfs");
  CHECK(said[2] == "/");
  CHECK(said[3] == said[4]);
  CHECK(said[5] == "same");
}

TEST_CASE("inherited mounts: exec stays in the container's root though its process left the namespace",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle(
      std::vector<std::string>{"/bin/busybox", "unshare", "-m", "/bin/busybox", "sleep", "60"}, [](json& c) {
        inherit(c);
        for (const char* set : {"bounding", "effective", "permitted"})
          c["process"]["capabilities"][set].push_back("CAP_SYS_ADMIN");
      });
  Container container(bundle);
  const auto done = in_namespace(container, bundle, "private",
                                 std::string("$run --detach $id >/dev/null; sleep 0.3; "
                                             "$lodger exec $id /bin/busybox ls -d /bin/probe ") +
                                     bundle.path() + " 2>/dev/null; $lodger delete --force $id; " + compare);
  INFO(done.out << done.err);
  CHECK(done.out == "/bin/probe\nsame\n");
}

TEST_CASE("inherited mounts: what lies over the container's root goes with it, what took its place does not",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  const bool over = GENERATE(true, false);
  const Bundle bundle("hold", [](json& c) {
    inherit(c);
    c["mounts"].push_back({{"destination", "/data"}, {"type", "tmpfs"}});
  });
  Container container(bundle);
  const auto done = in_namespace(
      container, bundle, "shared",
      std::string("$run --detach $id >/dev/null; ") + (over ? "" : "umount -l rootfs; umount -l rootfs; ") +
          // two: one of them gets the number again, and may be covered by the other
          "mount -t tmpfs other rootfs; mount -t tmpfs other rootfs; "
          "$lodger delete --force $id; " +
          (over ? "" : "umount rootfs; umount rootfs && echo there; ") + compare);
  INFO(done.out << done.err);
  CHECK(done.out == (over ? "same\n" : "there\nsame\n"));
  CHECK(done.err == "");
}

TEST_CASE("inherited mounts: what covers the folder of the root is named, and delete waits for its end",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", inherit);
  Container container(bundle);
  const auto done = in_namespace(container, bundle, "private",
                                 "$run --detach $id >/dev/null; mount -t tmpfs cover " + bundle.path() +
                                     "; $lodger delete --force $id; echo $?; umount " + bundle.path() +
                                     "; $lodger delete $id; echo $?; " + compare);
  INFO(done.out << done.err);
  CHECK(done.out == "1\n0\nsame\n");
  CHECK_THAT(done.err, Catch::Contains("mounted at " + bundle.rootfs()) &&
                           Catch::Contains("cover (tmpfs), mounted at " + bundle.path() + ", covers"));
}

TEST_CASE("inherited mounts: from another mount namespace delete and exec say where the root is",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", inherit);
  Container container(bundle);
  const auto done = in_namespace(
      container, bundle, "private",
      std::string("unshare -m sh -c \"$run --detach $id; echo > made; exec sleep 60\" >/dev/null & "
                  "while ! [ -e made ]; do sleep 0.1; done; "
                  "$lodger exec $id /bin/busybox true || echo no exec; "
                  "$lodger delete --force $id; echo $?; $lodger list -q; "
                  "nsenter --mount=/proc/$!/ns/mnt $lodger delete $id; echo $?; "
                  "grep -c lodger: /proc/$!/mountinfo; kill $!; ") +
          compare);
  INFO(done.out << done.err);
  CHECK(done.out == "no exec\n1\n" + container.id() + "\n0\n0\nsame\n");
  const auto said = lines_of(done.err);
  REQUIRE(said.size() == 2);
  for (const auto& line : said)
    CHECK_THAT(line, Catch::Contains("another mount namespace") && Catch::Contains("nsenter --mount=/proc/"));
}

TEST_CASE("inherited mounts: a mount namespace that has ended took the root along", "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", inherit);
  Container container(bundle);
  const auto done = in_namespace(container, bundle, "private",
                                 std::string("unshare -m sh -c \"$run --detach $id\" >/dev/null; "
                                             "$lodger delete --force $id; echo $?; $lodger list -q; ") +
                                     compare);
  INFO(done.out << done.err);
  CHECK(done.out == "0\nsame\n");
}

// The kernel gives the number again. So that nobody has to wait for that, the record gets another's.
TEST_CASE(
    "inherited mounts: another mount namespace with the number of one that has ended is not taken for it",
    "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", inherit);
  Container container(bundle);
  const auto record = container.root() + "/" + container.id() + "/state.json";
  const auto done = in_namespace(
      container, bundle, "private",
      std::string(
          "number='stat -Lc %i /proc/self/ns/mnt'; unshare -m sh -c \"$run --detach $id; $number > ended\" "
          ">/dev/null; unshare -m sh -c \"$number > other; echo > made; exec sleep 60\" & "
          "while ! [ -e made ]; do sleep 0.05; done; sed -i s/$(cat ended)/$(cat other)/ ") +
          record + "; grep -c $(cat other) " + record +
          "; $lodger delete --force $id; echo $?; $lodger list -q; kill $!; " + compare);
  INFO(done.out << done.err);
  CHECK(done.out == "1\n0\nsame\n");
}

TEST_CASE("inherited mounts: capabilities that lead out of the root are warned of", "[inherited_mounts]") {
  NEEDS_ROOT();
  const std::string name = GENERATE("", "CAP_SYS_CHROOT", "CAP_SYS_ADMIN");
  const Bundle bundle("echo ran", [&](json& c) {
    inherit(c);
    if (!name.empty()) c["process"]["capabilities"]["bounding"].push_back(name);
  });
  Container container(bundle);
  const auto done = in_namespace(container, bundle, "private", std::string("$run $id; ") + compare);
  INFO(done.out << done.err);
  CHECK(done.out == "echo=ran\nsame\n");
  CHECK(lines_of(done.err).size() == (name.empty() ? 0 : 1));
  if (!name.empty()) CHECK_THAT(done.err, Catch::Contains("process.capabilities.bounding: " + name));
}

TEST_CASE("inherited mounts: nothing stays in namespaces that get the host's mounts", "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran", inherit);
  Container container(bundle);
  const auto done = in_namespace(
      container, bundle, "shared",
      std::string("mkdir rootfs/vol; mount -t tmpfs vol rootfs/vol; "
                  "unshare -m --propagation unchanged sh -c 'echo > peer; exec sleep 60' & "
                  "while ! [ -e peer ]; do sleep 0.1; done; cut -d' ' -f4-6 /proc/$!/mountinfo > peer; "
                  "$run $id; cut -d' ' -f4-6 /proc/$!/mountinfo | cmp peer - && echo same there; kill $!; "
                  "umount rootfs/vol; ") +
          compare);
  INFO(done.out << done.err);
  CHECK(done.out == "echo=ran\nsame there\nsame\n");
}

TEST_CASE("inherited mounts: the bundle may be moved meanwhile", "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", [](json& c) {
    inherit(c);
    c["root"]["path"] = "here/rootfs";
  });
  Container container(bundle);
  const auto done =
      in_namespace(container, bundle, "private",
                   std::string("mkdir here; mv rootfs here/; $run --detach $id >/dev/null; mv here there; "
                               "ls there/rootfs/bin/probe; $lodger delete --force $id; mv there/rootfs .; ") +
                       compare);
  INFO(done.out << done.err);
  CHECK(done.out == "there/rootfs/bin/probe\nsame\n");
}

TEST_CASE("inherited mounts: two containers do not stack up on one root", "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", inherit);
  Container container(bundle);
  const auto done = in_namespace(container, bundle, "shared",
                                 std::string("$run --detach $id >/dev/null; $run --detach other; "
                                             "$lodger --root $PWD/elsewhere run --detach --bundle . other; "
                                             "$lodger delete --force $id; $lodger list -q; "
                                             "$lodger --root $PWD/elsewhere list -q; ") +
                                     compare);
  INFO(done.out);
  CHECK(done.out == "same\n");
  const auto said = lines_of(done.err);
  REQUIRE(said.size() == 2);
  for (const auto& line : said)
    CHECK_THAT(line, Catch::Contains("root.path " + bundle.rootfs()) &&
                         Catch::Contains("container " + container.id() + " lives at " + bundle.rootfs()));
}

TEST_CASE("inherited mounts: of creations at once on one root one prevails, and is whole",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", inherit);
  Container container(bundle);
  const auto done = in_namespace(
      container, bundle, "shared",
      std::string("for i in 1 2 3 4 5 6 7 8; do for id in a b c d; do "
                  "$lodger --root $PWD/root-$id run --detach --bundle . $id >/dev/null 2>&1 & done; wait; "
                  "grep -c lodger: /proc/self/mountinfo; "
                  "for id in a b c d; do $lodger --root $PWD/root-$id exec $id /bin/busybox ls -d /bin/probe "
                  "2>/dev/null; $lodger --root $PWD/root-$id delete --force $id; done; done; ") +
          compare);
  INFO(done.out << done.err);
  std::string expected;
  for (int i = 0; i < 8; ++i) expected += "1\n/bin/probe\n";
  CHECK(done.out == expected + "same\n");
}

TEST_CASE("inherited mounts: who holds the lock of creations delays them, no more", "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", inherit);
  Container container(bundle);
  const auto done =
      in_namespace(container, bundle, "shared",
                   "flock /proc/self/ns/mnt sleep 60 & sleep 0.1; $run --detach $id >/dev/null; echo $?; "
                   "pkill -P $!; kill $!; $lodger delete --force $id; " +
                       std::string(compare));
  INFO(done.out << done.err);
  CHECK(done.out == "0\nsame\n");
}

/// The copy of the root is taken before the lock: here the first container is there then, and gone
/// afterwards.
TEST_CASE("inherited mounts: nothing of another container's comes along that lived there a moment ago",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", inherit);
  Container container(bundle);
  const auto done = in_namespace(
      container, bundle, "shared",
      // again where the second was too slow to see the first, or waited for the lock no longer
      "for i in 1 2 3 4 5 6 7 8; do $run --detach first >/dev/null; exec 9</proc/self/ns/mnt; flock 9; "
      "$run --detach $id 9<&- >/dev/null 2>said & sleep 0.3; $lodger delete --force first; flock -u 9; wait "
      "$!; "
      "$lodger delete --force $id; grep -o 'was in its place meanwhile' said && break; done; " +
          std::string(compare));
  INFO(done.out << done.err);
  CHECK(done.out == "was in its place meanwhile\nsame\n");
}

/// Neither then nor later, from an init that the runtime left behind.
TEST_CASE("inherited mounts: a runtime that is killed leaves no mount that delete does not find",
          "[inherited_mounts]") {
  NEEDS_ROOT();
  std::minstd_rand random(20'261'126);
  std::uniform_int_distribution<int> moment(0, 9);
  for (int i = 0; i < 20; ++i) {
    const Bundle bundle("hold", inherit);
    Container container(bundle);
    const auto done = in_namespace(
        container, bundle, "shared",
        "$run --detach $id >/dev/null & sleep 0.00" + std::to_string(moment(random)) +
            "; kill -9 $! 2>/dev/null; wait; $lodger delete --force $id; sleep 0.02; " + compare);
    INFO("round " << i << ": " << done.out << done.err);
    CHECK_THAT(done.out, Catch::EndsWith("same\n"));
  }
}

TEST_CASE("inherited mounts: the host's own root is not covered", "[inherited_mounts]") {
  NEEDS_ROOT();
  refused(
      [](json& c) {
        inherit(c);
        c["root"]["path"] = "/";
      },
      {"root.path /", "would cover the host's"});
}

TEST_CASE("inherited mounts: not for who may not mount there", "[inherited_mounts]") {
  NEEDS_ROOT();
  refused(
      [](json& c) {
        inherit(c);
        c["linux"]["namespaces"].push_back({{"type", "user"}});
        for (const char* map : {"uidMappings", "gidMappings"})
          c["linux"][map] = {{{"containerID", 0}, {"hostID", 100'000}, {"size", 65'536}}};
      },
      {"no entry of type \"mount\" beside one of type \"user\""});
}
