// config-linux.md, "Namespaces", for the network: one stack with the host where the configuration says so, by
// leaving the entry out or by a path, and one of its own otherwise.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

constexpr Need ipv6{"IPv6", [](const Machine&) { return exists("/proc/net/if_inet6"); }};

/// The probe's names of stacks; "unix" is that of abstract sockets.
struct Stack {
  std::string_view name;
  const Need* need = nullptr;
};
constexpr std::array stacks = {Stack{"tcp4"}, Stack{"tcp6", &ipv6}, Stack{"udp4"}, Stack{"udp6", &ipv6},
                               Stack{"unix"}};
/// Where a second server on the same port is refused.
constexpr std::array exclusive = {Stack{"tcp4"}, Stack{"tcp6", &ipv6}, Stack{"unix"}};

constexpr std::string_view inherit_text =
    "If a namespace type is not specified in the `namespaces` array, the container MUST inherit the runtime "
    "namespace of that type.";
constexpr std::string_view new_text =
    "If `path` is not specified, the runtime MUST create a new container namespace of type `type`.";

/// How a configuration says that the host's network is meant.
struct Way {
  std::string_view name, text;
  const Need* need = nullptr;
};
constexpr std::array ways = {
    Way{"no-entry", inherit_text},
    Way{"path", "The runtime MUST place the container process in the namespace associated with that `path`.",
        &needs::root}};

/// `file`: its name in /proc/PID/ns.
struct Other {
  std::string_view name, file;
  const Need* need = nullptr;
};
constexpr std::array others = {Other{"pid", "pid"}, Other{"mount", "mnt"}, Other{"ipc", "ipc"},
                               Other{"uts", "uts"}, Other{"cgroup", "cgroup", &needs::root}};

/// The probe outside of the container.
Running host(Trial& t, const std::string& line) {
  std::vector<std::string> argv = {t.run().probe()};
  for (const auto& word : words(line)) argv.push_back(word);
  return Running(argv, {.limit = t.run().command_limit()});
}

Facts host_says(Trial& t, const std::string& line) { return Facts(host(t, line).wait().out); }

/// Where a server shall listen: the kernel chooses a port, for the name of an abstract socket we do.
std::string any_port(const std::string& stack) { return stack == "unix" ? std::to_string(getpid()) : "0"; }

/// The port that a server listens on; the case ends where it never does.
template <class Output>
std::string await_port(Trial& t, const std::string& stack, Output output) {
  const bool came = t.eventually([&] { return Facts(output()).has("listening." + stack); });
  t.require("the server", came, "to listen", output());
  return Facts(output())["listening." + stack];
}

Running host_server(Trial& t, const std::string& stack, std::string& port) {
  Running server = host(t, "serve " + stack + " " + any_port(stack));
  port = await_port(t, stack, [&] { return server.out(); });
  return server;
}

void own_stack(Container& box) { namespace_entry(box.config, "network"); }

void configure(Trial& t, unsigned long what, ifreq& how) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int done = ioctl(fd, what, &how);
  close(fd);
  t.require("the case's own network", done == 0, "to be configured", "an error");
}

/// From here on "the host" is a network namespace of the case, with a loopback.
void own_network(Trial& t) {
  if (unshare(CLONE_NEWNET) < 0) t.skip("needs the right to make network namespaces");
  ifreq loopback{};
  std::snprintf(loopback.ifr_name, sizeof loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP;
  configure(t, SIOCSIFFLAGS, loopback);
}

// --- shared

void identity(Trial& t) {
  Container& box = t.container();
  if (ways[t.row()].name == "path")
    namespace_entry(box.config, "network")["path"] = "/proc/" + std::to_string(getpid()) + "/ns/net";
  t.expect_eq("the network namespace inside", link_target("/proc/self/ns/net"), box.inside("ns")["ns.net"]);
}

void others_stay(Trial& t) {
  const Other& other = others[t.row()];
  const std::string file(other.file);
  Container& box = t.container();
  namespace_entry(box.config, std::string(other.name));
  const Facts facts = box.inside("ns");
  t.expect_eq("the network namespace inside", link_target("/proc/self/ns/net"), facts["ns.net"]);
  t.expect("the other namespace inside", facts["ns." + file].starts_with(file), "a namespace",
           facts["ns." + file]);
  t.expect_ne("the other namespace inside", link_target("/proc/self/ns/" + file), facts["ns." + file]);
}

void served_inside(Trial& t) {
  const std::string stack(stacks[t.row()].name);
  Container& box = t.container();
  box.payload("serve " + stack + " " + any_port(stack));
  box.started();
  const std::string port = await_port(t, stack, [&] { return box.output(); });
  t.expect_eq("the answer", "inside:hello",
              host_says(t, "ask " + stack + " " + port + " hello")["ask:" + stack]);
}

void asks_host(Trial& t) {
  const std::string stack(stacks[t.row()].name);
  std::string port;
  const Running server = host_server(t, stack, port);
  const Facts facts = t.container().inside("ask " + stack + " " + port + " hello");
  t.expect_eq("the answer", "inside:hello", facts["ask:" + stack]);
}

void port_taken(Trial& t) {
  const std::string stack(exclusive[t.row()].name);
  std::string port;
  const Running server = host_server(t, stack, port);
  const Facts facts = t.container().inside("serve " + stack + " " + port);
  t.expect_eq("the errno of bind or listen", EADDRINUSE,
              std::atoi(facts["bind:" + stack + ".errno"].c_str()));
}

/// The host's addresses are the container's: one of documentation (RFC 5737), that nothing else has.
void address(Trial& t) {
  own_network(t);
  ifreq alias{};
  std::snprintf(alias.ifr_name, sizeof alias.ifr_name, "lo:1");
  auto* of = reinterpret_cast<sockaddr_in*>(&alias.ifr_addr);
  of->sin_family = AF_INET;
  inet_pton(AF_INET, "198.51.100.7", &of->sin_addr);
  configure(t, SIOCSIFADDR, alias);
  std::string port;
  const Running server = host_server(t, "tcp4", port);
  const Facts facts = t.container().inside("ask tcp4 " + port + " hello 198.51.100.7");
  t.expect_eq("the answer", "inside:hello", facts["ask:tcp4"]);
}

/// A value that no namespace is born with.
constexpr auto ttl_file = "/proc/sys/net/ipv4/ip_default_ttl";
std::string ttl_of(const Facts& facts) { return facts[std::string("read:") + ttl_file + ".data"]; }

void sysctl_shared(Trial& t) {
  own_network(t);
  write_file(ttl_file, "77");
  t.expect_eq("the value inside", "77\\n", ttl_of(t.container().inside(std::string("read ") + ttl_file)));
}

void raw(Trial& t, bool allowed) {
  Container& box = t.container();
  if (allowed)
    for (const char* set : {"bounding", "effective", "permitted"})
      box.config["process"]["capabilities"][set].push_back("CAP_NET_RAW");
  const std::string number = std::to_string(SYS_socket);
  const Facts facts = box.inside("syscall " + number + " " + std::to_string(AF_INET) + " " +
                                 std::to_string(SOCK_RAW) + " " + std::to_string(IPPROTO_ICMP));
  t.expect_eq("the errno of a raw socket", allowed ? 0 : EPERM,
              std::atoi(facts["syscall:" + number + ".errno"].c_str()));
}
void raw_allowed(Trial& t) { raw(t, true); }
void raw_refused(Trial& t) { raw(t, false); }

// --- a stack of its own

void new_asks_host(Trial& t) {
  const std::string stack(stacks[t.row()].name);
  std::string port;
  const Running server = host_server(t, stack, port);
  Container& box = t.container();
  own_stack(box);
  const Facts facts = box.inside("ask " + stack + " " + port + " hello");
  t.expect("the host's server, asked from inside", !facts.has("ask:" + stack), "to be out of reach",
           facts["ask:" + stack]);
  t.expect_eq("the host's server, asked from outside", "inside:hello",
              host_says(t, "ask " + stack + " " + port + " hello")["ask:" + stack]);
}

void new_served_inside(Trial& t) {
  const std::string stack(stacks[t.row()].name);
  Container& box = t.container();
  own_stack(box);
  box.payload("serve " + stack + " " + any_port(stack));
  box.started();
  const std::string port = await_port(t, stack, [&] { return box.output(); });
  t.expect_ne("the answer to the host", "inside:hello",
              host_says(t, "ask " + stack + " " + port + " hello")["ask:" + stack]);
}

void new_port_free(Trial& t) {
  const std::string stack(exclusive[t.row()].name);
  std::string port;
  const Running server = host_server(t, stack, port);
  Container& box = t.container();
  own_stack(box);
  box.payload("serve " + stack + " " + port);
  box.started();
  t.expect_eq("the port inside", port, await_port(t, stack, [&] { return box.output(); }));
}

void new_sysctl(Trial& t) {
  own_network(t);
  write_file(ttl_file, "77");
  Container& box = t.container();
  own_stack(box);
  const std::string inside = ttl_of(box.inside(std::string("read ") + ttl_file));
  t.expect("the value inside", inside != "77\\n" && std::atoi(inside.c_str()) > 0, "a number other than 77",
           inside);
}

/// A second container joins the first one's stack and sets a value there.
void sysctl_of_joined(Trial& t) {
  Container& holder = t.container();
  own_stack(holder);
  holder.started();
  const std::string before = read_file(ttl_file), space = "/proc/" + std::to_string(holder.pid()) + "/ns/net";
  Container& box = t.container();
  namespace_entry(box.config, "network")["path"] = space;
  box.config["linux"]["sysctl"] = {{"net.ipv4.ip_default_ttl", "78"}};
  box.inside("ids");
  t.expect_eq("the value on the host", before, read_file(ttl_file));
  Container& third = t.container();
  namespace_entry(third.config, "network")["path"] = space;
  t.expect_eq("the value in the joined namespace", "78\\n",
              ttl_of(third.inside(std::string("read ") + ttl_file)));
}

constexpr Clause clause(std::string_view text) {
  return {"config-linux.md", "Namespaces", Level::must, text};
}
constexpr Clause inherits = clause(inherit_text);
constexpr Clause own = clause("`network` the container will have its own network stack.");
constexpr Clause visible = clause(
    "Changes to the global resource are visible to other processes that are members of the namespace, but "
    "are invisible to other processes.");
constexpr Clause kept = {"config.md", "Linux Process", Level::must,
                         "`effective` (array of strings, OPTIONAL) the `effective` field is an array of "
                         "effective capabilities that are kept for the process."};

constexpr Case single[] = {
    {"host-network/address", inherits, address, {&needs::root}},
    {"host-network/sysctl-shared", visible, sysctl_shared, {&needs::root}},
    {"host-network/raw-with-CAP_NET_RAW", kept, raw_allowed, {&needs::root}},
    {"host-network/raw-without-CAP_NET_RAW", kept, raw_refused},
    {"host-network/new-sysctl", visible, new_sysctl, {&needs::root}},
    {"host-network/joined-sysctl", visible, sysctl_of_joined, {&needs::root}},
};
constexpr auto cases =
    joined(each(ways, {"host-network/identity", clause({}), identity}),
           each(others, {"host-network/others-new", clause(new_text), others_stay}),
           each(stacks, {"host-network/served-inside", inherits, served_inside}),
           each(stacks, {"host-network/asks-host", inherits, asks_host}),
           each(exclusive, {"host-network/port-taken", inherits, port_taken}),
           each(stacks, {"host-network/new-asks-host", own, new_asks_host}),
           each(stacks, {"host-network/new-served-inside", own, new_served_inside}),
           each(exclusive, {"host-network/new-port-free", own, new_port_free}), std::to_array(single));

}  // namespace

std::span<const Case> host_network_cases() { return cases; }

}  // namespace conformance
