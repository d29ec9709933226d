// The clause of "linux.netDevices". Source: runtime-spec 1.3, config-linux.md, "Network Devices"; the names:
// dev_valid_name() and __dev_alloc_name() of the kernel.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "spec/clauses.hpp"
#include "spec/json.hpp"

namespace lodger::spec {

namespace {

/// The kernel puts a number in the place of one "%d", and takes no other percent sign.
bool good_template(std::string_view name) {
  const auto at = name.find('%');
  return at == name.npos || (std::ranges::count(name, '%') == 1 && name.substr(at + 1).starts_with('d'));
}

/// Every network namespace has a loopback device of its own, which cannot leave it.
Outcome<> net_device(const std::string& where, const std::string& name, const std::string& wanted) {
  if (!interface_name(name)) return refuse(where + ": no name of a network device");
  if (name == "lo") return refuse(where + ": the loopback device belongs to its network namespace");
  if (!interface_name(wanted) || !good_template(wanted))
    return refuse(
        fmt::format("{}.name: {} is neither a name of a network device (at most 15 bytes) nor a "
                    "template with one %d",
                    where, quoted(wanted)));
  if (wanted == "lo")
    return refuse(where + ".name: the container has a loopback device \"lo\" of its own already");
  return {};
}

}  // namespace

Outcome<> check_net_devices(const Config& config) {
  const Linux& object = *config.linux;
  if (object.net_devices.empty()) return {};
  if (!object.find(NamespaceType::network))
    return refuse(
        "linux.netDevices: needs an entry of type \"network\" in linux.namespaces that is not the host's "
        "own: "
        "in the host's network the container has all devices already");
  std::set<std::string_view> names;
  for (const auto& [name, device] : object.net_devices) {
    const auto where = fmt::format("linux.netDevices[{}]", quoted(name));
    const auto& wanted = device.name.empty() ? name : device.name;
    TRY(net_device(where, name, wanted));
    if (wanted.find('%') == wanted.npos && !names.insert(wanted).second)
      return refuse(fmt::format("{}.name: a second device that is to be {}", where, quoted(wanted)));
  }
  return {};
}

}  // namespace lodger::spec
