// config-linux.md, "Sysctl".
#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// `space`: the namespace that has a value of its own.
struct Parameter {
  std::string_view name, path, space, value;
};
constexpr std::array parameters = {
    Parameter{"net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward", "network", "1"},
    Parameter{"net.ipv4.ping_group_range", "/proc/sys/net/ipv4/ping_group_range", "network", "0\t100"},
    Parameter{"net.core.somaxconn", "/proc/sys/net/core/somaxconn", "network", "257"},
    Parameter{"net.ipv4.ip_unprivileged_port_start", "/proc/sys/net/ipv4/ip_unprivileged_port_start",
              "network", "81"},
    Parameter{"kernel.shmmax", "/proc/sys/kernel/shmmax", "ipc", "123456"},
    Parameter{"kernel.msgmax", "/proc/sys/kernel/msgmax", "ipc", "4321"},
    Parameter{"kernel.sem", "/proc/sys/kernel/sem", "ipc", "250\t32000\t100\t64"},
    Parameter{"fs.mqueue.queues_max", "/proc/sys/fs/mqueue/queues_max", "ipc", "77"},
};

void set(Trial& t) {
  const Parameter& one = parameters[t.row()];
  const std::string path(one.path), before = read_file(path);
  Container& box = t.container();
  namespace_entry(box.config, std::string(one.space));
  box.config["linux"]["sysctl"] = {{std::string(one.name), std::string(one.value)}};
  const Facts facts = box.inside("read " + path);
  if (facts["read:" + path + ".errno"] == "2") t.skip("needs " + path);
  t.expect_eq("the value inside", std::string(one.value) + "\\n", facts["read:" + path + ".data"]);
  t.expect_eq("the value outside", before, read_file(path));
}

void several(Trial& t) {
  Container& box = t.container();
  namespace_entry(box.config, "network");
  box.config["linux"]["sysctl"] = {{"net.ipv4.ip_forward", "1"}, {"kernel.msgmax", "4321"}};
  const Facts facts = box.inside("read /proc/sys/net/ipv4/ip_forward ; read /proc/sys/kernel/msgmax");
  t.expect_eq("net.ipv4.ip_forward", "1\\n", facts["read:/proc/sys/net/ipv4/ip_forward.data"]);
  t.expect_eq("kernel.msgmax", "4321\\n", facts["read:/proc/sys/kernel/msgmax.data"]);
}

void refused(Trial& t, const char* name, const char* value) {
  Container& box = t.container();
  namespace_entry(box.config, "network");
  box.config["linux"]["sysctl"] = {{name, value}};
  t.expect_error(std::string("create with ") + name + " = " + value, box.create());
  t.expect("the container", !box.known(), "not to exist", "it does");
}

void unknown(Trial& t) { refused(t, "net.ipv4.no_such_parameter", "1"); }
void invalid(Trial& t) { refused(t, "net.ipv4.ip_forward", "no number"); }

constexpr Clause sysctl = {
    "config-linux.md", "Sysctl", Level::must,
    "`sysctl` (object, OPTIONAL) allows kernel parameters to be modified at runtime for the container."};
constexpr Clause cannot = {"runtime.md", "Create", Level::must,
                           "If the runtime cannot apply a property as specified in the configuration, it "
                           "MUST generate an error and a new container MUST NOT be created."};

constexpr Case single[] = {
    {"linux-sysctl/several", sysctl, several, {&needs::root}},
    {"linux-sysctl/unknown-is-error", cannot, unknown, {&needs::root}},
    {"linux-sysctl/invalid-value-is-error", cannot, invalid, {&needs::root}},
};
constexpr auto cases =
    joined(std::to_array(single), each(parameters, {"linux-sysctl/set", sysctl, set, {&needs::root}}));

}  // namespace

std::span<const Case> linux_sysctl_cases() { return cases; }

}  // namespace conformance
