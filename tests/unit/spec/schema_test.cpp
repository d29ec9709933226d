// The examples of the specification's own schema tests: SCHEMA_FOLDER is tests/conformance/schema.
#include <dirent.h>

#include <fstream>
#include <map>
#include <sstream>

#include "spec/json.hpp"
#include "spec/state.hpp"
#include "tests/unit/spec/support.hpp"

using namespace lodger;
using namespace lodger::spec;

/// The *.json files of a folder below SCHEMA_FOLDER: name and text.
static std::map<std::string, std::string> files(const std::string& folder) {
  std::map<std::string, std::string> out;
  const std::string path = SCHEMA_FOLDER "/" + folder;
  DIR* listing = ::opendir(path.c_str());
  REQUIRE(listing);
  while (const dirent* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    if (!name.ends_with(".json")) continue;
    std::stringstream text;
    text << std::ifstream(path + "/" + name).rdbuf();
    out[name] = text.str();
  }
  ::closedir(listing);
  return out;
}

/// Parsing and checking together, as a user meets them.
static std::string judge(const std::string& text) {
  const auto config = parse(text);
  return config ? verdict(check(*config)) : config.error().text;
}

TEST_CASE("schema: every good configuration parses") {
  const auto good = files("config/good");
  CHECK(good.size() == 9);
  for (const auto& [name, text] : good) {
    CAPTURE(name);
    CHECK(verdict(parse(text)) == "accepted");
  }
}

TEST_CASE("schema: and is refused for what is not to be had here alone") {
  const auto good = files("config/good");
  for (const auto& [name, said] : std::map<std::string, std::string>{
           {"freebsd-example.json", "freebsd: lodger runs Linux containers"},
           {"freebsd-minimal.json", "freebsd: lodger runs Linux containers"},
           {"linux-netdevice.json", "linux.netDevices: needs an entry of type \"network\""},
           {"linux-rdma.json", "accepted"},
           {"minimal-for-start.json", "accepted"},
           {"minimal.json", "accepted"},
           {"spec-example.json", "ociVersion: \"0.5.0-dev\" is not supported"},
           {"zos-example.json", "ociVersion: \"0.5.0-dev\" is not supported"},
           {"zos-minimal.json", "zos: lodger runs Linux containers"},
       }) {
    CAPTURE(name);
    REQUIRE(good.contains(name));
    CHECK_THAT(judge(good.at(name)), Catch::StartsWith(said));
  }
}

TEST_CASE("schema: every bad configuration is refused for what is bad in it") {
  const auto bad = files("config/bad");
  const std::map<std::string, std::string> expected{
      {"freebsd-vnet-disable.json", "freebsd: "},
      {"invalid-json.json", "config.json: line 1, column 2: "},
      {"linux-hugepage.json", "linux.resources.hugepageLimits[0].pageSize: "},
      {"linux-netdevice.json", "linux.netDevices.eth0.name: expected a string"},
      {"linux-rdma.json", "linux.resources.rdma.mlx5_1.hcaHandles: expected an integer"},
  };
  CHECK(bad.size() == expected.size());
  for (const auto& [name, text] : bad) {
    CAPTURE(name);
    REQUIRE(expected.contains(name));
    CHECK_THAT(judge(text), Catch::StartsWith(expected.at(name)));
  }
}

/// Each member of `ours` that `example` has too is of the same kind there.
static void same_shape(Value ours, Value example, const std::string& path) {
  CAPTURE(path);
  CHECK(ours.kind() == example.kind());
  if (ours.kind() != Kind::object || example.kind() != Kind::object) return;
  for (std::size_t i = 0; i < example.size(); ++i) {
    const auto [name, theirs] = example.member(i);
    std::string_view written = name;
    const Value mine = ours.find(name, written);
    if (path.ends_with("annotations")) continue;  // free keys
    INFO(path << '.' << name);
    CHECK(mine);
    CHECK(written == name);
    if (mine) same_shape(mine, theirs, path + "." + std::string(name));
  }
}

static void compare(const std::string& text, const std::map<std::string, std::string>& examples) {
  REQUIRE_FALSE(examples.empty());
  for (const auto& [name, example] : examples) {
    const auto theirs = Document::parse(example, name);
    const auto ours = Document::parse(text, "ours");
    REQUIRE(verdict(theirs) == "accepted");
    REQUIRE(verdict(ours) == "accepted");
    same_shape(ours->root(), theirs->root(), name);
  }
}

TEST_CASE("schema: the features document has all that the good ones have") {
  compare(features_document({.version = "1"}), files("features/good"));
}

TEST_CASE("schema: the state document has all that the good ones have") {
  compare(to_json({.id = "a", .status = "running", .bundle = "/b", .pid = 1, .annotations = {{"k", "v"}}}),
          files("state/good"));
}
