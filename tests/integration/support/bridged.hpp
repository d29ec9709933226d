// What the tests of bridge networks stand on. Each has two network namespaces of its own: the "host", in
// which lodger makes its bridge and rules, and "outside", which reaches the host as 192.0.2.1 and
// 2001:db8::1.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "container.hpp"
#include "host_stack.hpp"
#include "needs.hpp"

namespace lodger::test {

/// A line of shell in the host.
Finished shell(const std::string& line);
/// The command line of a probe outside of a container.
std::vector<std::string> probing(const std::string& line);

class Networks {
 public:
  Networks();
  Networks(const Networks&) = delete;

  /// A line of shell in the outside.
  Finished out(const std::string& line) const;
  Running begin_out(const std::string& probe_line) const;
  std::vector<std::string> entering() const;

  std::string why;  // it could not be set up

 private:
  HostStack host_;
  Running outside_;
};

/// Ends the test where it cannot be made here; else `net` is there from here on.
#define NETWORKS() NETWORKS_BY(false)

/// The same for published ports that are carried by a proxy, where `proxied`: no nf_tables are needed then.
#define NETWORKS_BY(proxied)                                                           \
  NEEDS_ROOT();                                                                        \
  for (const auto& what : ::lodger::test::lacking(proxied)) NEEDS(what.empty(), what); \
  const ::lodger::test::Networks net;                                                  \
  NEEDS(net.why.empty(), net.why)

/// What this machine lacks for these tests.
std::vector<std::string> lacking(bool proxied);

/// The answer to one message; "" where there was none within two seconds. A datagram may get lost: it is sent
/// again.
std::string ask(std::vector<std::string> where, const std::string& stack, const std::string& port,
                const std::string& address);
std::string ask_from_host(const std::string& stack, const std::string& port, const std::string& address);
std::string ask_from_outside(const Networks& net, const std::string& stack, const std::string& port,
                             const std::string& address);

/// The flags for `--network bridge`, and more.
std::vector<std::string> bridge(std::vector<std::string> more = {});

/// For containers that share a bundle: two of them cannot share its cgroup.
void without_cgroup(nlohmann::json& config);

nlohmann::json inspect(Container& container);

/// What of lodger's is in the host's network: devices and, if there is one, the table's elements that lead
/// somewhere.
std::string traces();
/// Rules of policy routing where lodger has its own (netmode/bridge/client/fence.hpp), of both families.
std::string fences();
/// The pair of devices goes with the container's network namespace, which the kernel takes down a little
/// later.
bool soon_traces(const std::string& wanted);

/// `network prune`, which has nothing to tell.
void prune(Container& container);

}  // namespace lodger::test
