#include "runtime/launch/phrase.hpp"

#include <catch2/catch.hpp>
#include <linux/capability.h>

#include <climits>
#include <cstring>

#include "kernel/credentials.hpp"
#include "kernel/procfs.hpp"
#include "spec/defaults.hpp"
#include "spec/parse.hpp"
#include "tests/unit/skip.hpp"

using namespace lodger;
using init::Event;
using init::Report;
using init::Stage;

namespace {

constexpr auto last_stage = static_cast<std::uint32_t>(Stage::execute);
constexpr std::uint32_t indexes[] = {0, 1, 2, 255, 500, 0xffffff, INT_MAX, UINT_MAX};
constexpr std::int32_t codes[] = {0,    1,          ENOENT,  ELOOP, ETIMEDOUT, 4095,
                                  4096, 4096 + 255, INT_MAX, -1,    INT_MIN};

spec::Config config() {
  auto parsed = spec::parse(spec::default_config());
  REQUIRE(parsed);
  return std::move(*parsed);
}

/// A configuration with one of everything that a report can point to.
spec::Config full_config() {
  auto all = config();
  all.hooks.create_container = {{"/hook/one", {}, {}, {}}};
  all.hooks.start_container = {{"/hook/two", {}, {}, {}}};
  all.linux->sysctl = {{"kernel.msgmax", "1"}};
  all.linux->devices = {{}};
  all.linux->devices[0].path = "/dev/fuse";
  all.linux->namespaces = {{spec::NamespaceType::uts, ""}, {spec::NamespaceType::ipc, "/ns/ipc"}};
  all.linux->masked_paths = {"/proc/kcore"};
  all.linux->readonly_paths = {"/proc/bus"};
  return all;
}

/// A plan whose lists have one entry each; `mount.index` leads out of the configuration when asked to.
struct Planned {
  init::Mount mount;
  init::Device device;
  init::Join join{0, 0};
  init::Rootfs rootfs;
  init::Plan plan;
  explicit Planned(std::uint32_t index = 0) {
    mount.index = index;
    mount.type = "proc";
    mount.destination = "proc";
    device.path = "dev/null";
    rootfs.mounts = {&mount, 1};
    rootfs.devices = {&device, 1};
    plan.rootfs = &rootfs;
    plan.joins = {&join, 1};
  }
};

Report report(Stage stage, std::uint32_t index, std::int32_t code, const char* call = "call") {
  Report out{};
  out.event = Event::failed;
  out.stage = stage;
  out.index = index;
  out.code = code;
  std::strncpy(out.call, call, sizeof out.call - 1);
  return out;
}

/// Every byte of both texts set, so that nothing ends them.
Report unterminated(Report from) {
  std::memset(from.call, 'c', sizeof from.call);
  std::memset(from.words, 'w', sizeof from.words);
  from.words[1] = ' ';
  return from;
}

std::string text(const Report& from, const spec::Config& of, const init::Plan* plan = nullptr) {
  return launch::phrase(from, of, plan).text;
}

}  // namespace

TEST_CASE(
    "phrase: no stage, index, code or text that a forged report can carry crashes it or leaves it silent") {
  const auto full = full_config();
  auto bare = config();
  bare.process.reset();
  bare.mounts.clear();
  const Planned sound, spoiled(UINT_MAX);
  const init::Plan empty = [] {
    static init::Rootfs nothing;
    init::Plan plan;
    plan.rootfs = &nothing;
    return plan;
  }();
  for (std::uint32_t stage = 0; stage <= last_stage + 3; ++stage)
    for (const auto index : indexes)
      for (const auto code : codes)
        for (const auto* of : {&full, static_cast<const spec::Config*>(&bare)})
          for (const init::Plan* plan :
               {static_cast<const init::Plan*>(nullptr), &sound.plan, &spoiled.plan, &empty}) {
            const auto plain = report(static_cast<Stage>(stage), index, code);
            for (const auto& told : {plain, unterminated(plain)}) {
              const auto failure = launch::phrase(told, *of, plan);
              if (!failure.text.empty() && failure.text.size() < 1000) continue;
              FAIL_CHECK("stage " << stage << " index " << index << " code " << code << ": " << failure.text);
            }
          }
}

TEST_CASE("phrase: a stage that is none speaks of init as a whole") {
  CHECK(text(report(static_cast<Stage>(UINT_MAX), 0, EPERM), config()) ==
        "the container's init: call: Operation not permitted");
}

TEST_CASE("phrase: without a process the stages of one do not look for it") {
  auto bare = config();
  bare.process.reset();
  for (auto stage = static_cast<std::uint32_t>(Stage::working_directory); stage <= last_stage; ++stage)
    CHECK_THAT(text(report(static_cast<Stage>(stage), 0, EIO), bare),
               Catch::StartsWith("the container's process"));
}

TEST_CASE("phrase: texts without an end are cut, not read beyond") {
  const auto told = text(unterminated(report(Stage::pivot, 0, EINVAL)), config());
  // "w" and a blank are the level of a message, 197 further letters and the end that was put there follow.
  CHECK(told == "changing the root: Invalid argument: " + std::string(sizeof(Report::words) - 3, 'w'));
  auto call = unterminated(report(Stage::pivot, 0, EINVAL));
  call.words[0] = 0;
  CHECK(text(call, config()) ==
        "changing the root: " + std::string(sizeof(Report::call) - 1, 'c') + ": Invalid argument");
}

TEST_CASE("phrase: an index that leads to an entry names it, one beyond them does not") {
  const auto full = full_config();
  const Planned planned;
  const auto* plan = &planned.plan;
  const auto eio = [&](Stage stage, std::uint32_t index) {
    return text(report(stage, index, EIO), full, plan);
  };
  CHECK_THAT(eio(Stage::mount, 0), Catch::StartsWith("mounts[0] /proc: type proc: "));
  CHECK_THAT(eio(Stage::mount, 1), Catch::StartsWith("mounts: "));
  CHECK_THAT(eio(Stage::device, 0), Catch::StartsWith("linux.devices[0] /dev/fuse: "));
  CHECK_THAT(eio(Stage::device, 1), Catch::StartsWith("linux.devices: "));
  CHECK_THAT(eio(Stage::join_namespace, 0), Catch::StartsWith("linux.namespaces: joining /ns/ipc: "));
  CHECK_THAT(eio(Stage::join_namespace, 1), Catch::StartsWith("linux.namespaces: entering them: "));
  CHECK_THAT(eio(Stage::sysctl, 0), Catch::StartsWith("linux.sysctl \"kernel.msgmax\" = \"1\": "));
  CHECK_THAT(eio(Stage::sysctl, 1), Catch::StartsWith("a private procfs for linux.sysctl and labels: "));
  CHECK_THAT(eio(Stage::rlimit, 0), Catch::StartsWith("process.rlimits[0]: soft 1024, hard 1024"));
  CHECK_THAT(eio(Stage::rlimit, 9), Catch::StartsWith("process.rlimits: "));
  CHECK_THAT(eio(Stage::masked_path, 0), Catch::StartsWith("linux.maskedPaths[0] /proc/kcore: "));
  CHECK_THAT(eio(Stage::masked_path, 7), Catch::StartsWith("linux.maskedPaths[7] : "));
  CHECK_THAT(eio(Stage::readonly_path, 0), Catch::StartsWith("linux.readonlyPaths[0] /proc/bus: "));
}

TEST_CASE("phrase: a mount beyond the configuration is not looked up in it") {
  const Planned spoiled(0xffffff);
  CHECK(text(report(Stage::mount, 0, EIO), config(), &spoiled.plan) == "mounts: call: Input/output error");
}

TEST_CASE("phrase: a destination that stands for something else is told beside it") {
  Planned planned;
  planned.mount.destination = "proc/deeper";
  CHECK_THAT(text(report(Stage::mount, 0, EIO), config(), &planned.plan),
             Catch::StartsWith("mounts[0] /proc (/proc/deeper): type proc: "));
}

TEST_CASE("phrase: hooks tell their status, their signal, their timeout and what they wrote") {
  const auto full = full_config();
  const auto hook = [&](std::int32_t code, const char* words = "") {
    auto told = report(Stage::create_container_hook, 0, code, "hook");
    std::strncpy(told.words, words, sizeof told.words - 1);
    return text(told, full);
  };
  CHECK(hook(4096 + 3) == "error running createContainer hook #0: /hook/one: exited with status 3");
  CHECK(hook(4096 + 3, "no device") ==
        "error running createContainer hook #0: /hook/one: exited with status 3: no device");
  CHECK(hook(4096 + 128 + 9) ==
        "error running createContainer hook #0: /hook/one: killed by signal 9 (killed)");
  CHECK(hook(ETIMEDOUT) == "error running createContainer hook #0: /hook/one: timed out and was killed");
  CHECK(hook(EAGAIN) ==
        "error running createContainer hook #0: /hook/one: hook: Resource temporarily unavailable");
  CHECK_THAT(text(report(Stage::start_container_hook, 8, 4097), full),
             Catch::StartsWith("error running startContainer hook #8: : "));
}

TEST_CASE("phrase: what callers tell exit codes by") {
  const auto of = config();
  CHECK(text(report(Stage::executable, 0, ENOENT, "$PATH"), of) ==
        "exec: \"sh\": executable file not found in $PATH");
  CHECK(text(report(Stage::executable, 0, ENOENT), of) == "exec: \"sh\": no such file or directory");
  CHECK_THAT(text(report(Stage::execute, 0, ENOENT), of), Catch::Contains("interpreter"));
  CHECK(text(report(Stage::executable, 0, EACCES), of) == "exec: \"sh\": permission denied");
  CHECK(text(report(Stage::executable, 0, EISDIR), of) == "exec: \"sh\": is a directory: permission denied");
  CHECK_THAT(text(report(Stage::execute, 0, ENOEXEC), of), Catch::StartsWith("exec sh: exec format error"));
  CHECK(text(report(Stage::execute, 0, EPERM), of) == "exec sh: Operation not permitted");
  CHECK(launch::phrase(report(Stage::executable, 0, EISDIR), of, nullptr).code == EACCES);
}

TEST_CASE("phrase: help where there is some, and only there") {
  const Planned planned;
  const auto of = config();
  CHECK_THAT(text(report(Stage::mount, 0, ELOOP, "openat2"), of, &planned.plan),
             Catch::EndsWith("(it must be mounted on ordinary directory, not over a symlink)"));
  // overlay says so of lower folders that lie in one another: the destination has nothing to do with it
  CHECK_THAT(text(report(Stage::mount, 0, ELOOP, "mount"), of, &planned.plan),
             !Catch::Contains("destination"));
  CHECK_THAT(text(report(Stage::working_directory, 0, EXDEV), of), Catch::Contains("outside"));
  CHECK_THAT(text(report(Stage::rlimit, 0, EPERM), of), Catch::Contains("CAP_SYS_RESOURCE"));
  CHECK_THAT(text(report(Stage::rlimit, 0, EPERM), of), Catch::Contains("fs.nr_open"));
  CHECK_THAT(text(report(Stage::rlimit, 0, EINVAL), of), !Catch::Contains("CAP_SYS_RESOURCE"));
  CHECK_THAT(text(report(Stage::device, 0, EEXIST), of), Catch::Contains("not that device"));
  CHECK_THAT(text(report(Stage::capabilities, 0, EPERM), of), Catch::Contains("does not have all"));
  init::Plan wanting{};
  wanting.identity.permitted = 1ULL << 63 | 1ULL << CAP_SYS_RESOURCE;
  if (!(kernel::permitted_capabilities().value() & 1ULL << CAP_SYS_RESOURCE))
    CHECK_THAT(text(report(Stage::capabilities, 0, EPERM), of, &wanting),
               Catch::EndsWith("does not have CAP_SYS_RESOURCE)"));
}

TEST_CASE("phrase: user namespaces are spoken of where there is one") {
  if (kernel::in_user_namespace().value()) SKIP_TEST("in a user namespace all is about it");
  Planned planned;
  const auto of = config();
  const auto help = [&](const char* call, std::int32_t code) {
    return text(report(Stage::mount, 0, code, call), of, &planned.plan);
  };
  CHECK_THAT(help("open_tree", EINVAL), Catch::EndsWith("(the mount that the source lies on is unbindable)"));
  for (const char* call : {"open_tree", "mount_setattr"})
    CHECK_THAT(
        help(call, EPERM),
        Catch::EndsWith(std::string(call) + ": Operation not permitted (" + call +
                        " takes CAP_SYS_ADMIN, and a seccomp filter that lodger runs under may forbid it)"));
  planned.plan.user_namespace = true;
  CHECK_THAT(help("open_tree", EINVAL), Catch::Contains("in a user namespace") && Catch::Contains("rbind"));
  CHECK_THAT(help("mount_setattr", EPERM), Catch::EndsWith("which are locked in a user namespace)"));
  CHECK_THAT(help("fsconfig", EINVAL), Catch::EndsWith("fsconfig: Invalid argument"));
  const init::Parameter options[] = {{"mode", "620"}, {"gid", "5"}};
  planned.mount.parameters = options;
  CHECK_THAT(help("fsconfig", EINVAL), Catch::EndsWith(" (gid=5 must be in linux.gidMappings)"));
  planned.mount.clone_flags = AT_RECURSIVE;  // it was bound with them
  CHECK_THAT(help("open_tree", EINVAL), Catch::EndsWith("(the mount that the source lies on is unbindable)"));
  planned.mount.id_map = 0;
  CHECK_THAT(help("mount_setattr", EPERM), Catch::EndsWith("(the source is an id-mapped mount already)"));
}

TEST_CASE("phrase: the words of a mount context stand without their level, and end at the line") {
  Planned planned;
  auto told = report(Stage::mount, 0, EINVAL, "fsconfig");
  std::strncpy(told.words, "e tmpfs: Unknown parameter 'x'\nmore", sizeof told.words - 1);
  CHECK(text(told, config(), &planned.plan) ==
        "mounts[0] /proc: type proc: Invalid argument: tmpfs: Unknown parameter 'x'");
}
