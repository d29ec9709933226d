// features.md and features-linux.md: the document that `<runtime> features` writes. A runtime MAY have none:
// then there is nothing to judge.
#include <sys/mount.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <tuple>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

json features(Trial& t) {
  const Finished done = t.runtime({"features"});
  if (!done.succeeded()) t.skip("needs the command features");
  const json document = json::parse(done.out, nullptr, false);
  t.require("features", document.is_object(), "an object of JSON", done.out);
  return document;
}

// --- the document

void versions(Trial& t) {
  const json document = features(t);
  for (const char* name : {"ociVersionMin", "ociVersionMax"})
    t.expect(name, document.contains(name) && document[name].is_string(), "a string",
             shown(document.value(name, json())));
}

/// semver.org, 11: a version with a suffix comes before the one without.
std::tuple<int, int, int, bool, std::string> order(const std::string& version) {
  int major = -1, minor = -1, patch = -1;
  std::sscanf(version.c_str(), "%d.%d.%d", &major, &minor, &patch);
  const std::size_t dash = std::min(version.find('-'), version.size());
  return {major, minor, patch, dash == version.size(), version.substr(dash)};
}

void not_reversed(Trial& t) {
  const json document = features(t);
  const std::string least = document.value("ociVersionMin", ""), most = document.value("ociVersionMax", "");
  t.expect("ociVersionMax", order(least) <= order(most), "not less than " + least, most);
}

struct Bound {
  std::string_view name, text;
};
constexpr std::array bounds = {Bound{"ociVersionMin",
                                     "The runtime MUST accept this value as the `ociVersion` property of "
                                     "`config.json`."},
                               Bound{"ociVersionMax",
                                     "The runtime MUST accept this value as the `ociVersion` property of "
                                     "`config.json`."}};

void accepted(Trial& t) {
  const std::string version = features(t).value(std::string(bounds[t.row()].name), "");
  Container& box = t.container();
  box.config["ociVersion"] = version;
  t.expect_success("create with the ociVersion " + version, box.create());
}

/// What differs between two machines, or two kernels, is first of all /sys.
void elsewhere(Trial& t) {
  const json here = features(t);
  t.own_mount_namespace();
  if (mount("none", "/sys", "tmpfs", 0, "") < 0) t.skip("needs to hide /sys");
  t.expect_eq("features without /sys", here, features(t));
}

// --- the properties

enum class Is : std::uint8_t { strings, flag, object, map };
struct Property {
  std::string_view name, document, section, text;
  Is type;
};
constexpr std::string_view top = "features.md", linux_specific = "features-linux.md";
constexpr std::array properties = {
    Property{"/hooks", top, "Hooks", "`hooks` (array of strings, OPTIONAL)", Is::strings},
    Property{"/mountOptions", top, "Mount Options", "`mountOptions` (array of strings, OPTIONAL)",
             Is::strings},
    Property{"/linux", top, "Platform-specific features", "`linux` (object, OPTIONAL)", Is::object},
    Property{"/annotations", top, "Annotations", "Annotations MUST be a key-value map", Is::map},
    Property{"/potentiallyUnsafeConfigAnnotations", top, "Unsafe annotations in `config.json`",
             "`potentiallyUnsafeConfigAnnotations` (array of strings, OPTIONAL)", Is::strings},
    Property{"/linux/namespaces", linux_specific, "Namespaces", "`namespaces` (array of strings, OPTIONAL)",
             Is::strings},
    Property{"/linux/capabilities", linux_specific, "Capabilities",
             "`capabilities` (array of strings, OPTIONAL)", Is::strings},
    Property{"/linux/cgroup", linux_specific, "Cgroup", "`cgroup` (object, OPTIONAL)", Is::object},
    Property{"/linux/cgroup/v1", linux_specific, "Cgroup", "`v1` (bool, OPTIONAL)", Is::flag},
    Property{"/linux/cgroup/v2", linux_specific, "Cgroup", "`v2` (bool, OPTIONAL)", Is::flag},
    Property{"/linux/cgroup/systemd", linux_specific, "Cgroup", "`systemd` (bool, OPTIONAL)", Is::flag},
    Property{"/linux/cgroup/systemdUser", linux_specific, "Cgroup", "`systemdUser` (bool, OPTIONAL)",
             Is::flag},
    Property{"/linux/cgroup/rdma", linux_specific, "Cgroup", "`rdma` (bool, OPTIONAL)", Is::flag},
    Property{"/linux/seccomp", linux_specific, "Seccomp", "`seccomp` (object, OPTIONAL)", Is::object},
    Property{"/linux/seccomp/enabled", linux_specific, "Seccomp", "`enabled` (bool, OPTIONAL)", Is::flag},
    Property{"/linux/seccomp/actions", linux_specific, "Seccomp", "`actions` (array of strings, OPTIONAL)",
             Is::strings},
    Property{"/linux/seccomp/operators", linux_specific, "Seccomp",
             "`operators` (array of strings, OPTIONAL)", Is::strings},
    Property{"/linux/seccomp/archs", linux_specific, "Seccomp", "`archs` (array of strings, OPTIONAL)",
             Is::strings},
    Property{"/linux/seccomp/knownFlags", linux_specific, "Seccomp",
             "`knownFlags` (array of strings, OPTIONAL)", Is::strings},
    Property{"/linux/seccomp/supportedFlags", linux_specific, "Seccomp",
             "`supportedFlags` (array of strings, OPTIONAL)", Is::strings},
    Property{"/linux/apparmor", linux_specific, "AppArmor", "`apparmor` (object, OPTIONAL)", Is::object},
    Property{"/linux/apparmor/enabled", linux_specific, "AppArmor", "`enabled` (bool, OPTIONAL)", Is::flag},
    Property{"/linux/selinux", linux_specific, "SELinux", "`selinux` (object, OPTIONAL)", Is::object},
    Property{"/linux/selinux/enabled", linux_specific, "SELinux", "`enabled` (bool, OPTIONAL)", Is::flag},
    Property{"/linux/memoryPolicy", linux_specific, "MemoryPolicy", "`memoryPolicy` (object, OPTIONAL)",
             Is::object},
    Property{"/linux/memoryPolicy/modes", linux_specific, "MemoryPolicy",
             "`modes` (array of strings, OPTIONAL)", Is::strings},
    Property{"/linux/memoryPolicy/flags", linux_specific, "MemoryPolicy",
             "`flags` (array of strings, OPTIONAL)", Is::strings},
    Property{"/linux/intelRdt", linux_specific, "Intel RDT", "`intelRdt` (object, OPTIONAL)", Is::object},
    Property{"/linux/intelRdt/enabled", linux_specific, "Intel RDT", "`enabled` (bool, OPTIONAL)", Is::flag},
    Property{"/linux/intelRdt/schemata", linux_specific, "Intel RDT", "`schemata` (bool, OPTIONAL)",
             Is::flag},
    Property{"/linux/intelRdt/monitoring", linux_specific, "Intel RDT", "`monitoring` (bool, OPTIONAL)",
             Is::flag},
    Property{"/linux/mountExtensions", linux_specific, "MountExtensions",
             "`mountExtensions` (object, OPTIONAL)", Is::object},
    Property{"/linux/mountExtensions/idmap", linux_specific, "MountExtensions", "`idmap` (object, OPTIONAL)",
             Is::object},
    Property{"/linux/mountExtensions/idmap/enabled", linux_specific, "MountExtensions",
             "`enabled` (bool, OPTIONAL)", Is::flag},
    Property{"/linux/netDevices", linux_specific, "NetDevices", "`netDevices` (object, OPTIONAL)",
             Is::object},
    Property{"/linux/netDevices/enabled", linux_specific, "NetDevices", "`enabled` (bool, OPTIONAL)",
             Is::flag},
};

bool of_type(const json& value, Is type) {
  const auto text = [](const json& one) { return one.is_string(); };
  switch (type) {
    case Is::strings: return value.is_array() && std::all_of(value.begin(), value.end(), text);
    case Is::flag: return value.is_boolean();
    case Is::object: return value.is_object();
    case Is::map: return value.is_object() && std::all_of(value.begin(), value.end(), text);
  }
  __builtin_unreachable();
}

/// The rows of one table cannot name their documents: a table for each.
template <bool Linux>
consteval auto rows_of() {
  constexpr auto mine = [](const Property& one) { return (one.document == linux_specific) == Linux; };
  std::array<Property, std::count_if(properties.begin(), properties.end(), mine)> rows{};
  std::copy_if(properties.begin(), properties.end(), rows.begin(), mine);
  return rows;
}
constexpr auto general = rows_of<false>();
constexpr auto of_linux = rows_of<true>();

void typed(Trial& t, const Property& one) {
  const json::json_pointer pointer{std::string(one.name)};
  const json document = features(t);
  if (!document.contains(pointer) || document[pointer].is_null())
    t.skip("needs the property, which is optional");
  constexpr std::array<std::string_view, 4> names = {"an array of strings", "a bool", "an object",
                                                     "an object of strings"};
  t.expect(one.name, of_type(document[pointer], one.type), names[static_cast<std::size_t>(one.type)],
           shown(document[pointer]));
}

void typed_general(Trial& t) { typed(t, general[t.row()]); }
void typed_linux(Trial& t) { typed(t, of_linux[t.row()]); }

/// Every object of the document has the table's properties alone, but annotations, which are anything.
void all_defined(Trial& t) {
  std::set<std::string, std::less<>> defined = {"/ociVersionMin", "/ociVersionMax"};
  for (const Property& one : properties) defined.emplace(one.name);
  const json flat = features(t).flatten();
  for (const auto& [pointer, value] : flat.items()) {
    if (pointer.starts_with("/annotations/")) continue;
    std::string name = pointer;  // of an array's element: the array's
    if (const std::size_t last = name.rfind('/'); name.find_first_not_of("0123456789", last + 1) == name.npos)
      name.resize(last);
    t.expect("the properties", defined.contains(name), "those of the specification", name);
  }
}

constexpr Clause clause(std::string_view section, std::string_view text, Level level = Level::must) {
  return {"features.md", section, level, text};
}
constexpr Clause none_else =
    clause("Specification version",
           "The Features structure MUST NOT contain properties that are not defined in this version of the "
           "Open Container Initiative Runtime Specification.");

constexpr Case single[] = {
    {"features/versions",
     clause("Specification version",
            "`ociVersionMin` (string, REQUIRED) The minimum recognized version of "
            "the Open Container Initiative Runtime Specification."),
     versions},
    {"features/versions-in-order",
     clause("Specification version",
            "The value MUST NOT be less than the value of the `ociVersionMin` property."),
     not_reversed},
    {"features/irrespective-of-the-host",
     clause("Features Structure",
            "Hence, the content of the Features structure SHOULD be determined on the compilation time of "
            "the runtime, not on the execution time.",
            Level::should),
     elsewhere,
     {&needs::root}},
    {"features/defined", none_else, all_defined},
};
constexpr auto cases = joined(
    std::to_array(single),
    each(bounds, {"features/version-accepted", clause("Specification version", bounds[0].text), accepted}),
    each(general, {"features/type", clause("Hooks", ""), typed_general}),
    each(of_linux, {"features/type", {"features-linux.md", "Namespaces", Level::must, ""}, typed_linux}));

}  // namespace

std::span<const Case> features_cases() { return cases; }

}  // namespace conformance
