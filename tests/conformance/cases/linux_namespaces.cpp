// config-linux.md, "Namespaces" and "User namespace mappings".
#include <sys/stat.h>
#include <unistd.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/mountinfo.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// `file`: its name in /proc/PID/ns.
struct Type {
  std::string_view name, file;
  Level level = Level::must;
  const Need* need = nullptr;
  std::string_view text{};  // where it is another than that of the table
};
constexpr std::string_view optional_text = "The following namespace types SHOULD be supported:";
constexpr std::array types = {
    Type{"pid", "pid"},       Type{"network", "net"},
    Type{"mount", "mnt"},     Type{"ipc", "ipc"},
    Type{"uts", "uts"},       Type{"user", "user"},
    Type{"cgroup", "cgroup"}, Type{"time", "time", Level::should, &needs::kernel_5_6, optional_text}};
constexpr std::array inheritable = {Type{"pid", "pid"},       Type{"network", "net"}, Type{"mount", "mnt"},
                                    Type{"ipc", "ipc"},       Type{"uts", "uts"},     Type{"user", "user"},
                                    Type{"cgroup", "cgroup"}, Type{"time", "time"}};
/// Joined user and mount namespaces bring a root filesystem of their own into play: not tried.
constexpr std::array joinable = {
    Type{"pid", "pid"},       Type{"network", "net"},
    Type{"ipc", "ipc"},       Type{"uts", "uts"},
    Type{"cgroup", "cgroup"}, Type{"time", "time", Level::should, &needs::kernel_5_6, optional_text}};

std::string id_of(const std::string& process, std::string_view file) {
  return link_target("/proc/" + process + "/ns/" + std::string(file));
}

/// Root of the container is an ordinary user of the host.
void map_ids(Container& box) {
  for (const char* map : {"uidMappings", "gidMappings"})
    box.config["linux"][map] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 1000}},
                                {{"containerID", 5000}, {"hostID", 200000}, {"size", 10}}};
}

void add(Container& box, std::string_view type) {
  namespace_entry(box.config, std::string(type));
  if (type == "user") map_ids(box);
}

void created_new(Trial& t) {
  const Type& type = types[t.row()];
  Container& box = t.container();
  add(box, type.name);
  const std::string inside = box.inside("ns")["ns." + std::string(type.file)];
  t.expect("the namespace inside", inside.starts_with(type.file), "a namespace", inside);
  t.expect_ne("the namespace inside", id_of("self", type.file), inside);
}

/// A container that mounts in the runtime's mount namespace, which is the case's own. Without what a runtime
/// might think of as the host's to keep.
Container& without_mount_namespace(Trial& t) {
  t.own_mount_namespace();
  Container& box = t.container();
  drop_namespace(box.config, "mount");
  for (const char* paths : {"maskedPaths", "readonlyPaths"}) box.config["linux"].erase(paths);
  return box;
}

void inherited(Trial& t) {
  const Type& type = inheritable[t.row()];
  Container& box = type.name == "mount" ? without_mount_namespace(t) : t.container();
  drop_namespace(box.config, std::string(type.name));
  t.expect_eq("the namespace inside", id_of("self", type.file),
              box.inside("ns")["ns." + std::string(type.file)]);
}

/// What create mounted there is the container's.
void removed_from_the_runtimes(Trial& t) {
  Container& box = without_mount_namespace(t);
  box.inside("exit 0");
  std::string left;
  for (const auto& mount : mounts_of(getpid()))
    if (mount.point.starts_with(box.rootfs())) left += mount.point + ' ';
  t.expect_eq("what is mounted in the runtime's namespace after delete", "", left);
}

/// A container of its own holds the namespace.
void joined_by_path(Trial& t) {
  const Type& type = joinable[t.row()];
  Container& holder = t.container();
  add(holder, type.name);
  holder.created();
  const std::string process = std::to_string(holder.pid()), held = id_of(process, type.file);
  t.expect_ne("the namespace of the first container", id_of("self", type.file), held);
  Container& box = t.container();
  namespace_entry(box.config, std::string(type.name))["path"] =
      "/proc/" + process + "/ns/" + std::string(type.file);
  t.expect_eq("the namespace inside", held, box.inside("ns")["ns." + std::string(type.file)]);
}

void refused(Trial& t, Container& box, const std::string& what) {
  t.expect_error(what, box.create());
  t.expect("the container", !box.known(), "not to exist", "it does");
}

void wrong_type(Trial& t) {
  const Type& type = joinable[t.row()];
  Container& box = t.container();
  const std::string other = type.name == "uts" ? "ipc" : "uts";
  namespace_entry(box.config, std::string(type.name))["path"] = "/proc/self/ns/" + other;
  refused(t, box, "a path that leads to a namespace of the type " + other);
}

void no_namespace(Trial& t) {
  Container& box = t.container();
  namespace_entry(box.config, std::string(joinable[t.row()].name))["path"] = box.beside("config.json");
  refused(t, box, "a path that leads to no namespace");
}

void relative_path(Trial& t) {
  Container& box = t.container();
  const Type& type = joinable[t.row()];
  namespace_entry(box.config, std::string(type.name))["path"] = "proc/self/ns/" + std::string(type.file);
  // From there it would be found.
  t.expect_error("create with a path that is not absolute", box.create({}, {.folder = "/"}));
  t.expect("the container", !box.known(), "not to exist", "it does");
}

void twice(Trial& t) {
  Container& box = t.container();
  add(box, types[t.row()].name);
  box.config["linux"]["namespaces"].push_back({{"type", types[t.row()].name}});
  refused(t, box, "two entries of the same type");
}

struct Map {
  std::string_view name;
};
constexpr std::array maps = {Map{"uid_map"}, Map{"gid_map"}};

void mapped(Trial& t) {
  Container& box = t.container();
  add(box, "user");
  box.created();
  std::vector<std::string> got;
  for (const auto& line :
       lines(read_file("/proc/" + std::to_string(box.pid()) + "/" + std::string(maps[t.row()].name)))) {
    std::string text;
    for (const auto& word : words(line)) text += (text.empty() ? "" : " ") + word;
    got.push_back(text);
  }
  t.expect_eq("the map", std::vector<std::string>{"0 100000 1000", "5000 200000 10"}, got);
}

void seen_as_root(Trial& t) {
  Container& box = t.container();
  add(box, "user");
  box.payload("ids ; hold");
  box.started();
  box.await_output("holding=1");
  t.expect_eq("uid inside", "0", Facts(box.output())["uid"]);
  struct stat now {};
  stat(("/proc/" + std::to_string(box.pid())).c_str(), &now);
  t.expect_eq("uid outside", 100000, now.st_uid);
}

void keeps_owners(Trial& t) {
  Container& box = t.container();
  add(box, "user");
  write_file(box.rootfs("/etc/file"), "");
  box.inside("ids");
  struct stat now {};
  stat(box.rootfs("/etc/file").c_str(), &now);
  t.expect_eq("owner of a file of the root filesystem", 0, now.st_uid);
}

constexpr Clause clause(std::string_view text, Level level = Level::must) {
  return {"config-linux.md", "Namespaces", level, text};
}
constexpr Clause mapping(std::string_view text, Level level = Level::must) {
  return {"config-linux.md", "User namespace mappings", level, text};
}
constexpr std::string_view maps_text =
    "`uidMappings` (array of objects, OPTIONAL) describes the user namespace uid mappings from the host to "
    "the container.";
constexpr std::string_view wrong_text =
    "The runtime MUST generate an error if `path` is not associated with a namespace of type `type`.";

constexpr Case single[] = {
    {"linux-namespaces/inherited-mounts-are-removed",
     {"runtime.md", "Delete", Level::must,
      "Deleting a container MUST delete the resources that were created during the `create` step."},
     removed_from_the_runtimes,
     {&needs::root}},
    {"linux-namespaces/user-root-is-mapped",
     mapping(
         "`hostID` (uint32, REQUIRED) - is the starting uid/gid on the host to be mapped to containerID."),
     seen_as_root,
     {&needs::root}},
    {"linux-namespaces/user-keeps-owners",
     mapping("The runtime SHOULD NOT modify the ownership of referenced filesystems to realize the mapping.",
             Level::should),
     keeps_owners,
     {&needs::root}},
};
constexpr auto cases = joined(
    each(
        types,
        {"linux-namespaces/new",
         clause(
             "If `path` is not specified, the runtime MUST create a new container namespace of type `type`."),
         created_new,
         {&needs::root}}),
    each(inheritable, {"linux-namespaces/inherited",
                       clause("If a namespace type is not specified in the `namespaces` array, the container "
                              "MUST inherit the runtime namespace of that type."),
                       inherited,
                       {&needs::root}}),
    each(
        joinable,
        {"linux-namespaces/joined",
         clause("The runtime MUST place the container process in the namespace associated with that `path`."),
         joined_by_path,
         {&needs::root}}),
    each(joinable,
         {"linux-namespaces/path-of-another-type-is-error", clause(wrong_text), wrong_type, {&needs::root}}),
    each(
        joinable,
        {"linux-namespaces/path-to-no-namespace-is-error", clause(wrong_text), no_namespace, {&needs::root}}),
    each(joinable, {"linux-namespaces/path-relative-is-error",
                    clause("This value MUST be an absolute path in the runtime mount namespace."),
                    relative_path,
                    {&needs::root}}),
    each(types, {"linux-namespaces/twice-is-error",
                 clause("If a `namespaces` field contains duplicated namespaces with same `type`, the "
                        "runtime MUST generate an error."),
                 twice,
                 {&needs::root}}),
    each(maps, {"linux-namespaces/user-mappings", mapping(maps_text), mapped, {&needs::root}}),
    std::to_array(single));

}  // namespace

std::span<const Case> linux_namespaces_cases() { return cases; }

}  // namespace conformance
