// config-linux.md, "Devices" and "Default Devices"; runtime-linux.md, "Dev symbolic links".
#include <cerrno>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/console.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

// --- default devices: null(4), full(4), random(4), tty(4)

struct Default {
  std::string_view name, numbers, text;
};
constexpr std::array defaults = {
    Default{"null", "1:3", "`/dev/null`"},       Default{"zero", "1:5", "`/dev/zero`"},
    Default{"full", "1:7", "`/dev/full`"},       Default{"random", "1:8", "`/dev/random`"},
    Default{"urandom", "1:9", "`/dev/urandom`"}, Default{"tty", "5:0", "`/dev/tty`"},
};

void expect_default(Trial& t, const Facts& facts, const Default& wanted) {
  const std::string path = "/dev/" + std::string(wanted.name);
  t.expect_eq("what " + path + " is", "char", facts["stat:" + path + ".type"]);
  t.expect_eq("the numbers of " + path, wanted.numbers, facts["stat:" + path + ".rdev"]);
}

void default_device(Trial& t) {
  const Default& wanted = defaults[t.row()];
  expect_default(t, t.container().inside("stat /dev/" + std::string(wanted.name)), wanted);
}

std::string stat_of_all() {
  std::string line;
  for (const Default& device : defaults) line += "stat /dev/" + std::string(device.name) + " ; ";
  return line;
}

json device(const std::string& path, const std::string& type, int major, int minor) {
  return {{"path", path}, {"type", type}, {"major", major}, {"minor", minor}};
}

void beside_configured(Trial& t) {
  Container& box = t.container();
  box.config["linux"]["devices"] = {device("/dev/own", "c", 1, 3)};
  const Facts facts = box.inside(stat_of_all() + "stat /dev/own");
  for (const Default& wanted : defaults) expect_default(t, facts, wanted);
  t.expect_eq("the numbers of /dev/own", "1:3", facts["stat:/dev/own.rdev"]);
}

void without_dev_mount(Trial& t) {
  Container& box = t.container();
  std::erase_if(box.config["mounts"].get_ref<json::array_t&>(),
                [](const json& mount) { return mount["destination"] == "/dev"; });
  const Facts facts = box.inside(stat_of_all());
  for (const Default& wanted : defaults) expect_default(t, facts, wanted);
}

void defaults_work(Trial& t) {
  const Facts facts = t.container().inside("write /dev/null x ; write /dev/full x ; read /dev/urandom");
  t.expect_eq("errno of writing /dev/null", 0, facts["write:/dev/null.errno"]);
  t.expect_eq("errno of writing /dev/full", ENOSPC, facts["write:/dev/full.errno"]);
  t.expect_eq("errno of reading /dev/urandom", 0, facts["read:/dev/urandom.errno"]);
}

// --- terminals

/// pts(4): what opens there is a terminal of the container's own devpts, the 0th of it.
void ptmx(Trial& t) {
  Container& box = t.container();
  box.config["mounts"].push_back(
      mount_entry("/dev/pts", "devpts", "devpts", {"newinstance", "ptmxmode=0666", "mode=0620"}));
  const Facts facts = box.inside("stat /dev/ptmx ; stat /dev/pts/ptmx ; write /dev/ptmx x");
  const std::string type = facts["stat:/dev/ptmx.type"], target = facts["stat:/dev/ptmx.target"];
  const bool link = type == "link" && (target == "pts/ptmx" || target == "/dev/pts/ptmx");
  const bool bound = type == "char" && facts["stat:/dev/ptmx.fs"] == "0x1cd1";  // DEVPTS_SUPER_MAGIC
  t.expect("/dev/ptmx", link || bound, "the container's /dev/pts/ptmx", type + " " + target);
  t.expect_eq("errno of opening and writing it", 0, facts["write:/dev/ptmx.errno"]);
}

void console(Trial& t) {
  Container& box = t.container();
  box.config["process"]["terminal"] = true;
  box.config["mounts"].push_back(
      mount_entry("/dev/pts", "devpts", "devpts", {"newinstance", "ptmxmode=0666", "mode=0620"}));
  box.payload("stat /dev/console ; hold");
  ConsoleSocket socket(t.folder() + "/console");
  box.created({"--console-socket", t.folder() + "/console"});
  t.require("the terminal", socket.receive(), "to be sent", "nothing");
  t.require_success("start", box.start());
  t.eventually([&] { return socket.output().find("holding=1") != std::string::npos; });
  t.expect_has("/dev/console", "stat:/dev/console.type=char", socket.output());
  t.expect_has("its numbers, those of a pseudoterminal", "stat:/dev/console.rdev=136:", socket.output());
}

// --- symbolic links

struct Link {
  std::string_view name, target, text;
};
constexpr std::array links = {
    Link{"fd", "/proc/self/fd", "| /proc/self/fd | /dev/fd |"},
    Link{"stdin", "/proc/self/fd/0", "| /proc/self/fd/0 | /dev/stdin |"},
    Link{"stdout", "/proc/self/fd/1", "| /proc/self/fd/1 | /dev/stdout |"},
    Link{"stderr", "/proc/self/fd/2", "| /proc/self/fd/2 | /dev/stderr |"},
};

void link(Trial& t) {
  const Link& wanted = links[t.row()];
  const std::string path = "/dev/" + std::string(wanted.name);
  const Facts facts = t.container().inside("stat " + path);
  t.expect_eq("what " + path + " is", "link", facts["stat:" + path + ".type"]);
  t.expect_eq("where it leads", wanted.target, facts["stat:" + path + ".target"]);
}

constexpr Clause supplied = {"config-linux.md", "Default Devices", Level::must,
                             "In addition to any devices configured with this setting, the runtime MUST "
                             "also supply:"};
constexpr Case single[] = {
    {"linux-devices/default-beside-configured", supplied, beside_configured, {&needs::root}},
    {"linux-devices/default-without-dev-mount", supplied, without_dev_mount},
    {"linux-devices/default-work", supplied, defaults_work},
    {"linux-devices/ptmx",
     {"config-linux.md", "Default Devices", Level::must,
      "`/dev/ptmx`. A bind-mount or symlink of the container's `/dev/pts/ptmx`."},
     ptmx},
    {"linux-devices/console",
     {"config-linux.md", "Default Devices", Level::must,
      "`/dev/console` is set up if `terminal` is enabled in the config by bind mounting the pseudoterminal "
      "pty to `/dev/console`."},
     console},
};
constexpr auto cases = joined(
    each(defaults, {"linux-devices/default", supplied, default_device}), std::to_array(single),
    each(links, {"linux-devices/link", {"runtime-linux.md", "Dev symbolic links", Level::must, ""}, link}));

}  // namespace

std::span<const Case> linux_devices_cases() { return cases; }

}  // namespace conformance
