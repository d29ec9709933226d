// Refusals: a non-zero status, one line that says what and why with the words that engines look for, and
// nothing left behind. `refused` checks all of that each time.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// Requires that `create` and `run` of this bundle fail with all of `texts`.
void refused_bundle(const Bundle& bundle, const std::vector<std::string>& texts) {
  for (const char* command : {"create", "run"}) {
    Container container(bundle);
    const Finished done = container.call(container.making(command));
    INFO(command << ": " << done.err);
    CHECK(done.status != 0);
    for (const auto& text : texts) CHECK_THAT(done.err, Catch::Contains(text));
    if (is_lodger()) CHECK_THAT(done.err, Catch::Matches("lodger: [^\n]+\n"));
    CHECK(container.leftovers() == std::vector<std::string>{});
  }
}

}  // namespace

TEST_CASE("errors: a configuration that is no JSON", "[errors]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  const std::string whole = read_file(bundle.beside("config.json"));
  for (const std::string& text :
       {std::string(), std::string("{"), whole.substr(0, whole.size() / 2), std::string("[]"),
        std::string("null"), std::string("\x00\x01", 2), whole + "}"}) {
    bundle.write_config(text);
    refused_bundle(bundle, {"config.json"});
  }
}

TEST_CASE("errors: values of the wrong type are named by their path", "[errors]") {
  NEEDS_ROOT();
  refused([](json& config) { config["process"]["args"] = "sh"; }, {"process.args"});
  refused([](json& config) { config["process"]["user"]["uid"] = "root"; }, {"process.user.uid"});
  refused([](json& config) { config["process"]["user"]["uid"] = -1; }, {"process.user.uid"});
  refused([](json& config) { config["process"]["user"]["uid"] = 4294967296LL; }, {"process.user.uid"});
  refused([](json& config) { config["mounts"] = json::object(); }, {"mounts"});
  refused([](json& config) { config["mounts"][0]["destination"] = 7; }, {"mounts[0].destination"});
  refused([](json& config) { config["root"] = "rootfs"; }, {"root"});
  refused([](json& config) { config["linux"]["namespaces"][0] = "pid"; }, {"linux.namespaces[0]"});
}

TEST_CASE("errors: what the specification requires may not be missing", "[errors]") {
  NEEDS_ROOT();
  refused([](json& config) { config.erase("ociVersion"); }, {"ociVersion"});
  refused([](json& config) { config["ociVersion"] = "9.0.0"; }, {"9.0.0"});
  refused([](json& config) { config["ociVersion"] = "one"; }, {"one"});
  refused([](json& config) { config.erase("root"); }, {"root"});
  refused([](json& config) { config["process"].erase("cwd"); }, {"cwd"});
  refused([](json& config) { config["process"].erase("args"); }, {"args"});
  refused([](json& config) { config["process"]["args"] = json::array(); }, {"args"});
}

TEST_CASE("errors: an unknown property is ignored (config.md, Extensibility)", "[errors]") {
  NEEDS_ROOT();
  CHECK(inside("echo ran", [](json& config) {
          config["future"] = {{"x", 1}};
          config["process"]["future"] = "y";
          config["linux"]["future"] = json::array();
        })["echo"] == "ran");
}

TEST_CASE("errors: a bundle or configuration that is not there", "[errors]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  Container container(bundle);
  const Finished missing = container.call({"create", "--bundle", "/no/such/bundle", container.id()});
  CHECK(missing.status != 0);
  CHECK_THAT(missing.err, Catch::Contains("/no/such/bundle") && Catch::Contains("o such file or directory"));
  REQUIRE(unlink(bundle.beside("config.json").c_str()) == 0);
  refused_bundle(bundle, {"JSON specification file config.json not found"});
  if (access("/config.json", F_OK) == 0) return;
  const Finished outside = container.call({"create", "--bundle", "/", container.id()});
  CHECK(outside.status != 0);
  CHECK_THAT(outside.err,
             Catch::Contains("JSON specification file config.json not found") && !Catch::Contains("//"));
}

TEST_CASE("errors: a root that is not there, or no folder", "[errors]") {
  NEEDS_ROOT();
  refused([](json& config) { config["root"]["path"] = "missing"; }, {"missing", "o such file or directory"});
  refused([](json& config) { config["root"]["path"] = "config.json"; }, {"config.json"});
  refused([](json& config) { config["root"]["path"] = ""; }, {"root"});
}

TEST_CASE("errors: a link where a mount needs a folder that leads nowhere", "[errors]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  REQUIRE(rmdir(bundle.rootfs("/proc").c_str()) == 0);
  REQUIRE(symlink("tmp", bundle.rootfs("/proc").c_str()) == 0);
  refused_bundle(bundle, {"/proc"});
}

TEST_CASE("errors: ids that are none", "[errors]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  Container container(bundle);
  for (const char* id : {"", ".", "..", "a/b", "../up", "a b", "a\nb", "name:tag", "\xc3\xa4"}) {
    INFO("id \"" << id << "\"");
    for (const char* command : {"create", "run"}) {
      const Finished done = container.call({command, "--bundle", bundle.path(), id});
      CHECK(done.status != 0);
      CHECK(done.err != "");
      CHECK(done.out == "");
    }
    CHECK(container.call({"state", id}).status != 0);
    CHECK(container.call({"delete", id}).status != 0);
  }
  CHECK(container.call({"list", "-q"}).out == "");
}

TEST_CASE("errors: an id in use", "[errors]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  const pid_t pid = container.pid();
  const Bundle other("echo ran");
  for (const char* command : {"create", "run"}) {
    const Finished done = container.call({command, "--bundle", other.path(), container.id()});
    CHECK(done.status != 0);
    CHECK(done.out == "");
    CHECK_THAT(done.err, Catch::Contains("exist"));
  }
  CHECK(container.status() == "created");
  CHECK(container.pid() == pid);
}

TEST_CASE("errors: a program that is not there, is no program, or may not be executed", "[errors]") {
  NEEDS_ROOT();
  const auto args = [](std::vector<std::string> words) {
    return [words](json& config) { config["process"]["args"] = words; };
  };
  // podman's classes: 127 for these words, 126 for "permission denied"
  refused(args({"no-such-program"}), {"no-such-program", "executable file not found in $PATH"});
  refused(args({"/no/such/program"}), {"/no/such/program", "o such file or directory"});
  const Bundle bundle(std::vector<std::string>{"/etc/text"});
  write_file(bundle.rootfs("/etc/text"), "#!/bin/sh\n", 0644);
  refused_bundle(bundle, {"/etc/text", "ermission denied"});
  refused(args({"/etc"}), {"/etc", "ermission denied"});
}

TEST_CASE("errors: a file that the kernel cannot execute fails at the latest at start", "[errors]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"/etc/junk"});
  write_file(bundle.rootfs("/etc/junk"),
             "\x7f"
             "ELF but not really",
             0755);
  Container container(bundle);
  const Finished done = container.run();
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/etc/junk"));
  CHECK(container.leftovers() == std::vector<std::string>{});
}

TEST_CASE("errors: a script without its interpreter", "[errors]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"/etc/script"});
  write_file(bundle.rootfs("/etc/script"), "#!/no/interpreter\n", 0755);
  Container container(bundle);
  const Finished done = container.run();
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("o such file or directory"));
}

TEST_CASE("errors: unknown commands and flags, and missing arguments", "[errors]") {
  const std::string lodger = runtime_path();
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"fly"},
                                             {"--no-such-flag", "list"},
                                             {"create", "--no-such-flag", "x"},
                                             {"create"},
                                             {"start"},
                                             {"state"},
                                             {"kill"},
                                             {"delete"},
                                             {"start", "a", "b"},
                                             {"--log-format", "xml", "list"}}) {
    std::vector<std::string> args = {lodger};
    args.insert(args.end(), words.begin(), words.end());
    const Finished done = run_command(args);
    INFO(json(words).dump() << ": " << done.out << done.err);
    CHECK(done.status != 0);
    CHECK(done.err != "");
  }
}

TEST_CASE("errors: the state root cannot be made", "[errors]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  const Finished done =
      run_command({runtime_path(), "--root", "/proc/no-such", "create", "--bundle", bundle.path(), "x1"});
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/proc/no-such"));
}

TEST_CASE("errors: a full configuration of mistakes leaves nothing behind, one after the other", "[errors]") {
  NEEDS_ROOT();
  // each fails later than the one before: parse, check, mount, device, hook, exec
  const Edit edits[] = {
      [](json& config) { config["process"]["cwd"] = 1; },
      [](json& config) {
        config["linux"]["namespaces"].push_back({{"type", "pid"}});
      },
      [](json& config) {
        config["mounts"].push_back(
            {{"destination", "/x"}, {"type", "bind"}, {"source", "/no/where"}, {"options", {"bind"}}});
      },
      [](json& config) {
        config["linux"]["sysctl"] = {{"kernel.msgmax", "many"}};
      },
      [](json& config) {
        config["hooks"]["createRuntime"] = {{{"path", "/bin/false"}}};
      },
      [](json& config) { config["process"]["args"] = {"/bin/absent"}; },
  };
  for (const Edit& edit : edits) refused(edit, {});
}

TEST_CASE("errors: a config.json that is no regular file is refused at once", "[errors]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran");
  REQUIRE(unlink(bundle.beside("config.json").c_str()) == 0);
  REQUIRE(mkfifo(bundle.beside("config.json").c_str(), 0600) == 0);
  Container container(bundle);
  const Finished done = container.run();
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("not a regular file"));
}

TEST_CASE("errors: a kernel that lacks a call is told by name and version, and nothing stays", "[errors]") {
  NEEDS_ROOT();
  const auto [number, name] = GENERATE(table<long, std::string>({{SYS_open_tree, "open_tree"},
                                                                 {SYS_move_mount, "move_mount"},
                                                                 {SYS_fsopen, "fsopen"},
                                                                 {SYS_fsmount, "fsmount"},
                                                                 {SYS_clone3, "clone3"},
                                                                 {SYS_openat2, "openat2"},
                                                                 {SYS_close_range, "close_range"},
                                                                 {SYS_mount_setattr, "mount_setattr"}}));
  const Bundle bundle("echo here");
  Container container(bundle);
  std::vector<std::string> command = {probe_path(), "without", std::to_string(number), runtime_path()};
  for (const auto& word : container.making("run")) command.push_back(word);
  const Finished done = run_command(command);
  INFO(done.err);
  CHECK(done.status != 0);
  CHECK(done.out.empty());
  CHECK_THAT(done.err, Catch::Contains(name + ": Function not implemented (it needs Linux 5."));
}

TEST_CASE("errors: --log-format json without --log gives records on stderr, and nothing else", "[errors]") {
  NEEDS(is_lodger(), "lodger's own");
  const auto done =
      run_command({runtime_path(), "--log-format", "json", "--root", "/nowhere/at/all", "state", "x"});
  CHECK(done.status != 0);
  const auto record = nlohmann::json::parse(done.err, nullptr, false);
  REQUIRE(record.is_object());
  CHECK(record["level"] == "error");
  CHECK(record["msg"] == "container does not exist");
}
