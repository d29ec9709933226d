// The cgroup hierarchies, and which controllers containers can have.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cgroups/layout.hpp"
#include "cgroups/systemd/manager.hpp"
#include "kernel/file.hpp"
#include "runtime/check/check.hpp"

namespace lodger::check {
namespace {

struct Controller {
  const char* v1;  // nullptr: v2's own
  const char* v2;  // nullptr: v1's own, or a device program
  const char* for_what;
};
constexpr Controller controllers[] = {
    {"memory", "memory", "linux.resources.memory"},
    {"cpu", "cpu", "linux.resources.cpu"},
    {"cpuset", "cpuset", "linux.resources.cpu.cpus and mems"},
    {"pids", "pids", "linux.resources.pids"},
    {"blkio", "io", "linux.resources.blockIO"},
    {"hugetlb", "hugetlb", "linux.resources.hugepageLimits"},
    {"rdma", "rdma", "linux.resources.rdma"},
    {"devices", nullptr, "linux.resources.devices"},
    {"freezer", nullptr, "pause and resume"},
    {"net_cls", nullptr, "linux.resources.network.classID"},
    {"net_prio", nullptr, "linux.resources.network.priorities"},
};

const char* name_of(cgroups::Kind kind) {
  switch (kind) {
    case cgroups::Kind::v1: return "v1";
    case cgroups::Kind::hybrid: return "hybrid: v1 controllers beside a cgroup2 tree";
    case cgroups::Kind::v2: return "v2";
  }
  return "";
}

/// The words of cgroup.controllers.
std::string controllers_of(const std::string& folder) {
  std::array<char, 1024> text{};
  const auto file = kernel::openat(kernel::cwd, (folder + "/cgroup.controllers").c_str(), O_RDONLY);
  if (!file) return "";
  const auto size = kernel::read(file->get(), text);
  std::string words(text.data(), size.value_or(0));
  std::ranges::replace(words, '\n', ' ');
  return " " + words;
}

bool mounted(const cgroups::Layout& layout, std::string_view controller) {
  return std::ranges::any_of(layout.hierarchies, [&](const auto& h) { return h.has(controller); });
}

Finding judge(const Controller& controller, bool there) {
  if (there) return {"cgroups", controller.v1, Verdict::good, "there", controller.for_what};
  return {"cgroups", controller.v1, Verdict::limited, "missing",
          fmt::format("a configuration with {} is refused", controller.for_what)};
}

void look_at_controllers(std::vector<Finding>& findings, const cgroups::Layout& layout) {
  const bool v2 = layout.kind == cgroups::Kind::v2;
  const std::string unified = v2 ? controllers_of(layout.unified) : "";
  for (const auto& controller : controllers) {
    if (v2 && !controller.v2) continue;
    findings.push_back(judge(controller, v2 ? unified.contains(fmt::format(" {} ", controller.v2))
                                            : mounted(layout, controller.v1)));
  }
}

/// Where lodger would make folders as this user.
Finding writable(const cgroups::Layout& layout) {
  const auto& folder = layout.kind == cgroups::Kind::v2 ? layout.unified : layout.hierarchies.front().folder;
  const bool can = kernel::faccessat(kernel::cwd, folder.c_str(), W_OK).has_value();
  return {"cgroups", folder, can ? Verdict::good : Verdict::limited, can ? "writable" : "not writable",
          can ? "containers get cgroups and limits"
              : "limits only below a cgroup that was delegated to this user: see docs/rootless.md"};
}

/// What --systemd-cgroup needs: systemd as the init, as sd_booted(3) has it, and the program that speaks to
/// it.
Finding systemd() {
  if (!kernel::faccessat(kernel::cwd, "/run/systemd/system", F_OK))
    return {"cgroups", "systemd", Verdict::limited, "is not this machine's init", "no --systemd-cgroup"};
  const auto client = cgroups::systemd::find_client();
  if (!client) return {"cgroups", "systemd", Verdict::limited, client.error().text, ""};
  return {"cgroups", "systemd", Verdict::good, "there", "--systemd-cgroup"};
}

}  // namespace

void look_at_cgroups(std::vector<Finding>& findings) {
  const auto layout = cgroups::detect();
  if (!layout) {
    findings.push_back(
        {"cgroups", "layout", Verdict::bad, layout.error().text, "no container gets a cgroup"});
    return;
  }
  findings.push_back({"cgroups", "layout", Verdict::good, name_of(layout->kind), ""});
  findings.push_back(writable(*layout));
  look_at_controllers(findings, *layout);
  findings.push_back(systemd());
}

}  // namespace lodger::check
