// What sharing the host's stack means for one bundle: what its container reaches that a person may not think
// of, and what it cannot do there.
#include <fmt/core.h>

#include <algorithm>

#include "netmode/powers.hpp"
#include "runtime/check/check.hpp"
#include "runtime/container/source.hpp"
#include "spec/text.hpp"

namespace lodger::check {
namespace {

using container::Source;

Finding limited(const char* subject, std::string found, std::string consequence) {
  return {"network", subject, Verdict::limited, std::move(found), std::move(consequence)};
}

/// A parameter of the host as people write it.
std::string parameter(const char* name) {
  auto text = container::read_file(fmt::format("/proc/sys/net/ipv4/{}", name));
  if (!text) return "unreadable";
  while (text->ends_with('\n')) text->pop_back();
  std::ranges::replace(*text, '\t', ' ');
  return std::move(*text);
}

/// capabilities(7): what a process may do to a network is asked of the user namespace that owns the network.
Finding user_namespace() {
  return limited("user namespace", "does not own the host's network",
                 "no capability counts there: no raw sockets, no change of interfaces; /sys is lodger's own "
                 "mount, read-only");
}

void capabilities(const Source& source, std::vector<Finding>& findings) {
  for (const auto* power : netmode::powers_of(source.config)) {
    std::string consequence = power->gives;
    if (power->past == netmode::Past::raw_sockets)
      consequence += fmt::format(" (now \"{}\")", parameter("ping_group_range"));
    findings.push_back(limited(power->capability, "granted", std::move(consequence)));
  }
}

/// Documentation/networking/ip-sysctl.rst, ip_unprivileged_port_start; 0 and 1 leave no port to guard.
/// Programs on the container's cgroup let pass what is listed or published
/// (BPF_RET_BIND_NO_CAP_NET_BIND_SERVICE, Linux 5.12), in a user namespace as well; Landlock only takes away.
void low_ports(const Source& source, bool apart, std::vector<Finding>& findings) {
  const auto start = parameter("ip_unprivileged_port_start");
  if (start == "0" || start == "1") return;
  if (!apart && netmode::is_granted(source.config, "CAP_NET_BIND_SERVICE")) return;
  const auto below = fmt::format("a port below {} (the host's net.ipv4.ip_unprivileged_port_start)", start);
  const auto& options = source.network.options;
  if (options.bind) {
    findings.push_back(
        {"network", "low ports", Verdict::good, "those on the list need no CAP_NET_BIND_SERVICE",
         fmt::format("where Landlock keeps the list, which a warning tells, {} cannot be bound: EACCES",
                     below)});
    return;
  }
  findings.push_back(limited(
      "low ports", apart ? "no capability counts in a user namespace" : "CAP_NET_BIND_SERVICE is not granted",
      fmt::format("{} cannot be bound{}: EACCES", below, options.map ? " unless it is published" : "")));
}

/// proc_pid_net(5), /proc/net/unix: flag __SO_ACCEPTCON marks a listener, '@' an abstract name.
Outcome<std::size_t> abstract_listeners() {
  const auto table = TRY(container::read_file("/proc/self/net/unix"));
  std::size_t count = 0;
  for (std::string_view rest = table; !rest.empty();) {
    const auto line = spec::cut(rest, '\n');
    count += line.contains(" 00010000 ") && line.contains(" @");
  }
  return count;
}

Finding abstract_sockets(const Source& source) {
  if (source.network.options.private_abstract)
    return {"network", "abstract sockets", Verdict::good, "the host's are out of reach", ""};
  const auto count = abstract_listeners();
  if (!count)
    return limited("abstract sockets", count.error().text, "which the container can reach is not known");
  if (*count == 0)
    return {"network", "abstract sockets", Verdict::good, "nobody on the host listens at one", ""};
  return limited("abstract sockets", fmt::format("{} of the host's are within reach", *count),
                 "file permissions do not guard them (CVE-2020-15257); --network host,private-abstract does");
}

Finding ports(const Source& source) {
  if (source.network.options.bind)
    return {"network", "ports", Verdict::good,
            source.network.options.map ? "those on the list of ports to bind, and those published, by the map"
                                       : "those on the list of ports to bind",
            ""};
  if (source.network.options.map)
    return {"network", "ports", Verdict::good,
            "those published, by the map; any other that is free on the host",
            "--network host,map,bind=PORTS narrows that"};
  return {"network", "ports", Verdict::good, "any that is free on the host",
          "--network host,bind=PORTS narrows that"};
}

}  // namespace

void look_at_host_network(const Source& source, std::vector<Finding>& findings) {
  if (!source.network.host) return;
  findings.push_back(
      {"network", "stack", Verdict::good, "the host's", "what listens there is reached on localhost"});
  const bool apart = source.config.linux && source.config.linux->find(spec::NamespaceType::user);
  if (apart)
    findings.push_back(user_namespace());
  else
    capabilities(source, findings);
  low_ports(source, apart, findings);
  findings.push_back(ports(source));
  findings.push_back(abstract_sockets(source));
}

}  // namespace lodger::check
