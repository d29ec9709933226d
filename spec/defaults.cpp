// The container that `spec` proposes: a shell on a terminal, with few capabilities and its own namespaces. It
// is a text, not a model: nothing has to be built to print it, and it reads as its user will see it.
#include "spec/defaults.hpp"

#include <fmt/core.h>

namespace lodger::spec {

static constexpr std::string_view text = R"json({
	"ociVersion": "1.3.0",
	"process": {
		"terminal": true,
		"user": {
			"uid": 0,
			"gid": 0
		},
		"args": [
			"sh"
		],
		"env": [
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"TERM=xterm"
		],
		"cwd": "/",
		"capabilities": {
			"bounding": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			],
			"effective": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			],
			"permitted": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			]
		},
		"rlimits": [
			{
				"type": "RLIMIT_NOFILE",
				"hard": 1024,
				"soft": 1024
			}
		],
		"noNewPrivileges": true
	},
	"root": {
		"path": "rootfs",
		"readonly": true
	},
	"hostname": "lodger",
	"mounts": [
		{
			"destination": "/proc",
			"type": "proc",
			"source": "proc"
		},
		{
			"destination": "/dev",
			"type": "tmpfs",
			"source": "tmpfs",
			"options": [
				"nosuid",
				"strictatime",
				"mode=755",
				"size=65536k"
			]
		},
		{
			"destination": "/dev/pts",
			"type": "devpts",
			"source": "devpts",
			"options": [
				"nosuid",
				"noexec",
				"newinstance",
				"ptmxmode=0666",
				"mode=0620",
				"gid=5"
			]
		},
		{
			"destination": "/dev/shm",
			"type": "tmpfs",
			"source": "shm",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"mode=1777",
				"size=65536k"
			]
		},
		{
			"destination": "/dev/mqueue",
			"type": "mqueue",
			"source": "mqueue",
			"options": [
				"nosuid",
				"noexec",
				"nodev"
			]
		},
		{
			"destination": "/sys",
			"type": "sysfs",
			"source": "sysfs",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"ro"
			]
		},
		{
			"destination": "/sys/fs/cgroup",
			"type": "cgroup",
			"source": "cgroup",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"relatime",
				"ro"
			]
		}
	],
	"linux": {
		"resources": {
			"devices": [
				{
					"allow": false,
					"access": "rwm"
				}
			]
		},
		"namespaces": [
			{
				"type": "pid"
			},
			{
				"type": "network"
			},
			{
				"type": "ipc"
			},
			{
				"type": "uts"
			},
			{
				"type": "mount"
			}
		],
		"maskedPaths": [
			"/proc/acpi",
			"/proc/asound",
			"/proc/kcore",
			"/proc/keys",
			"/proc/latency_stats",
			"/proc/timer_list",
			"/proc/timer_stats",
			"/proc/sched_debug",
			"/sys/firmware",
			"/proc/scsi"
		],
		"readonlyPaths": [
			"/proc/bus",
			"/proc/fs",
			"/proc/irq",
			"/proc/sys",
			"/proc/sysrq-trigger"
		]
	}
}
)json";

namespace {

/// Between two lines of the text, which both stay.
void put_between(std::string& config, std::string_view after, std::string_view before,
                 std::string_view what) {
  const auto begin = config.find(after) + after.size();
  config.replace(begin, config.find(before, begin) - begin, what);
}

std::string mapping(unsigned id) {
  return fmt::format(
      "[\n\t\t\t{{\n\t\t\t\t\"containerID\": 0,\n\t\t\t\t\"hostID\": {},\n\t\t\t\t\"size\": "
      "1\n\t\t\t}}\n\t\t]",
      id);
}

}  // namespace

std::string default_config(bool cgroup_namespace) {
  std::string config(text);
  if (cgroup_namespace)
    put_between(config, "\"type\": \"mount\"\n\t\t\t}", "\n\t\t],\n\t\t\"maskedPaths\"",
                ",\n\t\t\t{\n\t\t\t\t\"type\": \"cgroup\"\n\t\t\t}");
  return config;
}

std::string rootless_config(unsigned uid, unsigned gid) {
  std::string config(text);
  put_between(config, "\"mode=0620\"", "\n\t\t\t]", "");  // gid=5 is no group of the namespace
  put_between(
      config, "\"destination\": \"/sys\",\n", "\t\t\t\t\"nosuid\"",
      "\t\t\t\"type\": \"none\",\n\t\t\t\"source\": \"/sys\",\n\t\t\t\"options\": [\n\t\t\t\t\"rbind\",\n");
  // Recursive, other than "ro": the user's own cgroups lie below (CVE-2023-25809).
  put_between(config, "\"rbind\",\n\t\t\t\t\"nosuid\",\n\t\t\t\t\"noexec\",\n\t\t\t\t\"nodev\",\n",
              "\n\t\t\t]", "\t\t\t\t\"rro\"");
  put_between(config, "\"linux\": {\n", ",\n\t\t\"namespaces\"",
              fmt::format("\t\t\"uidMappings\": {},\n\t\t\"gidMappings\": {}", mapping(uid), mapping(gid)));
  put_between(config, "\"type\": \"pid\"\n\t\t\t},\n", "\t\t\t{\n\t\t\t\t\"type\": \"ipc\"", "");
  put_between(
      config, "\"type\": \"mount\"\n\t\t\t}", "\n\t\t],\n\t\t\"maskedPaths\"",
      ",\n\t\t\t{\n\t\t\t\t\"type\": \"cgroup\"\n\t\t\t},\n\t\t\t{\n\t\t\t\t\"type\": \"user\"\n\t\t\t}");
  return config;
}

}  // namespace lodger::spec
