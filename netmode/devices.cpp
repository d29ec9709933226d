#include "netmode/devices.hpp"

#include <fmt/core.h>
#include <linux/if.h>
#include <unistd.h>

#include <algorithm>
#include <ranges>

#include "kernel/file.hpp"

namespace lodger::netmode {

namespace {

using kernel::netlink::Address;
using kernel::netlink::Link;
using kernel::netlink::Links;
using kernel::netlink::Socket;

constexpr const char* own_stack = "/proc/thread-self/ns/net";

std::string property_of(const std::string& name) { return fmt::format("linux.netDevices[\"{}\"]", name); }

/// An empty name is the host's own.
const std::string& wanted_name(const std::string& name, const spec::NetDevice& device) {
  return device.name.empty() ? name : device.name;
}

bool is_template(std::string_view name) { return name.find('%') != name.npos; }

/// Free in every namespace that is not full of other lodgers: one device at a time has it.
std::string passing_name() { return fmt::format("lodger{}", ::getpid()); }

std::string taken(const std::string& property, const std::string& name) {
  return fmt::format(
      "{}: the container's network namespace has a device \"{}\" already: give another name, or a template "
      "such as \"eth%d\"",
      property, name);
}

bool is_permanent(const Address& address) { return address.flags & IFA_F_PERMANENT; }
bool is_global(const Address& address) { return address.header.ifa_scope == RT_SCOPE_UNIVERSE; }

/// An IPv4 label is the device's name, or begins with it: "eth0:1".
Address relabelled(Address address, const std::string& from, const std::string& to) {
  if (!address.label.starts_with(from)) return address;
  address.label = to + address.label.substr(from.size());
  if (address.label.size() >= IFNAMSIZ) address.label = to;
  return address;
}

Outcome<Link> find_movable(Links& links, const std::string& name) {
  const auto property = property_of(name);
  auto link = links.find(name, property);
  if (!link && link.error().code == ENODEV)
    return refuse(fmt::format("{}: there is no such network device in lodger's network namespace", property),
                  ENODEV);
  if (link && (link->immovable || link->flags & IFF_LOOPBACK))
    return refuse(fmt::format("{}: the kernel keeps this device in its network namespace: it cannot be moved",
                              property),
                  EINVAL);
  return link;
}

Outcome<Links> links_of(const kernel::Fd<kernel::Namespace>& ns, std::string_view doing) {
  return Links(TRY(explained(Socket::open_in(ns, NETLINK_ROUTE), doing)));
}

/// A namespace that is made for the container has no device but its loopback; one that is joined may.
Outcome<> check_names(const spec::Linux& linux_object) {
  const auto* network = linux_object.find(spec::NamespaceType::network);
  if (!network || network->path.empty()) return {};
  const auto doing = fmt::format("linux.netDevices: looking into {}", network->path);
  const auto ns = TRY(explained(
      kernel::openat<kernel::Namespace>(kernel::cwd, network->path.c_str(), O_RDONLY | O_NONBLOCK), doing));
  auto there = TRY(links_of(ns, doing));
  for (const auto& [name, device] : linux_object.net_devices) {
    const auto& wanted = wanted_name(name, device);
    if (is_template(wanted)) continue;
    const auto found = there.find(wanted, doing);
    if (found) return refuse(taken(property_of(name), wanted), EEXIST);
    if (found.error().code != ENODEV) return std::unexpected(found.error());
  }
  return {};
}

}  // namespace

Outcome<> check_devices(const spec::Linux& linux_object, Failures failures) {
  if (linux_object.net_devices.empty()) return {};
  Links here(TRY(explained(Socket::open(NETLINK_ROUTE), "linux.netDevices")));
  for (const auto& name : linux_object.net_devices | std::views::keys)
    TRY(failures.noted(find_movable(here, name)));
  return check_names(linux_object);
}

Outcome<Devices> Devices::move(const spec::Linux& linux_object, pid_t pid) {
  Devices devices;
  if (linux_object.net_devices.empty()) return devices;
  TRY(devices.open(pid));
  for (const auto& [name, device] : linux_object.net_devices)
    TRY(devices.take(name, wanted_name(name, device)));
  return devices;
}

Outcome<> Devices::open(pid_t pid) {
  constexpr std::string_view doing = "linux.netDevices: opening the network namespaces";
  const auto open_file = [&](const char* path) {
    return explained(kernel::openat<kernel::Namespace>(kernel::cwd, path, O_RDONLY), doing);
  };
  here_namespace_ = TRY(open_file(own_stack));
  there_namespace_ = TRY(open_file(fmt::format("/proc/{}/ns/net", pid).c_str()));
  here_.emplace(TRY(explained(Socket::open(NETLINK_ROUTE), doing)));
  there_.emplace(TRY(links_of(there_namespace_, doing)));
  return {};
}

/// Under a passing name first: then it is known which device it is there, even when its last name is refused
/// or the kernel's choice.
Outcome<> Devices::take(const std::string& name, const std::string& wanted) {
  const auto property = property_of(name);
  const auto link = TRY(find_movable(*here_, name));
  auto addresses = TRY(here_->addresses(link.index, property + ": reading its addresses"));
  std::erase_if(addresses, [](const Address& address) { return !is_permanent(address); });
  TRY(here_->move(link.index, there_namespace_, passing_name(),
                  property + ": moving it into the container's network namespace"));
  const auto arrived = TRY(there_->find(passing_name(), property + ": looking for it in the container"));
  moved_.push_back({arrived.index, name, (link.flags & IFF_UP) != 0, std::move(addresses)});
  return settle(property, wanted);
}

/// The last one moved gets its name, its addresses, and is set up.
Outcome<> Devices::settle(const std::string& property, const std::string& wanted) {
  const Moved& moved = moved_.back();
  const auto renamed =
      there_->rename(moved.index, wanted, fmt::format("{}: naming it \"{}\" there", property, wanted));
  if (!renamed && renamed.error().code == EEXIST) return refuse(taken(property, wanted), EEXIST);
  TRY(renamed);
  const auto link = TRY(there_->find(moved.index, property));
  for (const auto& address : moved.addresses)
    if (is_global(address))
      TRY(there_->add_address(moved.index, relabelled(address, moved.name, link.name),
                              property + ": giving it its addresses again"));
  return there_->set_up(moved.index, property + ": setting it up");
}

/// As far as it goes: the failure that led here is the one to tell.
void Devices::bring_back(const Moved& moved) {
  if (!there_->move(moved.index, here_namespace_, moved.name, "")) return;
  const auto link = here_->find(moved.name, "");
  if (!link) return;
  for (const auto& address : moved.addresses) (void)here_->add_address(link->index, address, "");
  if (moved.was_up) (void)here_->set_up(link->index, "");
}

Devices& Devices::operator=(Devices&& other) noexcept {
  std::swap(here_namespace_, other.here_namespace_);
  std::swap(there_namespace_, other.there_namespace_);
  std::swap(here_, other.here_);
  std::swap(there_, other.there_);
  std::swap(moved_, other.moved_);
  return *this;
}

Devices::~Devices() {
  for (const auto& moved : moved_ | std::views::reverse) bring_back(moved);
}

}  // namespace lodger::netmode
