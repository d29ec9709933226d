#include "runtime/container/prepare.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "cgroups/usable.hpp"
#include "netmode/devices.hpp"
#include "runtime/container/cgroup_place.hpp"
#include "runtime/launch/id_helpers.hpp"
#include "runtime/plan/descriptors.hpp"
#include "runtime/resctrl/group.hpp"
#include "spec/check.hpp"

namespace lodger::container {
namespace {

plan::Wishes wishes_of(const CreateRequest& request, const Source& source, const cgroups::Layout& layout,
                       const cgroups::Place& place, const plan::Caller& caller) {
  plan::Wishes wishes;
  wishes.id = request.id;
  wishes.bundle = source.bundle;
  wishes.no_pivot = request.no_pivot;
  wishes.new_keyring = !request.no_new_keyring;
  wishes.host_network = source.network.host;
  wishes.network = source.network.joined;
  wishes.preserve_fds = source.preserved.count;
  wishes.tell_pid = source.preserved.activated;
  wishes.layout = &layout;
  wishes.caller = caller;
  wishes.cgroup_path = place.path;
  return wishes;
}

/// A program for devices is loaded, and a rule of v1 written, by root of the host alone: cgroups(7). In a
/// user namespace nobody can make a device node, and the host's modes stand before the rest.
void leave_out_devices(Preparation& made) {
  if (!made.resources || made.resources->devices.empty()) return;
  made.resources->devices.clear();
  made.built.warnings.emplace_back(
      "linux.resources.devices is left out: only root of the host can set device rules; the container has "
      "the "
      "devices that are shown to it, with their modes");
}

void warn_of_orphans(Preparation& made, const spec::Config& config) {
  const auto* pid = config.linux->find(spec::NamespaceType::pid);
  if (!pid || !pid->path.empty())
    made.built.warnings.emplace_back(
        "the container has neither a cgroup nor a pid namespace of its own: when it is killed, processes "
        "that it started stay. Such configuration is strongly discouraged");
}

void warn_of_form(Preparation& made, const CreateRequest& request, const std::string& path) {
  if (request.systemd_cgroup || made.place.path.empty()) return;
  if (path.find('/') == path.npos && std::ranges::count(path, ':') == 2)
    made.built.warnings.push_back(fmt::format(
        "linux.cgroupsPath: \"{}\" has the form for --systemd-cgroup; without this flag it is the "
        "name of a folder",
        path));
}

}  // namespace

Outcome<Preparation> prepare(const CreateRequest& request, const Source& source, cgroups::Layout& layout,
                             Failures failures) {
  const auto caller = TRY(plan::look_at_caller());
  TRY(failures.noted(plan::check(source.config, caller)));
  TRY(failures.noted(launch::check_helpers(*source.config.linux, caller)));
  TRY(failures.noted(netmode::check_devices(*source.config.linux, failures)));
  TRY(failures.noted(resctrl::check(*source.config.linux, request.id)));
  auto place = TRY(cgroup_place(request, source.config, layout, caller));
  Preparation made{TRY(explained(plan::Memory::make(), "making the memory of the plan")),
                   {},
                   wishes_of(request, source, layout, place, caller),
                   {},
                   source.config.linux->resources,
                   std::move(place),
                   {}};
  if (!caller.privileged) cgroups::leave_out_closed(layout, made.wishes.cgroup_path);
  made.wishes.callers_descriptors =
      TRY(plan::make_room(plan::descriptors_of(source.config, source.preserved.count)));
  auto options = plan_host_options(source, layout, made.place);
  if (options) made.options = std::move(*options);
  TRY(failures.noted(std::move(options)));
  set_domain(made.wishes, made.options.record);
  plan::Planning planning{source.config, made.wishes, made.memory, made.row, failures};
  made.built = TRY(plan::build(planning));
  if (made.resources)
    std::ranges::move(spec::remarks(*made.resources), std::back_inserter(made.built.warnings));
  if (is_rootless(request, caller)) leave_out_devices(made);
  warn_of_form(made, request, source.config.linux->cgroups_path);
  if (made.wishes.cgroup_path.empty()) {
    TRY(failures.noted(cgroups::Cgroup::check_unneeded(layout, made.limits())));
    warn_of_orphans(made, source.config);
  }
  std::ranges::move(made.options.warnings, std::back_inserter(made.built.warnings));
  return Outcome<Preparation>(std::move(made));
}

}  // namespace lodger::container
