// config-linux.md: root filesystem propagation, personality, time offsets.
#include <sys/mount.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/mountinfo.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

// --- rootfsPropagation

/// `tag`: what proc(5) shows among the optional fields of the root's line in mountinfo; "": none of them.
struct Propagation {
  std::string_view name, tag;
};
constexpr std::array propagations = {Propagation{"shared", "shared:"}, Propagation{"slave", "master:"},
                                     Propagation{"private", ""}, Propagation{"unbindable", "unbindable"}};

void propagation(Trial& t) {
  const Propagation& wanted = propagations[t.row()];
  t.own_mount_namespace();
  // A slave needs a master: the mount that the bundle lies on is shared.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) < 0)
    t.skip("needs the right to change mounts");
  Container& box = t.container();
  box.config["linux"]["rootfsPropagation"] = wanted.name;
  box.payload("hold");
  box.started();
  box.await_output("holding=1");
  const std::string tags = mount_at(box.pid(), "/").tags;
  const bool holds = wanted.tag.empty() ? tags.empty() : tags.find(wanted.tag) != std::string::npos;
  t.expect("the propagation of the root's mount", holds, wanted.tag.empty() ? "none" : wanted.tag, tags);
}

void refused(Trial& t, Container& box, const std::string& what) {
  const Finished created = box.create();
  t.expect_error(what, created.succeeded() ? box.start() : created);
}

void unknown_propagation(Trial& t) {
  Container& box = t.container();
  box.config["linux"]["rootfsPropagation"] = "nosuch";
  refused(t, box, "an unknown rootfsPropagation");
}

// --- personality

void linux32(Trial& t) {
  Container& box = t.container();
  box.config["linux"]["personality"] = {{"domain", "LINUX32"}};
  const std::string machine = box.inside("uts")["machine"];
  t.expect("the machine that uname shows", machine.find("64") == std::string::npos, "a 32 bit one", machine);
}

void linux64(Trial& t) {
  Container& box = t.container();
  box.config["linux"]["personality"] = {{"domain", "LINUX"}};
  t.expect_eq("the personality", "0", box.inside("attributes")["personality"]);
}

void unknown_domain(Trial& t) {
  Container& box = t.container();
  box.config["linux"]["personality"] = {{"domain", "NOSUCH"}};
  refused(t, box, "an unknown domain");
}

// --- timeOffsets

struct Clock {
  std::string_view name;
};
constexpr std::array clocks = {Clock{"monotonic"}, Clock{"boottime"}};

void time_offset(Trial& t) {
  const std::string clock(clocks[t.row()].name);
  Container& box = t.container();
  namespace_entry(box.config, "time");
  box.config["linux"]["timeOffsets"] = {{clock, {{"secs", 7200}, {"nanosecs", 5}}}};
  box.payload("hold");
  box.started();
  std::string found = "no line of this clock";
  for (const auto& line : lines(read_file("/proc/" + std::to_string(box.pid()) + "/timens_offsets")))
    if (const auto fields = words(line); fields.size() == 3 && fields[0] == clock)
      found = fields[1] + " " + fields[2];
  t.expect_eq("the clock's offset", "7200 5", found);
}

constexpr Clause propagated = {"config-linux.md", "Rootfs Mount Propagation", Level::must,
                               "Its value is either `shared`, `slave`, `private` or `unbindable`."};
constexpr Clause personal = {"config-linux.md", "Personality", Level::must,
                             "`personality` (object, OPTIONAL) sets the Linux execution personality."};
constexpr Clause offset = {"config-linux.md", "Offset for Time Namespace", Level::must,
                           "`timeOffsets` (object, OPTIONAL) sets the offset for Time Namespace."};

constexpr Case single[] = {
    {"linux-misc/rootfsPropagation-unknown-is-error", propagated, unknown_propagation},
    {"linux-misc/personality-LINUX32",
     {"config-linux.md", "Personality", Level::must,
      "`LINUX32` will set the `uname` system call to show a 32 bit CPU type, such as `i686`."},
     linux32},
    {"linux-misc/personality-LINUX", personal, linux64},
    {"linux-misc/personality-unknown-is-error", personal, unknown_domain},
};
constexpr auto cases =
    joined(std::to_array(single),
           each(propagations, {"linux-misc/rootfsPropagation", propagated, propagation, {&needs::root}}),
           each(clocks, {"linux-misc/timeOffsets", offset, time_offset, {&needs::root, &needs::kernel_5_6}}));

}  // namespace

std::span<const Case> linux_misc_cases() { return cases; }

}  // namespace conformance
