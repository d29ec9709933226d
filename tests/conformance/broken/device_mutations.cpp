// Faults of devices: those that config.json lists, and those that every container has.
#include <sys/stat.h>
#include <unistd.h>

#include "mutation.hpp"
#include "tests/conformance/harness/files.hpp"

namespace conformance::broken {
namespace {

void each_device(json& config, void (*change)(json& device)) {
  if (config["linux"].contains("devices"))
    for (json& device : config["linux"]["devices"]) change(device);
}

/// Lets the real runtime create, then changes the container's /dev from outside, before its process starts.
int create_then(const Call& call, void (*change)(const std::string& dev)) {
  const int status = call.pass();
  const json state = call.command == "create" && status == 0 ? call.state() : json();
  if (state.is_object()) change("/proc/" + std::to_string(state.value("pid", 0)) + "/root/dev");
  return status;
}

/// Every default device becomes an empty file.
void spoil_defaults(const std::string& dev) {
  for (const char* name : {"/null", "/zero", "/full", "/random", "/urandom", "/tty"}) {
    unlink((dev + name).c_str());
    write_file(dev + name, "", 0666);
  }
}

/// Links to the right file by the wrong name, as of another process.
void spoil_links(const std::string& dev) {
  for (const char* name : {"/fd", "/stdin", "/stdout", "/stderr"}) {
    unlink((dev + name).c_str());
    if (symlink("/proc/1/fd", (dev + name).c_str()) < 0) return;
  }
}

const std::vector<Mutation> table = {
    {.name = "default-devices-are-files",
     .caught_by = {"linux-devices/default*"},
     .call = [](const Call& call) { return create_then(call, spoil_defaults); }},
    {.name = "device-links-of-process-1",
     .caught_by = {"linux-devices/link=*"},
     .call = [](const Call& call) { return create_then(call, spoil_links); }},
    {.name = "ptmx-of-the-host",
     .caught_by = {"linux-devices/ptmx"},
     .call =
         [](const Call& call) {
           return create_then(call, [](const std::string& dev) {
             unlink((dev + "/ptmx").c_str());
             mknod((dev + "/ptmx").c_str(), S_IFCHR | 0666, 5 << 8 | 2);
           });
         }},
    {"console-without-pts", {"linux-devices/console"}, [](json& c) { c["process"].erase("terminal"); }},
    {"devices-ignored",
     {"linux-devices/default-beside-configured", "linux-devices/several", "linux-devices/readable",
      "linux-devices/type=*", "linux-devices/is-error=*", "linux-devices/path=*",
      "linux-devices/mismatch-is-error=*", "linux-devices/fileMode=*", "linux-devices/owner=*"},
     [](json& c) { c["linux"].erase("devices"); }},
    {"device-modes-ignored",
     {"linux-devices/fileMode=0600", "linux-devices/fileMode=0640", "linux-devices/fileMode=0411"},
     [](json& c) { each_device(c, [](json& device) { device["fileMode"] = 0666; }); }},
    {"device-owners-ignored",
     {"linux-devices/owner=*"},
     [](json& c) { each_device(c, [](json& device) { device.erase("uid"), device.erase("gid"); }); }},
    {"device-owner-and-group-swapped",
     {"linux-devices/owner=*"},
     [](json& c) { each_device(c, [](json& device) { std::swap(device["uid"], device["gid"]); }); }},
    {"devices-always-character",
     {"linux-devices/type=b", "linux-devices/is-error=type-unknown", "linux-devices/is-error=type-missing"},
     [](json& c) { each_device(c, [](json& device) { device["type"] = "c"; }); }},
    {"device-numbers-swapped",
     {"linux-devices/type=c", "linux-devices/type=u", "linux-devices/type=b", "linux-devices/path=*",
      "linux-devices/several", "linux-devices/readable"},
     [](json& c) { each_device(c, [](json& device) { std::swap(device["major"], device["minor"]); }); }},
    {"devices-in-dev-alone",
     {"linux-devices/path=etc", "linux-devices/path=root", "linux-devices/mismatch-is-error=*"},
     [](json& c) { each_device(c, [](json& device) { device["path"] = "/dev/elsewhere"; }); }},
};

}  // namespace

std::span<const Mutation> device_mutations() { return table; }

}  // namespace conformance::broken
