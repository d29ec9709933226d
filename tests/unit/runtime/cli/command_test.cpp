#include "runtime/cli/command.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "../container/support.hpp"
#include "runtime/cli/facts.hpp"

using namespace lodger;
using namespace lodger::cli;
using lodger::test::Child;
using lodger::test::TempFolder;

namespace {

struct Said {
  Outcome<int> outcome;
  std::string out;
  std::vector<std::string> notices;
};

/// Runs a command line in this process, stdout going to a file meanwhile.
Said lodger_says(std::vector<std::string> line) {
  const TempFolder temp;
  const std::vector<std::string_view> words(line.begin(), line.end());
  const int kept = ::dup(1);
  const int file = ::open((temp / "out").c_str(), O_WRONLY | O_CREAT, 0600);
  ::fflush(stdout);
  ::dup2(file, 1);
  Globals globals;
  Said said{{}, {}, {}};
  said.outcome = dispatch(words, globals, [&](std::string_view text) { said.notices.emplace_back(text); });
  ::dup2(kept, 1);
  ::close(kept);
  ::close(file);
  said.out = test::read_file(temp / "out");
  return said;
}

}  // namespace

TEST_CASE("without a command, and when asked, the help lists all commands") {
  for (const std::vector<std::string>& line : {std::vector<std::string>{}, {"--help"}, {"-h"}, {"help"}}) {
    const auto said = lodger_says(line);
    CHECK(said.outcome == 0);
    for (const auto& command : commands())
      CHECK(said.out.find("  " + std::string(command.name) + " ") != said.out.npos);
    CHECK(said.out.find("--systemd-cgroup") != said.out.npos);
    CHECK(said.out.find("criu") == said.out.npos);
  }
}

TEST_CASE("each command has its help") {
  for (const auto& command : commands()) {
    const std::string name(command.name);
    INFO(name);
    const auto said = lodger_says({name, "--help"});
    CHECK(said.outcome == 0);
    CHECK(said.out.find("Usage: lodger " + name) != said.out.npos);
    CHECK(lodger_says({"help", name}).out == said.out);
    CHECK(lodger_says({name, "-h"}).out == said.out);
  }
}

TEST_CASE("unknown commands and flags") {
  CHECK(lodger_says({"foo"}).outcome.error().text == "unknown command \"foo\"; see \"lodger --help\"");
  CHECK(lodger_says({"help", "foo"}).outcome.error().text.starts_with("unknown command"));
  CHECK(lodger_says({"--foo"}).outcome.error().text == "flag provided but not defined: --foo");
  for (const auto& command : commands()) {
    INFO(command.name);
    const auto said = lodger_says({std::string(command.name), "--no-such-flag"});
    REQUIRE_FALSE(said.outcome);
    CHECK(said.outcome.error().text.find("flag provided but not defined: --no-such-flag") !=
          std::string::npos);
    CHECK(said.out.empty());
  }
}

TEST_CASE("checkpoint and restore take the flags of their callers, and say that they are not there") {
  const std::vector<std::vector<std::string>> calls = {
      {"checkpoint", "--image-path", "/i", "--work-path=/w", "--leave-running", "--tcp-established",
       "--file-locks", "--pre-dump", "--parent-path", "../p", "--empty-ns", "network", "c1"},
      {"restore", "--bundle", "/b", "--pid-file", "/p", "-d", "-no-subreaper", "--image-path", "/i",
       "--work-path", "/b", "--lsm-profile=selinux:x", "c1"}};
  for (const auto& call : calls) {
    const auto said = lodger_says(call);
    REQUIRE_FALSE(said.outcome);
    CHECK(said.outcome.error().text.starts_with(call.front() + ": not available: "));
  }
}

TEST_CASE("the version as engines parse it") {
  for (const char* word : {"--version", "-v", "version"}) {
    const auto said = lodger_says({word});
    CHECK(said.outcome == 0);
    CHECK(said.out.starts_with("lodger version "));
    CHECK(said.out.find("\ncommit: ") != said.out.npos);
    CHECK(said.out.find("\nspec: 1.3.0\n") != said.out.npos);
    CHECK(said.out.ends_with("\nlibseccomp: " + libseccomp_version() + "\n"));
  }
}

TEST_CASE("state, list, kill and delete of one container") {
  const TempFolder temp;
  const container::Store store(temp.path);
  Child child(test::sleep_long);
  test::put(store, test::record_of("c1", child));
  const auto at = [&](std::vector<std::string> line) {
    line.insert(line.begin(), {"--root", temp.path});
    return lodger_says(line);
  };
  const auto state = nlohmann::json::parse(at({"state", "c1"}).out);
  CHECK(state["status"] == "running");
  CHECK(state["pid"] == child.pid);
  CHECK(at({"list", "-q"}).out == "c1\n");
  CHECK(nlohmann::json::parse(at({"list", "--format=json"}).out)[0]["id"] == "c1");
  CHECK(at({"list", "-f", "table"}).out.find("\nc1          ") != std::string::npos);
  CHECK(at({"delete", "c1"}).outcome.error().text ==
        "cannot delete container c1 that is not stopped: running");
  CHECK(at({"kill", "c1", "FOO"}).outcome.error().text.starts_with("unknown signal \"FOO\""));
  CHECK(at({"kill", "c1", "-9"}).outcome.error().text.starts_with("unknown signal \"-9\""));
  CHECK(at({"kill", "c1"}).outcome == 0);
  CHECK(WTERMSIG(child.wait()) == SIGTERM);
  CHECK(at({"kill", "c1", "KILL"}).outcome.error().text == "container not running");
  CHECK(at({"kill", "--all", "c1", "9"}).outcome == 0);
  CHECK(at({"delete", "c1"}).outcome == 0);
  CHECK(at({"state", "c1"}).outcome.error().text == "container does not exist");
  CHECK(at({"delete", "c1"}).outcome.error().text == "container does not exist");
  CHECK(at({"delete", "--force", "c1"}).outcome == 0);
  CHECK(at({"delete", "c1", "-f"}).outcome == 0);
  CHECK(at({"list", "-f", "json"}).out == "null\n");
  CHECK(at({"list", "-f", "yaml"}).outcome.error().text.find("invalid format option") != std::string::npos);
}

TEST_CASE("list warns of a broken container and shows the others") {
  const TempFolder temp;
  const container::Store store(temp.path);
  const Child child(test::sleep_long);
  test::put(store, test::record_of("c1", child));
  store.reserve("broken").value().commit();
  const auto said = lodger_says({"--root", temp.path, "list", "-q"});
  CHECK(said.out == "c1\n");
  CHECK(said.notices == std::vector<std::string>{"load container broken: container does not exist"});
}

TEST_CASE("spec writes a new config.json and never over one") {
  const TempFolder temp;
  CHECK(lodger_says({"spec", "--bundle", temp.path}).outcome == 0);
  CHECK(test::read_file(temp / "config.json") == spec::default_config());
  test::write_file(temp / "config.json", "mine");
  CHECK(lodger_says({"spec", "-b", temp.path}).outcome.error().text ==
        "File config.json exists. Remove it first");
  CHECK(test::read_file(temp / "config.json") == "mine");
  CHECK_FALSE(lodger_says({"spec", "-b", temp / "absent"}).outcome);
  const TempFolder users;
  CHECK(lodger_says({"spec", "--rootless", "--bundle", users.path}).outcome == 0);
  CHECK(test::read_file(users / "config.json") == spec::rootless_config(geteuid(), getegid()));
}

TEST_CASE("features is a document of true facts") {
  const auto said = lodger_says({"features"});
  REQUIRE(said.outcome == 0);
  const auto document = nlohmann::json::parse(said.out);
  CHECK(document["ociVersionMax"] == "1.3.0");
  CHECK(document["linux"]["capabilities"][0] == "CAP_CHOWN");
  const auto& seccomp = document["linux"]["seccomp"];
  CHECK(seccomp["knownFlags"].size() == 4);
  // The kernels that lodger runs on know these since 4.17.
  CHECK(std::ranges::count(seccomp["supportedFlags"], "SECCOMP_FILTER_FLAG_TSYNC") == 1);
  CHECK(std::ranges::count(seccomp["supportedFlags"], "SECCOMP_FILTER_FLAG_LOG") == 1);
  CHECK(std::ranges::count(seccomp["archs"], "SCMP_ARCH_X86_64") == 1);
}

TEST_CASE("--systemd-cgroup says nothing to commands that make no container") {
  const TempFolder temp;
  CHECK(lodger_says({"--systemd-cgroup", "--root", temp.path, "list"}).outcome == 0);
}
