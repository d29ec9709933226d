// config-linux.md, "Cgroups Path": where the container's processes are, what they see of it, and that it goes
// with the container.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// `resources`: what needs the controller.
struct Controller {
  std::string_view name, resources;
  const Need* need;
};
constexpr std::array controllers = {
    Controller{"memory", R"({"memory": {"limit": 67108864}})", &needs::memory},
    Controller{"pids", R"({"pids": {"limit": 100}})", &needs::pids},
    Controller{"cpu", R"({"cpu": {"shares": 512}})", &needs::cpu},
    Controller{"cpuset", R"({"cpu": {"cpus": "0"}})", &needs::cpuset},
    Controller{"devices", R"({"devices": [{"allow": false, "access": "rwm"}]})", &needs::devices_v1}};

std::string path_of(const Container& box) { return box.config["linux"]["cgroupsPath"]; }

std::string lines_of(const Container& box) {
  return read_file("/proc/" + std::to_string(box.pid()) + "/cgroup");
}

void end(Container& box) {
  box.kill("KILL");
  box.await_stopped();
  box.removed();
}

/// The folder that the path means, in the hierarchy that has the controller.
std::string meant(Trial& t, const std::string& controller, const std::string& path) {
  return t.machine().controller(controller)->path + path;
}

void absolute(Trial& t) {
  const Controller& one = controllers[t.row()];
  const std::string name(one.name);
  Container& box = t.container();
  box.config["linux"]["resources"] = json::parse(one.resources);
  box.created();
  const std::string folder = meant(t, name, path_of(box));
  t.expect_eq("the container's cgroup", folder, box.cgroup(name));
  t.expect_has("its processes", std::to_string(box.pid()) + "\n", read_file(folder + "/cgroup.procs"));
}

void made_where_missing(Trial& t) {
  Container& box = t.container();
  box.config["linux"]["cgroupsPath"] = path_of(box) + "/one/two/three";
  box.config["linux"]["resources"] = {{"pids", {{"limit", 100}}}};
  box.created();
  t.expect_eq("the container's cgroup", meant(t, "pids", path_of(box)), box.cgroup("pids"));
}

/// A location that the runtime determines may lie below the cgroup of its caller: that has to be ours, then.
void enter_own_cgroup(Trial& t) {
  for (const Hierarchy& hierarchy : t.machine().cgroups) {
    if (hierarchy.v2 || hierarchy.controllers.empty() || hierarchy.controllers[0] == "cpuset") continue;
    const std::string top = hierarchy.path + t.run().cgroup, own = top + "/" + t.name() + "-self";
    mkdir(top.c_str(), 0755), mkdir(own.c_str(), 0755);
    write_file(own + "/cgroup.procs", "0");
  }
}

struct Kind {
  std::string_view name;
};
constexpr std::array kinds = {Kind{"absolute"}, Kind{"relative"}};

void consistent(Trial& t) {
  const bool relative = kinds[t.row()].name == "relative";
  if (relative) enter_own_cgroup(t);
  std::vector<std::string> places;
  for (int i = 0; i < 2; ++i) {
    Container& box = t.container();
    box.config["linux"]["cgroupsPath"] =
        relative ? t.name() + "-relative" : t.run().cgroup + "/" + t.name() + "-same";
    box.created();
    places.push_back(lines_of(box));
    end(box);
  }
  t.expect("the first place", places[0] != read_file("/proc/self/cgroup"), "other than ours", places[0]);
  t.expect_eq("the second place", places[0], places[1]);
}

void unspecified(Trial& t) {
  enter_own_cgroup(t);
  Container& box = t.container();
  box.config["linux"].erase("cgroupsPath");
  t.expect_eq("what the container said", "ran", box.inside("echo ran")["echo"]);
}

/// Some time may go by until the kernel lets go of a folder.
void gone_after_delete(Trial& t) {
  Container& box = t.container();
  box.created();
  const std::string folder = box.cgroup("pids");
  t.require("the cgroup of the container", exists(folder), "to be there", folder);
  end(box);
  t.expect("the cgroup after delete", t.eventually([&] { return !exists(folder); }), "to be gone", folder);
}

// --- the cgroup namespace

/// The paths of the hierarchies in which the container is where `cgroupsPath` says, seen from outside, and
/// what the container sees there.
void view(Trial& t, bool isolated) {
  Container& box = t.container();
  if (isolated) namespace_entry(box.config, "cgroup");
  box.payload("cat /proc/self/cgroup ; hold");
  box.started();
  box.await_output("holding=1");
  const auto inside = Facts(box.output()).all("line:/proc/self/cgroup");
  const std::string path = path_of(box);
  int seen = 0;
  for (const std::string& line : lines(lines_of(box))) {
    if (!line.ends_with(":" + path)) continue;
    const std::string start = line.substr(0, line.size() - path.size());
    const std::string want = start + (isolated ? "/" : path);
    ++seen;
    t.expect("the hierarchy " + start, std::find(inside.begin(), inside.end(), want) != inside.end(),
             "to be seen as " + want, shown(inside));
  }
  t.expect("the hierarchies with the container in its cgroup", seen > 0, "at least one", "none");
}
void isolated_view(Trial& t) { view(t, true); }
void whole_view(Trial& t) { view(t, false); }

constexpr Clause clause(std::string_view text, Level level = Level::must) {
  return {"config-linux.md", "Cgroups Path", level, text};
}

constexpr Case single[] = {
    {"linux-cgroups/made-where-missing",
     clause("The cgroups will be created if they don't exist."),
     made_where_missing,
     {&needs::root, &needs::pids}},
    {"linux-cgroups/path-unspecified",
     clause("If the value is not specified, the runtime MAY define the default cgroups path.", Level::may),
     unspecified,
     {&needs::root}},
    {"linux-cgroups/gone-after-delete",
     {"runtime.md", "Delete", Level::must,
      "Deleting a container MUST delete the resources that were created during the `create` step."},
     gone_after_delete,
     {&needs::root, &needs::pids}},
    {"linux-cgroups/namespace-isolates-the-view",
     {"config-linux.md", "Namespaces", Level::must,
      "`cgroup` the container will have an isolated view of the cgroup hierarchy."},
     isolated_view,
     {&needs::root}},
    {"linux-cgroups/whole-view-without-namespace",
     {"config-linux.md", "Namespaces", Level::must,
      "If a namespace type is not specified in the `namespaces` array, the container MUST inherit the "
      "runtime namespace of that type."},
     whole_view,
     {&needs::root}},
};
constexpr auto cases = joined(
    each(controllers, {"linux-cgroups/absolute",
                       clause("In the case of an absolute path (starting with `/`), the runtime MUST take "
                              "the path to be relative to the cgroups mount point."),
                       absolute,
                       {&needs::root}}),
    each(kinds,
         {"linux-cgroups/same-place-again",
          clause("If the value is specified, the runtime MUST consistently attach to the same place in "
                 "the cgroups hierarchy given the same value of `cgroupsPath`."),
          consistent,
          {&needs::root}}),
    std::to_array(single));

}  // namespace

std::span<const Case> linux_cgroups_cases() { return cases; }

}  // namespace conformance
