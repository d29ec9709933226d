// config-linux.md, "Allowed Device list", by effect: which node a process can open or make. The node belongs
// to no driver, so a permitted open ends with ENXIO and a denied one with EPERM.
#include <cerrno>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// `does`: the probe's verb. Every list begins with the denial of all devices, as engines write it.
struct Rules {
  std::string_view name, list, does;
  bool allowed;
  std::string_view text{};  // where it is another than that of the table
};
constexpr std::string_view access_text =
    "`access` (string, OPTIONAL) - cgroup permissions for device. A composition of `r` (read), `w` (write), "
    "and `m` (mknod).";
constexpr std::string_view type_text =
    "`type` (string, OPTIONAL) - type of device: `a` (all), `c` (char), or `b` (block). Unset values mean "
    "\"all\", mapping to `a`.";
constexpr std::string_view number_text =
    "`major, minor` (int64, OPTIONAL) - major, minor numbers for the device. Unset values mean \"all\", "
    "mapping "
    "to `*` in the filesystem API.";
constexpr std::string_view order_text = "The runtime MUST apply entries in the listed order.";
constexpr std::string_view reads = "read /dev/probe", writes = "write /dev/probe x",
                           makes = "mknod /tmp/made c 242 77";

constexpr std::array rules = {
    Rules{"deny-all", R"([])", reads, false},
    Rules{"allow-all", R"([{"allow": true, "access": "rwm"}])", reads, true},
    Rules{"allow-this", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "rw"}])", reads,
          true},
    Rules{"allow-another-minor",
          R"([{"allow": true, "type": "c", "major": 242, "minor": 78, "access": "rw"}])", reads, false},
    Rules{"allow-another-major",
          R"([{"allow": true, "type": "c", "major": 243, "minor": 77, "access": "rw"}])", reads, false},
    Rules{"allow-another-type",
          R"([{"allow": true, "type": "b", "major": 242, "minor": 77, "access": "rw"}])", reads, false,
          type_text},
    Rules{"type-a", R"([{"allow": true, "type": "a", "access": "rwm"}])", reads, true, type_text},
    Rules{"minor-unset", R"([{"allow": true, "type": "c", "major": 242, "access": "rw"}])", reads, true,
          number_text},
    Rules{"major-unset", R"([{"allow": true, "type": "c", "minor": 77, "access": "rw"}])", reads, true,
          number_text},
    Rules{"r-permits-read", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "r"}])",
          reads, true, access_text},
    Rules{"r-denies-write", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "r"}])",
          writes, false, access_text},
    Rules{"w-permits-write", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "w"}])",
          writes, true, access_text},
    Rules{"w-denies-read", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "w"}])",
          reads, false, access_text},
    Rules{"m-denies-read", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "m"}])",
          reads, false, access_text},
    Rules{"m-permits-mknod", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "m"}])",
          makes, true, access_text},
    Rules{"last-denies", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "rw"},
                            {"allow": false, "type": "c", "major": 242, "minor": 77, "access": "rw"}])",
          reads, false, order_text},
    Rules{"last-allows", R"([{"allow": false, "type": "c", "major": 242, "minor": 77, "access": "rw"},
                            {"allow": true, "type": "c", "major": 242, "minor": 77, "access": "rw"}])",
          reads, true, order_text},
    Rules{"last-takes-a-part", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "rw"},
                                  {"allow": false, "type": "c", "major": 242, "minor": 77, "access": "w"}])",
          writes, false, order_text},
    Rules{"last-leaves-a-part", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "rw"},
                                   {"allow": false, "type": "c", "major": 242, "minor": 77, "access": "w"}])",
          reads, true, order_text},
    Rules{"deny-all-again", R"([{"allow": true, "type": "c", "major": 242, "minor": 77, "access": "rw"},
                               {"allow": false, "access": "rwm"}])",
          reads, false, order_text},
};

void applied(Trial& t) {
  const Rules& one = rules[t.row()];
  Container& box = t.container();
  json list = {{{"allow", false}, {"access", "rwm"}}};
  for (const json& rule : json::parse(one.list)) list.push_back(rule);
  box.config["linux"]["resources"]["devices"] = list;
  box.config["linux"]["devices"] = {
      {{"path", "/dev/probe"}, {"type", "c"}, {"major", 242}, {"minor", 77}, {"fileMode", 0666}}};
  box.config["mounts"].push_back(mount_entry("/tmp", "tmpfs", "tmpfs", {"nosuid", "mode=1777"}));
  for (const char* set : {"bounding", "effective", "permitted"})
    box.config["process"]["capabilities"][set].push_back("CAP_MKNOD");
  const std::string does(one.does), key = words(does)[0] + ":" + words(does)[1] + ".errno";
  const std::string saw = box.inside(does)[key];
  if (one.does == makes)
    t.expect_eq("the errno of mknod", one.allowed ? 0 : EPERM, std::atoi(saw.c_str()));
  else
    t.expect_eq("the errno of open", one.allowed ? ENXIO : EPERM, std::atoi(saw.c_str()));
}

constexpr auto cases = each(rules, {"linux-device-rules/applied",
                                    {"config-linux.md", "Allowed Device list", Level::must,
                                     "`allow` (boolean, REQUIRED) - whether the entry is allowed or denied."},
                                    applied,
                                    {&needs::root, &needs::device_rules}});

}  // namespace

std::span<const Case> linux_device_rules_cases() { return cases; }

}  // namespace conformance
